from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh, encode_ply, read_mesh, write_mesh
from seethrough.meshes.glb import linear_from_srgb, srgb_from_linear


def random_mesh(seed: int, count: int = 40, coloured: bool = True, textured: bool = True) -> Mesh:
    generator = np.random.default_rng(seed)
    return Mesh(
        generator.normal(scale=80, size=(count, 3)),
        generator.integers(0, count, size=(2 * count, 3)),
        generator.uniform(size=(count, 3)) if coloured else None,
        generator.uniform(size=(count, 2)) if textured else None,
    )


def assert_same(read: Mesh, wrote: Mesh, colour_step: float) -> None:
    np.testing.assert_allclose(read.vertices, wrote.vertices, atol=1e-4)
    np.testing.assert_array_equal(read.triangles, wrote.triangles)
    for name, step in (("colours", colour_step), ("uv", 1e-5)):
        mine, other = getattr(read, name), getattr(wrote, name)
        assert (mine is None) == (other is None)
        if mine is not None:
            np.testing.assert_allclose(mine, other, atol=step)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), coloured=st.booleans(), textured=st.booleans())
@pytest.mark.parametrize(("suffix", "step"), [(".ply", 0.5 / 255 + 1e-9), (".obj", 1e-4), (".glb", 1e-6)])
def test_what_is_written_is_read_back(tmp_path_factory, suffix, step, seed, coloured, textured):
    mesh = random_mesh(seed, coloured=coloured, textured=textured)
    path = write_mesh(tmp_path_factory.mktemp("mesh") / f"deep/face{suffix}", mesh)
    read = read_mesh(path)
    if suffix == ".obj" and textured:
        # A vertex that no face names has no texture coordinate in this format.
        if len(np.unique(mesh.triangles)) < len(mesh.vertices):
            assert read.uv is None
            mesh = Mesh(mesh.vertices, mesh.triangles, mesh.colours)
    assert_same(read, mesh, step)


def test_text_ply_equals_binary_ply(tmp_path: Path):
    mesh = random_mesh(3)
    (tmp_path / "text.ply").write_bytes(encode_ply(mesh, binary=False))
    write_mesh(tmp_path / "binary.ply", mesh)
    text, binary = read_mesh(tmp_path / "text.ply"), read_mesh(tmp_path / "binary.ply")
    np.testing.assert_allclose(text.vertices, binary.vertices, atol=1e-6)
    np.testing.assert_allclose(text.colours, binary.colours)
    np.testing.assert_array_equal(text.triangles, binary.triangles)


def test_ply_with_quads_big_endian_and_unknown_parts(tmp_path: Path):
    header = (
        "ply\nformat binary_big_endian 1.0\ncomment made by hand\nelement camera 1\nproperty double f\n"
        "element vertex 4\nproperty float x\nproperty float y\nproperty double z\nproperty uchar quality\n"
        "element face 2\nproperty list uchar uint vertex_index\nend_header\n"
    )
    body = struct.pack(">d", 9.0)
    for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)):
        body += struct.pack(">ffdB", x, y, 0.5, 7)
    body += struct.pack(">B4I", 4, 0, 1, 2, 3) + struct.pack(">B3I", 3, 0, 1, 3)
    path = tmp_path / "quads.ply"
    path.write_bytes(header.encode() + body)
    mesh = read_mesh(path)
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [0, 2, 3], [0, 1, 3]])
    np.testing.assert_array_equal(mesh.vertices[2], [1, 1, 0.5])
    assert mesh.colours is None


def test_obj_with_polygons_negative_indices_and_normals(tmp_path: Path):
    path = tmp_path / "hand.obj"
    path.write_text(
        "mtllib a.mtl\nv 0 0 0\nv 1 0 0 # corner\nv 1 1 0\nv 0 1 0\nvn 0 0 1\nf 1//1 2//1 \\\n 3//1 4//1\nf -4 -3 -1\n"
    )
    mesh = read_mesh(path)
    np.testing.assert_array_equal(mesh.triangles, [[0, 1, 2], [0, 2, 3], [0, 1, 3]])


