from __future__ import annotations

import base64
import io
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.evaluation.sheet_facts import sheet_facts
from experiments.report.faces import faces_in
from experiments.report.galleries import galleries
from experiments.report.mesh_packing import packed
from experiments.report.mesh_reduction import reduced
from experiments.report.picture_store import PictureStore
from experiments.report.picture_tiles import coloured, strips_of, with_error
from experiments.report.run_reading import read_run
from experiments.report.viewer_meshes import viewer_meshes
from tests.experiments.report.folders import SIZE, add_pictures, make_faces, make_run, wavy_mesh


def test_sheets_are_cut_into_faces_and_white_cells_are_none(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    add_pictures(run, faces=3)
    with Image.open(run / "images" / "reconstruction_00000060.png") as picture:
        sheet = np.asarray(picture.convert("RGB"))
    config = {"model": {"image_size": SIZE}}
    strips = strips_of("focus", config, sheet)
    assert strips is not None and len(strips) == 3
    assert [tiles["target"][0, 0, 0] for tiles in strips] == [51, 102, 153]
    assert (strips[0]["mask"][: SIZE // 4] == 255).all() and (strips[0]["mask"][SIZE // 4 :] == 0).all()
    assert strips_of("focus", {"model": {"image_size": SIZE + 1}}, sheet) is None
    assert strips_of("focus", {}, sheet) is None


def test_errors_are_measured_where_the_face_is_rendered_and_seen() -> None:
    flat = np.zeros((4, 4, 3), dtype=np.uint8)
    tiles = {"target": flat + 100, "overlay": flat + 100, "render": flat.copy(), "mask": flat.copy()}
    tiles["render"][:2] = 110
    tiles["overlay"][:2] = 110
    tiles["overlay"][1] = 150  # hidden: the mask leaves it out
    tiles["mask"][0] = 255
    shown, numbers = with_error(tiles)
    assert numbers == {"visible": 0.5, "error": 10.0}
    assert (shown["error"][3] == coloured(np.zeros((1, 4)))[0]).all()
    assert (shown["error"][1].astype(int).sum(-1) > shown["error"][0].astype(int).sum(-1)).all()


def test_the_same_face_of_two_runs_is_one_face_and_each_picture_is_stored_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run = make_run(tmp_path / name)
        add_pictures(run)
        add_pictures(run, "report/evaluation.png")
    facts = [{"id": "test-7", "occluder_name": "hand", "mask_own_f1": 0.5}]
    (tmp_path / "a" / "report" / "evaluation_sheet.json").write_text(json.dumps(facts))
    (tmp_path / "b" / "images" / "reconstruction_00000080.png").write_bytes(b"\x89PNG half")
    runs = [read_run(tmp_path / name, name) for name in ("a", "b")]
    store = PictureStore()
    (gallery,), whole, notes = galleries(runs, [[0], [1]], store, 10**6)
    assert [face["label"] for face in gallery["faces"]] == ["test-7", "face 2", "face 3"]
    assert list(gallery["moments"]) == ["evaluation", "step 60"]
    assert len(gallery["tiles"]) == 2 * 2 * 3 and gallery["views"] == ["target", "overlay", "render", "mask", "error"]
    assert gallery["tiles"][0]["numbers"]["mask_own_f1"] == 0.5
    assert len(store.encoded) == 3 + 3 + 1 + 1 + 1  # targets, overlays, and one render, mask and error for all
    with Image.open(io.BytesIO(base64.b64decode(store.encoded[gallery["faces"][0]["target"]]))) as picture:
        assert picture.size == (SIZE, SIZE)
        assert np.asarray(picture.convert("RGB"))[0, 0] == pytest.approx([51] * 3, abs=3)
    assert any("reconstruction_00000080.png cannot be read" in problem for problem in runs[1].problems)
    assert not whole and not notes


def test_too_many_pictures_become_fewer_and_the_page_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    for step in range(6):
        add_pictures(run, f"images/reconstruction_{step:08d}.png", faces=6)
    read = read_run(run, "a")
    (gallery,), _, notes = galleries([read], [[0]], PictureStore(), 600)
    assert list(gallery["moments"]) == ["step 5"] and len(gallery["faces"]) < 6
    assert any("1 of 6 sheets" in note for note in notes) and any("first 4 faces" in note for note in notes)


def unpacked(told: dict, text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read packed numbers as the page's script does: vertices in mm, normals, colours, triangles."""
    content, place = zlib.decompress(base64.b64decode(text)), 0

    def column(count: int, width: int) -> np.ndarray:
        nonlocal place
        planes = np.frombuffer(content, np.uint8, count * width, place).reshape(width, count).astype(np.int64)
        place += count * width
        code = sum(planes[plane] << (8 * plane) for plane in range(width))
        value = np.cumsum(np.where(code % 2, -(code + 1) // 2, code // 2))
        return value % (1 << 16) if width == 2 else value

    columns = [column(told["vertices"], 2) for _ in range(8 if told["colours"] else 5)]
    first, second, third = (column(told["triangles"], 4) for _ in range(3))
    assert place == len(content)
    x, y = (columns[axis] / 1023 * 2 - 1 for axis in (3, 4))
    z = 1 - abs(x) - abs(y)
    below = z < 0
    x, y = np.where(below, (1 - abs(y)) * np.sign(x), x), np.where(below, (1 - abs(x)) * np.sign(y), y)
    normals = np.stack([x, y, z], 1)
    vertices = np.stack(columns[:3], 1) * told["step_mm"] + told["low_mm"]
    triangles = np.stack([first, first + second, first + third], 1)
    return (
        vertices,
        normals / np.linalg.norm(normals, axis=1, keepdims=True),
        np.stack(columns[5:] or columns[:3], 1),
        triangles,
    )


def test_packed_meshes_come_back() -> None:
    mesh = wavy_mesh(15, 60.0, coloured=True)
    turned = type(mesh)(mesh.vertices[:, [2, 0, 1]] * [1, -1, 1], mesh.triangles[:, ::-1], mesh.colours)
    told, text = packed(turned, 10**6)
    vertices, normals, colours, triangles = unpacked(told, text)
    assert (told["vertices"], told["triangles"], told["full_vertices"]) == (225, 2 * 14 * 14, 225)
    place = {tuple(np.round(point, 1)): number for number, point in enumerate(turned.vertices)}
    same = np.array([place[tuple(np.round(point, 1))] for point in vertices])
    assert vertices == pytest.approx(turned.vertices[same], abs=told["step_mm"])
    assert turned.colours is not None
    assert colours / 255 == pytest.approx(turned.colours[same], abs=0.5 / 255 + 1e-9)
    assert np.einsum("vi,vi->v", normals, turned.normals()[same]).min() > np.cos(np.radians(0.25))

    def cycles(corners: np.ndarray) -> set:
        return {min(tuple(np.roll(corner, turn)) for turn in range(3)) for corner in corners.tolist()}

    assert cycles(same[triangles]) == cycles(turned.triangles)


def test_reduced_meshes_keep_their_shape_and_their_normals() -> None:
    mesh = wavy_mesh(60, 40.0, coloured=True)
    coarse, normals = reduced(mesh, 500)
    assert 250 < len(coarse.vertices) <= 500 and coarse.colours is not None
    x, y, z = coarse.vertices.T
    assert z == pytest.approx(40 * np.exp(-(x**2 + y**2) / 600), abs=1.5)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1)
    assert (np.einsum("vi,vi->v", normals, coarse.normals()) > 0.9).mean() > 0.95
    assert reduced(mesh, 3600)[0] is mesh


def test_meshes_fit_into_their_room_and_what_was_reduced_is_told(tmp_path: Path) -> None:
    faces = faces_in(make_faces(tmp_path / "out", count=70), [])
    (tmp_path / "out" / "anna" / "completed_frontal.ply").write_bytes(b"ply\nbroken")
    problems: list[str] = []
    (told,), texts, notes = viewer_meshes(faces, 0, problems)
    assert [stage["stage"] for stage in told["stages"]] == ["foundation", "bump"]
    assert all(stage["vertices"] < stage["full_vertices"] == 4900 for stage in told["stages"])
    assert len(texts) == 2 and len(notes) == 2 and "of 4,900 vertices" in notes[0]
    assert len(problems) == 1 and "completed_frontal.ply" in problems[0]


def test_an_evaluation_notes_what_it_measured_on_the_faces_of_its_sheet() -> None:
    rows = {
        "id": np.array(["b", "a"]),
        "set": np.array(["x", "x"]),
        "mask_own_f1": np.array([0.5, np.nan], dtype=np.float32),
        "vertex_error_mm": np.zeros((2, 5)),
    }
    first, second, third = sheet_facts(["a", "b", "c"], rows)
    assert first["id"] == "a" and np.isnan(first["mask_own_f1"])
    assert second == {"id": "b", "mask_own_f1": 0.5}
    assert third == {"id": "c"}
