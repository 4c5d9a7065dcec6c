"""The demo and the evaluation command, end to end on tiny settings."""

from __future__ import annotations

import json
import math

import pytest
from PIL import Image

from experiments.demo import main as demo
from experiments.evaluate import main as evaluate
from seethrough.errors import SeethroughError

TINY = [
    "data.size=96",
    "data.validation_size=16",
    "data.test_identities=8",
    "data.render_processes=1",
    "model.schedule.landmark_steps=4",
    "model.schedule.initialisation_steps=4",
    "model.schedule.pretraining_steps=2",
    "model.schedule.em_steps=4",
    "model.schedule.cycle_segmentation_steps=1",
    "model.schedule.cycle_reconstruction_steps=2",
    "model.schedule.final_segmentation_steps=1",
]


@pytest.mark.slow
def test_demo_leaves_table_pictures_meshes_and_numbers(tmp_path, capsys):
    overrides = [*TINY, f"out={tmp_path}/runs", f"data.folder={tmp_path}/pools"]
    assert demo(overrides) == 0
    printed = capsys.readouterr().out
    for expected in ("everything is face", "mean face", "skill over the mean face", "photo to mesh"):
        assert expected in printed, expected
    run = tmp_path / "runs" / "demo"
    scores = json.loads((run / "report" / "evaluation.json").read_text())
    assert scores["occluded"]["images"] == scores["unoccluded"]["images"] == 8
    required = {
        "mask_f1", "mask_f1_all_face", "mask_acc", "mask_ppv", "mask_tpr", "image_rmse", "shape_error_median_mm",
        "shape_error_mean_mm", "shape_error_std_mm", "skill_over_mean_face", "occluder_iou", "mask_f1_fixed_region",
    }  # fmt: skip
    assert required <= scores["overall"].keys()
    assert all(math.isfinite(scores["occluded"][key]) for key in required)
    assert Image.open(run / "report" / "evaluation.png").width > 300
    for name in ("mesh.obj", "mesh.ply", "mesh.glb", "side_by_side.png", "overlay.png", "mask.png", "parameters.json"):
        assert (run / "astronaut" / "astronaut" / name).stat().st_size > 200, name
    row = json.loads((run / "astronaut" / "manifest.jsonl").read_text().splitlines()[0])
    assert row["status"] == "ok" and row["landmark_error_px"] <= 3

    # a second call trains nothing
    assert demo(overrides) == 0
    assert "trained already" in capsys.readouterr().out
    assert evaluate([str(run), "data.test_identities=4", "--json", str(tmp_path / "scores.json")]) == 0
    assert json.loads((tmp_path / "scores.json").read_text())["overall"]["images"] == 8


def test_evaluating_what_is_no_run(tmp_path):
    with pytest.raises(SeethroughError, match="is no run folder"):
        evaluate([str(tmp_path)])