def test_obj_seam_drops_texture_but_not_the_mesh(tmp_path: Path):
    path = tmp_path / "seam.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nvt 0 0\nvt 1 0\nf 1/1 2/1 3/1\nf 1/2 2/1 3/1\n")
    mesh = read_mesh(path)
    assert mesh.uv is None
    assert len(mesh.triangles) == 2


def test_glb_follows_the_specification(tmp_path: Path):
    mesh = Mesh([[0, 0, 0], [1000, 0, 0], [0, 500, 0]], [[0, 1, 2]], [[1, 0, 0.5]] * 3)
    content = write_mesh(tmp_path / "face.glb", mesh).read_bytes()
    magic, version, total = struct.unpack_from("<4sII", content)
    assert (magic, version, total) == (b"glTF", 2, len(content))
    length, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    assert length % 4 == 0
    document = json.loads(content[20 : 20 + length])
    size, kind = struct.unpack_from("<I4s", content, 20 + length)
    assert kind == b"BIN\0"
    assert size % 4 == 0
    assert document["buffers"][0]["byteLength"] == size
    body = content[28 + length :]
    position = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    assert position["max"] == [1.0, 0.5, 0.0]  # metres
    for accessor in document["accessors"]:
        view = document["bufferViews"][accessor["bufferView"]]
        assert view["byteOffset"] % 4 == 0
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}[accessor["type"]]
        assert view["byteLength"] == 4 * width * accessor["count"]
        assert view["byteOffset"] + view["byteLength"] <= size
    colour = document["bufferViews"][document["accessors"][2]["bufferView"]]
    # sRGB 0.5 is ((0.5 + 0.055) / 1.055) ** 2.4 = 0.21404 in linear light.
    np.testing.assert_allclose(struct.unpack_from("<3f", body, colour["byteOffset"]), [1, 0, 0.21404], atol=1e-5)
    normal = document["bufferViews"][1]
    np.testing.assert_allclose(struct.unpack_from("<3f", body, normal["byteOffset"]), [0, 0, 1])


def test_transfer_functions_are_inverse():
    values = np.linspace(0, 1, 101)
    np.testing.assert_allclose(srgb_from_linear(linear_from_srgb(values)), values, atol=1e-9)


@pytest.mark.parametrize("suffix", [".ply", ".obj", ".glb"])
def test_damaged_files_give_one_line(tmp_path: Path, suffix: str):
    whole = write_mesh(tmp_path / f"whole{suffix}", random_mesh(1)).read_bytes()
    path = tmp_path / f"cut{suffix}"
    generator = np.random.default_rng(0)
    messages = []
    for k in range(60):
        damaged = bytearray(whole[: max(1, len(whole) * k // 60)])
        if k % 2:
            for place in generator.integers(0, len(damaged), 5):
                damaged[place] = generator.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            read_mesh(path)
        except SeethroughError as error:
            messages.append(str(error))
    assert all(str(path) in message and "\n" not in message for message in messages)
    assert len(messages) > (5 if suffix == ".obj" else 30)  # a cut list of lines is often still a mesh


def test_wrong_suffix_missing_file_and_bad_numbers(tmp_path: Path):
    with pytest.raises(SeethroughError, match=r"unknown mesh format; choose from \.ply \.obj \.glb"):
        write_mesh(tmp_path / "face.stl", random_mesh(0))
    with pytest.raises(SeethroughError, match="cannot be read"):
        read_mesh(tmp_path / "none.ply")
    (tmp_path / "nan.obj").write_text("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    with pytest.raises(SeethroughError, match="not finite"):
        read_mesh(tmp_path / "nan.obj")
    (tmp_path / "range.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n")
    with pytest.raises(SeethroughError, match=r"range\.obj:4"):
        read_mesh(tmp_path / "range.obj")
    with pytest.raises(ValueError, match="outside"):
        Mesh(np.zeros((3, 3)), [[0, 1, 3]])
