"""Meshes with a texture: what other programs find in the files."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh, read_mesh
from seethrough.meshes.textured import png_of, write_textured

CORNERS = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0.0]])
MESH = Mesh(CORNERS, np.array([[0, 1, 2]]), colours=np.full((3, 3), 0.5), uv=CORNERS[:, :2] / 10)
TEXTURE = np.array([[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 1.0]]])


def test_an_obj_names_its_material_and_the_material_its_picture(tmp_path: Path) -> None:
    files = write_textured(tmp_path / "new" / "face.obj", MESH, png_of(TEXTURE))
    assert [file.name for file in files] == ["face.obj", "face.mtl", "texture.png"]
    lines = files[0].read_text().splitlines()
    assert lines.index("mtllib face.mtl") < lines.index("usemtl face") < lines.index("f 1/1 2/2 3/3")
    material = files[1].read_text().splitlines()
    assert material[0] == "newmtl face" and material[-1] == "map_Kd texture.png"
    with Image.open(files[2]) as picture:
        assert np.array_equal(np.asarray(picture), TEXTURE * 255)
    back = read_mesh(files[0])
    assert back.uv is not None and back.colours is None
    np.testing.assert_allclose(back.uv, MESH.uv)


def test_a_glb_carries_its_picture(tmp_path: Path) -> None:
    (file,) = write_textured(tmp_path / "face.glb", MESH, png_of(TEXTURE))
    content = file.read_bytes()
    assert struct.unpack_from("<I", content, 8)[0] == len(content)
    (length,) = struct.unpack_from("<I", content, 12)
    document, body = json.loads(content[20 : 20 + length]), content[28 + length :]
    colour = document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
    image = document["images"][document["textures"][colour["index"]]["source"]]
    view = document["bufferViews"][image["bufferView"]]
    assert image["mimeType"] == "image/png" and "target" not in view
    assert document["buffers"][0]["byteLength"] == len(body) and len(body) % 4 == 0
    with Image.open(io.BytesIO(body[view["byteOffset"] :][: view["byteLength"]])) as picture:
        assert np.array_equal(np.asarray(picture), TEXTURE * 255)
    assert "COLOR_0" not in document["meshes"][0]["primitives"][0]["attributes"]
    back = read_mesh(file)
    np.testing.assert_allclose(back.vertices, CORNERS, atol=1e-5)
    np.testing.assert_allclose(back.uv, MESH.uv, atol=1e-6)  # pyright: ignore


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"face\.ply: a texture goes with"):
        write_textured(tmp_path / "face.ply", MESH, b"")
    with pytest.raises(ValueError, match="texture coordinates"):
        write_textured(tmp_path / "face.obj", Mesh(CORNERS, np.array([[0, 1, 2]])), b"")
    (tmp_path / "wall").write_text("")
    with pytest.raises(SeethroughError, match="cannot be written"):
        write_textured(tmp_path / "wall" / "face.obj", MESH, b"")
