"""Details by the command: what is written, for whom, on which foundation, and how mistakes are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.reconstruct import main
from experiments.reconstruction.detail_stages import DetailStages
from lightning_modules.bump import packing as bump_packing
from lightning_modules.bump.loading import load_translator
from seethrough.details import read_bump
from seethrough.details.depth_encoding import read_depth
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail
from seethrough.errors import SeethroughError
from seethrough.meshes import read_mesh

FAST = ["--checkpoint", "none", "--refine", "0", "--level", "0"]
DETAILS = [
    "bump", "bump_mask", "foundation_depth", "normals", "detailed_ply", "detailed_obj", "detailed_glb",
    "before_and_after", "detail",
]  # fmt: skip


@pytest.fixture(scope="module")
def coefficients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the mean face 550 mm ahead, for the photo ``astronaut`` alone."""
    folder = tmp_path_factory.mktemp("coefficients")
    face = {"shape": [0.0], "rotation": [0, 0, 0], "translation": [0, 0, -570], "origin": [0, 0, 0]}
    (folder / "astronaut.json").write_text(json.dumps(face))
    return folder


@pytest.fixture(scope="module")
def done(photos, translator, coefficients, tmp_path_factory) -> tuple[int, list[dict]]:
    """Two photos, of which only one has coefficients, and one that is none."""
    out = tmp_path_factory.mktemp("out")
    other = photos["good"].with_name("elsewhere.png")
    other.write_bytes(photos["good"].read_bytes())
    arguments = [str(other), str(photos["good"]), str(photos["text"]), "--out", str(out), "--bump", str(translator)]
    arguments += ["--foundation", str(coefficients), "--foundation-model", "open", *FAST]
    code = main([*arguments, "--json", str(out / "rows.json")])
    return code, json.loads((out / "rows.json").read_text())


def test_a_failed_face_stops_nothing_and_keeps_what_was_written(done) -> None:
    code, rows = done
    assert code == 1
    assert [row["status"] for row in rows] == ["failed", "ok", "failed"]
    assert "no coefficients of a face, elsewhere: give one of elsewhere.json" in rows[0]["reason"]
    assert {name: stage["status"] for name, stage in rows[0]["stages"].items()}["foundation"] == "failed"
    assert Path(rows[0]["outputs"]["mesh_ply"]).is_file() and "bump" not in rows[0]["outputs"]
    assert list(rows[1]["outputs"])[-len(DETAILS) :] == DETAILS
    assert all(Path(path).is_file() for path in rows[1]["outputs"].values())


def test_maps_and_mesh_are_of_one_surface(done) -> None:
    outputs = done[1][1]["outputs"]
    bump, mask = read_bump(outputs["bump"])
    depth, covered = read_depth(outputs["foundation_depth"])
    assert bump.shape == depth.shape == (500, 500)
    assert mask is not None and np.array_equal(mask, covered)  # nothing told of occluders, the photo shows it whole
    np.testing.assert_allclose(bump[mask], 0.5, atol=0.002)  # learned at 64 px, the same mm at 500
    assert (bump[~mask] == 0).all()
    told = json.loads(Path(outputs["detail"]).read_text())
    assert told["translator_size_px"] == 64 and told["bump"]["known_fraction"] == 1.0
    assert told["camera"]["focal_px"] == 1000 and told["bump"]["median_mm"] == pytest.approx(0.5, abs=1e-3)
    meshes = [read_mesh(outputs[f"detailed_{suffix}"]) for suffix in ("ply", "obj", "glb")]
    assert len({len(mesh.vertices) for mesh in meshes}) == 1 and len(meshes[0].vertices) > 0.98 * mask.sum()
    points = (meshes[0].vertices - [0, 0, 1000]) * [1, -1, -1]
    seen = points[:, :2] * (1000 / (points[:, 2:] + 0.5)) + 250  # where the foundation's point was
    pixel = np.floor(seen).astype(int)
    np.testing.assert_allclose(points[:, 2], depth[pixel[:, 1], pixel[:, 0]] - 0.5, atol=0.01)
    crop = told["crop"]
    with Image.open(done[1][1]["photo"]) as stored:
        photo = np.asarray(stored.convert("RGB")) / 255
    place = (
        ((seen - 250) / crop["scale"] + crop["centre_px"]).astype(int).clip(0, [photo.shape[1] - 1, photo.shape[0] - 1])
    )
    assert meshes[0].colours is not None
    assert np.abs(meshes[0].colours - photo[place[:, 1], place[:, 0]]).mean() < 0.03


