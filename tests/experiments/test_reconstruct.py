from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.command_line import run
from experiments.reconstruct import main
from experiments.reconstruction.photo_to_mesh import PhotoToMesh
from experiments.reconstruction.stages import STAGES
from lightning_modules.focus import packing
from seethrough.errors import SeethroughError
from seethrough.meshes import read_mesh
from seethrough.morphable import FaceParameters
from seethrough.morphable.loading import load_face_model
from seethrough.rendering import Camera, pose
from tests.experiments.reconstruction_photos import save_network

FAST = ["--checkpoint", "none", "--refine", "0", "--level", "0"]
KEYS = ["photo", "face", "status", "reason", "seconds", "landmark_error_px", "occluded_fraction", "stages", "outputs"]
OUTPUTS = ["overlay", "mask", "side_by_side", "mesh_obj", "mesh_ply", "mesh_glb", "neutral_ply", "parameters"]


@pytest.fixture(scope="module")
def whole_run(photos, tmp_path_factory) -> tuple[int, list[dict], Path]:
    """One command over everything, with a fit of a few steps."""
    out = tmp_path_factory.mktemp("out")
    arguments = ["--out", str(out), "--checkpoint", "none", "--refine", "5", "--level", "0"]
    code = main([*map(str, photos.values()), *arguments, "--json", str(out / "rows.json")])
    return code, json.loads((out / "rows.json").read_text()), out


