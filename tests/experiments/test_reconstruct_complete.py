"""The complete detailed face by the command: what is written, stages and their reuse, and how mistakes are told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.reconstruct import main
from experiments.reconstruction import completion_stages, stage_sheet, turntable
from seethrough.details import read_bump
from seethrough.details.stitching import check_mesh
from seethrough.errors import SeethroughError
from seethrough.meshes import read_mesh

FAST = ["--checkpoint", "none", "--refine", "0", "--level", "0"]
HIDDEN = 0.35  # of the photo's height, from the top


@pytest.fixture(scope="module")
def mask(photos: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forehead is hidden."""
    with Image.open(photos["good"]) as photo:
        seen = np.full((photo.height, photo.width), 255, np.uint8)
    seen[: int(HIDDEN * len(seen))] = 0
    path = tmp_path_factory.mktemp("mask") / "seen.png"
    Image.fromarray(seen).save(path)
    return path


@pytest.fixture(scope="module")
def done(photos, translator, mask, tmp_path_factory) -> tuple[list[str], Path, list[dict]]:
    """One photo up to the filled bump map, then from there to the end."""
    out = tmp_path_factory.mktemp("out")
    command = [str(photos["good"]), "--out", str(out), "--detail", *FAST, "--json", str(out / "rows.json")]
    with pytest.MonkeyPatch.context() as patch:  # smaller pictures, the same way
        patch.setattr(completion_stages, "TEXTURE_SIZE", 512)
        patch.setattr(stage_sheet, "TILE", 60)
        patch.setattr(turntable, "SIZE", 60)
        rows = _in_two_runs(command, out, translator, mask)
    return command, out, rows


def _in_two_runs(command: list[str], out: Path, translator: Path, mask: Path) -> list[dict]:
    rows = []
    for options in (["--bump", str(translator), "--mask", str(mask), "--stages", "..fill"], ["--stages", "symmetry.."]):
        assert main([*command, *options]) == 0
        rows += json.loads((out / "rows.json").read_text())
    return rows


def statuses(row: dict) -> dict[str, str]:
    return {name: stage["status"] for name, stage in row["stages"].items()}


def test_stages_stop_early_and_go_on_with_what_an_earlier_run_left(done) -> None:
    first, second = done[2]
    after = ("symmetry", "stitch", "texture", "pictures")
    assert {statuses(first)[name] for name in after} == {"skipped"} and statuses(first)["fill"] == "ok"
    assert "no reference set was named" in first["stages"]["fill"]["note"]
    assert "completed_frontal_ply" not in first["outputs"]
    assert {statuses(second)[name] for name in after} == {"ok"}
    assert {statuses(second)[name] for name in ("detect", "write", "bump", "mesh", "fill")} == {"reused"}
    assert second["landmark_error_px"] == first["landmark_error_px"]
    assert set(first["outputs"]) < set(second["outputs"])
    assert all(Path(path).is_file() for path in second["outputs"].values())


def test_a_membrane_bridges_the_hole(done) -> None:
    outputs = done[2][1]["outputs"]
    bump, known = read_bump(outputs["bump"])
    filled, covered = read_bump(outputs["bump_filled"])
    hole = np.asarray(Image.open(outputs["hole"])) > 0
    assert known is not None and covered is not None
    assert hole.any() and (hole >= covered & ~known).all() and (known >= covered & ~hole).all()
    np.testing.assert_array_equal(filled[known & ~hole], bump[known & ~hole])
    np.testing.assert_allclose(filled[hole], 0.5, atol=0.003)  # as all around it
    told = json.loads(Path(outputs["completion"]).read_text())
    assert told["filling"]["harmonic_share"] == 1.0
    assert told["filling"]["hole_share"] == pytest.approx(hole.sum() / covered.sum(), abs=1e-6)


def test_meshes_are_one_face_in_two_poses(done) -> None:
    outputs = done[2][1]["outputs"]
    frontal, aligned = (read_mesh(outputs[f"completed_{pose}_glb"]) for pose in ("frontal", "aligned"))
    assert check_mesh(frontal.vertices, frontal.triangles).clean
    assert np.array_equal(frontal.triangles, aligned.triangles)
    sides = [np.linalg.norm(np.diff(mesh.vertices[mesh.triangles], axis=1), axis=2) for mesh in (frontal, aligned)]
    np.testing.assert_allclose(*sides, atol=1e-3)
    foundation, fixed = (read_mesh(outputs[name]) for name in ("foundation_frontal", "completed_fixed_topology"))
    assert np.array_equal(foundation.triangles, fixed.triangles)
    # Half a millimetre stands out wherever the camera sees skin from the front.
    raised = ((fixed.vertices - foundation.vertices) * foundation.normals()).sum(1)
    front = (foundation.normals()[:, 2] > 0.9) & (
        foundation.vertices[:, 2] > np.quantile(foundation.vertices[:, 2], 0.7)
    )
    assert 0.35 < np.median(raised[front]) < 0.6