@pytest.mark.slow
def test_shading_needs_no_network_and_default_is_a_name(photos, translator, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bump_packing, "DEFAULT_FILE", tmp_path / "default.pt")
    with pytest.raises(SeethroughError, match="no default translator"):
        main([str(photos["good"]), "--out", str(tmp_path / "out"), "--bump", "default", *FAST])
    (tmp_path / "default.pt").write_bytes((translator / "checkpoints" / "step_00000001.ckpt").read_bytes())
    assert main([str(photos["good"]), "--out", str(tmp_path / "out"), "--bump", "default", *FAST]) == 0
    arguments = ["--checkpoint", "none", "--refine", "5", "--level", "0", "--foundation", "release", "--shading"]
    assert main([str(photos["good"]), "--out", str(tmp_path / "shaded"), *arguments]) == 0
    told = json.loads((tmp_path / "shaded" / "astronaut" / "detail.json").read_text())
    assert told["bump_by"] == "shape from shading" and told["foundation"] == "release"
    assert told["camera"]["focal_px"] == 1000 and told["camera"]["principal_point_px"] == [250, 250]
    assert 0.01 < told["bump"]["largest_mm"] < 5 and 0.4 < told["bump"]["known_fraction"] < 0.95


def test_a_translator_that_finds_nothing_is_told(translator, capsys) -> None:
    face = cast(DetailFoundation, None)
    stages = DetailStages(None, load_translator(translator))
    for millimetres, told in ((0.004, 1), (-0.5, 0)):
        bump, known = torch.full((8, 8), millimetres), torch.ones(8, 8, dtype=torch.bool)
        bump[0], known[0] = 9.0, False
        stages.warn_of_nothing("anna", FaceDetail(face, bump, known))
        assert capsys.readouterr().err.count("warning: anna: the bump map is next to nothing, its median is") == told


def test_mistakes_are_told_before_any_work(photos, translator, coefficients, tmp_path) -> None:
    photo, out = str(photos["good"]), ["--out", str(tmp_path / "out"), *FAST]

    def refused(told: str, *options: str, more: tuple[str, ...] = ()) -> None:
        with pytest.raises(SeethroughError, match=told) as caught:
            main([photo, *more, *out, *options])
        assert "\n" not in str(caught.value)

    refused("--foundation says what details lie on: add --bump RUN or --shading", "--foundation", "release")
    refused("unknown shading preset 'best'", "--shading", "best")
    refused(
        "no run folder or checkpoint at .*preset/bump_small data/detail`, or take --bump default",
        "--bump",
        str(tmp_path / "nowhere"),
    )
    refused("no such coefficient file .* or choose one of focus, release", "--shading", "--foundation", "paper")
    one = str(coefficients / "astronaut.json")
    refused("say of which face model its coefficients are", "--shading", "--foundation", one)
    refused("leave them out", "--shading", "--foundation-model", "open")
    model = ("--foundation-model", "open")
    (tmp_path / "short.txt").write_text("1 2 3")
    refused("short.txt: ", "--shading", "--foundation", str(tmp_path / "short.txt"), *model)
    (tmp_path / "long.json").write_text(
        json.dumps({"shape": [0.0] * 999, "rotation": [0, 0, 0], "translation": [0, 0, 0]})
    )
    refused("long.json: shape has 999 coefficients", "--shading", "--foundation", str(tmp_path / "long.json"), *model)
    refused("one file is of one face", "--shading", "--foundation", one, *model, more=(str(photos["twin"]),))
    refused("one file is of one face", "--shading", "--foundation", one, *model, "--faces", "all")
    refused("give one", "--bump", str(translator), "--misfit-prior")
    assert not (tmp_path / "out").exists()