def rows_in(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_bad_photos_are_told_and_the_good_ones_done(whole_run, photos):
    code, rows, out = whole_run
    assert code == 1
    assert rows == rows_in(out)
    assert [row["photo"] for row in rows] == [str(path) for path in photos.values()]
    assert [row["status"] for row in rows] == ["ok", "ok", "failed", "failed", "failed", "failed"]
    for row in rows:
        assert list(row) == KEYS
        assert list(row["stages"]) == list(STAGES)
        assert all(stage["seconds"] >= 0 for stage in row["stages"].values())
    statuses = [[stage["status"] for stage in row["stages"].values()] for row in rows]
    assert statuses[0] == ["ok", "ok", "ok", "skipped", "ok", "ok", *["skipped"] * 8]
    assert statuses[2] == ["failed", *["skipped"] * 13]
    assert statuses[4] == ["ok", "failed", *["skipped"] * 12]
    reasons = [row["reason"] for row in rows]
    assert reasons[:2] == [None, None]
    assert "not an image" in reasons[2]
    assert "no face found in 2 x 2 pixels" in reasons[3]
    assert "no face found in 160 x 120 pixels" in reasons[4]
    assert "no such file" in reasons[5]


def test_same_name_in_two_folders_gets_two_folders(whole_run):
    _, rows, out = whole_run
    folders = {Path(path).parent for row in rows for path in row["outputs"].values()}
    assert folders == {out / "astronaut", out / "astronaut_2"}
    for row in rows[:2]:
        assert list(row["outputs"]) == OUTPUTS
        assert all(Path(path).is_file() for path in row["outputs"].values())


def test_the_fit_follows_the_landmarks(whole_run):
    _, rows, _ = whole_run
    # The mean face at rest is about 10 px off; the goal for this photo is 3.
    assert rows[0]["landmark_error_px"] < 3
    # Her fringe hides the forehead, and hair has not the colour of skin.
    assert 0.05 < rows[0]["occluded_fraction"] < 0.35


def test_parameters_meshes_and_pictures_tell_the_same_face(whole_run, photos):
    _, rows, _ = whole_run
    outputs = rows[0]["outputs"]
    told = json.loads(Path(outputs["parameters"]).read_text())
    parameters = FaceParameters(
        *(
            torch.tensor([told[kind]["values"]])
            for kind in ("identity", "expression", "albedo", "illumination", "rotation", "translation")
        )
    )
    model = load_face_model("open", level=0)
    vertices = model.shape(parameters.identity, parameters.expression)
    for name, scale in (("mesh_ply", 1e-3), ("mesh_obj", 1e-3), ("mesh_glb", 1e-3)):
        mesh = read_mesh(outputs[name])
        np.testing.assert_allclose(mesh.vertices, vertices[0].numpy(), atol=scale)
        np.testing.assert_allclose(mesh.colours, model.albedo(parameters.albedo)[0].clamp(0, 1).numpy(), atol=3e-3)
    neutral = read_mesh(outputs["neutral_ply"])
    np.testing.assert_allclose(neutral.vertices, model.neutral(parameters)[0].numpy(), atol=1e-3)

    # The formulas in the file, followed by hand, end at the landmarks in the photo.
    camera = Camera(told["camera"]["focal_px"], told["camera"]["size_px"], told["camera"]["size_px"])
    points = pose(model.landmark_positions(vertices), parameters.rotation, parameters.translation)
    in_crop = camera.project(points)[0].numpy().astype(np.float64)
    crop = told["crop"]
    in_photo = (in_crop - crop["size_px"] / 2) / crop["scale"] + crop["centre_px"]
    np.testing.assert_allclose(in_photo, told["landmarks"]["fitted"], atol=0.01)
    distance = np.linalg.norm(in_photo - np.array(told["landmarks"]["detected"]), axis=1) * crop["scale"]
    assert distance.mean() == pytest.approx(rows[0]["landmark_error_px"], abs=0.02)

    photo = np.asarray(Image.open(photos["good"]))
    overlay, mask = (np.asarray(Image.open(outputs[name])) for name in ("overlay", "mask"))
    assert overlay.shape == photo.shape
    assert mask.shape == photo.shape[:2]
    changed = (overlay != photo).any(axis=2)
    assert 0.65 < (mask > 127).sum() / changed.sum() <= 1.0
    assert changed[mask > 127].mean() > 0.95  # the visible face is a part of what was drawn
    # The fitted colours are those of the photo, far nearer than a black or a grey face would be.
    inside = mask == 255
    assert np.abs(overlay[inside].astype(float) - photo[inside]).mean() < 35


def test_all_faces_of_a_photo(photos, tmp_path, capsys):
    head = np.asarray(Image.open(photos["good"]))
    Image.fromarray(np.hstack([head, head])).save(tmp_path / "two.png")
    out = tmp_path / "out"
    assert main([str(tmp_path / "two.png"), "--out", str(out), "--faces", "all", *FAST]) == 0
    assert [Path(row["outputs"]["overlay"]).parent.name for row in rows_in(out)] == ["two_face1", "two_face2"]
    assert main([str(tmp_path / "two.png"), "--out", str(out), *FAST]) == 0
    # The photo was done again, so its earlier rows have gone.
    assert [Path(row["outputs"]["overlay"]).parent.name for row in rows_in(out)] == ["two"]
    assert "landmarks within" in capsys.readouterr().out


def test_results_in_the_photo_folder_are_no_photos(photos, tmp_path, monkeypatch):
    album = tmp_path / "album"
    album.mkdir()
    (album / "face.png").write_bytes(photos["good"].read_bytes())
    seen: list[Path] = []
    original = PhotoToMesh.__call__
    monkeypatch.setattr(PhotoToMesh, "__call__", lambda self, path: seen.append(path) or original(self, path))
    for _ in range(2):
        assert main([str(album), "--out", str(album), *FAST]) == 0
    assert seen == [album / "face.png"] * 2
    assert len(rows_in(album)) == 1


def test_network_predicts_and_finds_what_hides_the_face(photos, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(packing, "DEFAULT_FILE", tmp_path / "nothing.pt")
    save_network(tmp_path / "runs" / "small")
    out = tmp_path / "out"
    assert main([str(photos["good"]), "--out", str(out), "--refine", "2", "--level", "0"]) == 0
    assert "network: runs/small, the newest run" in capsys.readouterr().out
    row = rows_in(out)[0]
    assert [stage["status"] for stage in row["stages"].values()] == [*["ok"] * 6, *["skipped"] * 8]
    assert 0 <= row["occluded_fraction"] <= 1
    told = json.loads(Path(row["outputs"]["parameters"]).read_text())
    full = load_face_model("open", level=0).sizes
    assert len(told["identity"]["values"]) == full.identity  # the fit may use more modes than the network
    assert told["checkpoint"] == "runs/small"
    assert told["face_model"]["mesh_vertices"] == load_face_model("open", level=0).vertex_count

    assert main([str(photos["good"]), "--out", str(out), "--refine", "0", "--level", "0"]) == 0
    row = rows_in(out)[0]
    told = json.loads(Path(row["outputs"]["parameters"]).read_text())
    assert row["stages"]["refine"]["status"] == "skipped"
    assert len(told["identity"]["values"]) == 10


def test_network_without_segmentation_claims_no_mask(photos, tmp_path):
    run = save_network(tmp_path / "run", mask="none")
    arguments = [str(photos["good"]), "--out", str(tmp_path / "out"), "--checkpoint", str(run), "--refine", "0"]
    assert main([*arguments, "--level", "0"]) == 0
    assert rows_in(tmp_path / "out")[0]["occluded_fraction"] is None


def test_interrupted_work_keeps_a_valid_manifest(photos, tmp_path, monkeypatch):
    original = PhotoToMesh.__call__

    def interrupted(self, path):
        if path == photos["text"]:
            raise KeyboardInterrupt
        return original(self, path)

    monkeypatch.setattr(PhotoToMesh, "__call__", interrupted)
    arguments = [
        str(photos["good"]),
        str(photos["text"]),
        "--out",
        str(tmp_path),
        "--json",
        str(tmp_path / "rows.json"),
    ]
    with pytest.raises(KeyboardInterrupt):
        main([*arguments, *FAST])
    assert [row["status"] for row in rows_in(tmp_path)] == ["ok"]
    assert json.loads((tmp_path / "rows.json").read_text()) == rows_in(tmp_path)


def test_a_fault_of_ours_stops_one_photo_only(photos, tmp_path, monkeypatch, capsys):
    original = PhotoToMesh._reconstruct

    def faulty(self, path, *rest):
        if path == photos["good"]:
            raise ZeroDivisionError("float division by zero")
        return original(self, path, *rest)

    monkeypatch.setattr(PhotoToMesh, "_reconstruct", faulty)
    assert main([str(photos["good"]), str(photos["twin"]), "--out", str(tmp_path), *FAST]) == 1
    assert [row["status"] for row in rows_in(tmp_path)] == ["failed", "ok"]
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert "Traceback" in (tmp_path / "faults.log").read_text()


def test_what_diverged_and_a_log_that_cannot_be_written_are_failed_rows(photos, tmp_path, monkeypatch, capsys):
    original = PhotoToMesh._reconstruct

    def faulty(self, path, *rest):
        if path == photos["good"]:
            raise ZeroDivisionError("float division by zero")
        result = original(self, path, *rest)
        return replace(result, fitted=result.fitted * np.nan)

    monkeypatch.setattr(PhotoToMesh, "_reconstruct", faulty)
    (tmp_path / "faults.log").mkdir()
    assert main([str(photos["good"]), str(photos["twin"]), "--out", str(tmp_path), *FAST]) == 1
    rows = rows_in(tmp_path)
    assert [row["status"] for row in rows] == ["failed", "failed"]
    assert "ZeroDivisionError: float division by zero); its traceback could not be written" in rows[0]["reason"]
    assert "diverged, its landmark error is not finite" in rows[1]["reason"]
    assert rows[1]["landmark_error_px"] is None and not rows[1]["outputs"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--level", "9"], "levels 0 to 3"),
        (["--checkpoint", "no/such/run"], "no run folder or checkpoint at no/such/run"),
    ],
)
def test_mistakes_are_one_line(photos, tmp_path, arguments, message):
    with pytest.raises(SeethroughError, match=message):
        main([str(photos["good"]), "--out", str(tmp_path), "--checkpoint", "none", *arguments])


@pytest.mark.parametrize("arguments", [["--refine", "-3"], ["--faces", "some"], ["--detector", "eyes"]])
def test_bad_options_leave_with_2(photos, tmp_path, arguments):
    with pytest.raises(SystemExit) as left:
        main([str(photos["good"]), "--out", str(tmp_path), *arguments])
    assert left.value.code == 2


def test_exit_codes_of_the_command(photos, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        run(main, [str(tmp_path), "--out", str(tmp_path / "out")])
    assert left.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"error: {tmp_path}: no photo in this folder")
    with pytest.raises(SystemExit) as left:
        run(main, [str(photos["text"]), "--out", str(tmp_path / "out"), *FAST])
    assert left.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{photos['text']}: not an image, or a format unknown here; give JPEG, PNG, WebP, BMP or TIFF"
    ]