def test_the_texture_is_the_photo_where_the_photo_shows_the_face(done) -> None:
    outputs = done[2][1]["outputs"]
    textured, coloured = (read_mesh(outputs[f"completed_aligned_{suffix}"]) for suffix in ("glb", "ply"))
    material = Path(outputs["completed_aligned_obj"]).with_suffix(".mtl").read_text()
    assert "map_Kd texture.png" in material and textured.uv is not None and coloured.colours is not None
    with Image.open(outputs["texture"]) as stored:
        texture = np.asarray(stored) / 255
    place = np.clip(
        (np.stack([1 - textured.uv[:, 1], textured.uv[:, 0]]) * len(texture)).astype(int), 0, len(texture) - 1
    )
    assert np.abs(texture[tuple(place)] - coloured.colours).mean() < 0.02
    told = json.loads(Path(outputs["detail"]).read_text())
    points = (textured.vertices - [0, 0, 1000]) * [1, -1, -1]
    seen = points[:, :2] / points[:, 2:] * told["camera"]["focal_px"] + told["camera"]["principal_point_px"]
    with Image.open(done[2][1]["photo"]) as stored:
        photo = np.asarray(stored.convert("RGB")) / 255
    at = (seen - told["crop"]["size_px"] / 2) / told["crop"]["scale"] + told["crop"]["centre_px"]
    x, y = at.astype(int).clip(0, [photo.shape[1] - 1, photo.shape[0] - 1]).T
    with Image.open(outputs["texture_sources"]) as stored:
        source = np.asarray(stored)[tuple(place)]
    facing = textured.normals()[:, 2] > 0.8
    shown, model = facing & (source == [64, 160, 96]).all(1), facing & (source == [210, 150, 60]).all(1)
    error = np.abs(photo[y, x] - coloured.colours).mean(1)
    assert error[shown].mean() < 0.04 < error[model].mean()
    assert y[shown].min() > HIDDEN * len(photo) > y[model].min()
    with Image.open(outputs["turntable"]) as frames:
        assert frames.n_frames == turntable.FRAMES and frames.info["loop"] == 0  # pyright: ignore


def test_what_an_earlier_run_left_is_checked(done, photos, tmp_path) -> None:
    command, out, _ = done

    def reason(*options: str, out: Path = out) -> str:
        assert main([*command, *options, "--json", str(tmp_path / "rows.json"), "--out", str(out)]) == 1
        return json.loads((tmp_path / "rows.json").read_text())[0]["reason"]

    assert "no earlier run with --detail has left this photo" in reason("--stages", "fill..", out=tmp_path / "other")
    assert "lies on --foundation" in reason("--stages", "fill..", "--foundation", "release")
    state = out / "astronaut" / "state_fill.npz"
    content = state.read_bytes()
    state.write_bytes(content[:1000])
    assert "state_fill.npz: damaged" in reason("--stages", "symmetry")
    state.unlink()
    assert "state_fill.npz: no earlier run with --detail has got so far" in reason("--stages", "symmetry")
    state.write_bytes(content)
    original = photos["good"].read_bytes()
    photos["good"].write_bytes(photos["good"].read_bytes() + b"\0")
    assert "the photo is another file" in reason("--stages", "symmetry")
    photos["good"].write_bytes(original)


def test_mistakes_are_told_before_any_work(photos, mask, tmp_path) -> None:
    def refused(told: str, *options: str) -> None:
        with pytest.raises(SeethroughError, match=told) as caught:
            main([str(photos["good"]), "--out", str(tmp_path / "out"), *FAST, *options])
        assert "\n" not in str(caught.value)

    refused("--references is about complete faces: add --detail", "--shading", "--references", str(tmp_path))
    refused("--stages is about complete faces: add --detail", "--stages", "..fill")
    refused(
        "takes the bump of an earlier run, which --shading would change", *"--detail --stages fill.. --shading".split()
    )
    refused("--nearest .*: add --references", "--detail", "--shading", "--nearest", "5")
    refused("--mask head is a translator's mask", "--detail", "--shading", "--mask", "head")
    refused("no such mask or network", "--detail", "--shading", "--mask", str(tmp_path / "seen.png"))
    refused("a mask is of one photo", "--faces", "all", "--detail", "--shading", "--mask", str(mask))
    refused("nowhere", "--detail", "--shading", "--references", str(tmp_path / "nowhere"))
    assert not (tmp_path / "out").exists()
