"""The demo and the evaluation command, end to end on tiny settings."""

from __future__ import annotations

import json
import math

import pytest
import torch
from PIL import Image

from experiments.config.composition import compose
from experiments.demo import CONFIGS, NAME
from experiments.demo import _composed as composed
from experiments.demo import _trained_already as trained_already
from experiments.demo import main as demo
from experiments.evaluate import main as evaluate
from experiments.evaluation.measuring import evaluation_trainer
from experiments.run_folder import RunFolder
from experiments.run_start import RunStart, plan_run
from lightning_modules.focus.schedule import FocusSchedule
from seethrough.errors import SeethroughError

TINY = [
    "data.size=96",
    "data.validation_size=16",
    "data.test_identities=8",
    "data.render_processes=1",
    "model.schedule.landmark_steps=4",
    "model.schedule.colour_steps=2",
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
    for expected in ("everything is face", "mean face", "skill over mean face", "photo to mesh"):
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
    pools = sorted(path.name for path in (tmp_path / "pools").glob("train-*"))
    arguments = ["data.test_identities=4", "data.size=64", "--json", str(tmp_path / "scores.json")]
    assert evaluate([str(run), *arguments]) == 0
    told = capsys.readouterr()
    assert "GPU available" not in told.out + told.err and "Tip" not in told.out + told.err
    assert pools == sorted(path.name for path in (tmp_path / "pools").glob("train-*")), "it rendered training pictures"
    assert json.loads((tmp_path / "scores.json").read_text())["overall"]["images"] == 8


@pytest.fixture
def begun(tmp_path) -> RunFolder:
    """A run of the demo that has been saved once, without its networks."""
    composition = compose(CONFIGS, [NAME, f"out={tmp_path}", f"data.folder={tmp_path}/pools"])
    run = plan_run(composition)
    with RunStart(run, composition) as start:
        start.keep()
    torch.save({"config": composition.lasting}, run.checkpoints / "step_00000010.ckpt")
    return run


def test_the_demo_refuses_a_run_with_other_settings(begun, tmp_path):
    place = [f"out={tmp_path}", f"data.folder={tmp_path}/pools"]
    with pytest.raises(SeethroughError) as caught:
        demo([*place, "model.loss.sigma=1"])
    assert "'model.loss.sigma' was 0.043 and is 1.0 in override 'model.loss.sigma=1'" in str(caught.value)
    assert "overwrite=true to train it anew, or name=NAME to train another" in str(caught.value)


def test_what_the_demo_takes_as_trained(begun, tmp_path):
    place = [f"out={tmp_path}", f"data.folder={tmp_path}/pools"]
    assert trained_already(composed(place)) is None
    total = FocusSchedule(**vars(composed(place).config.model.schedule)).total_steps
    (begun.checkpoints / "step_00000010.ckpt").rename(begun.checkpoints / f"step_{total:08d}.ckpt")
    assert trained_already(composed(place)) == begun
    assert trained_already(composed([*place, "overwrite=true", "model.loss.sigma=1"])) is None
    assert trained_already(composed([*place, "name=other", "model.loss.sigma=1"])) is None
    assert trained_already(composed([*place, "allow_changes=true", "model.loss.sigma=1"])) == begun
    assert composed([*place, "overwrite=true"]).config.resume is None
    assert composed(place).config.resume == "auto"


def test_evaluating_with_other_networks_is_refused(begun):
    with pytest.raises(SeethroughError) as caught:
        evaluate([str(begun.path), "model.loss.sigma=1"])
    said = str(caught.value)
    assert said.startswith("'model.loss.sigma' in override 'model.loss.sigma=1' cannot be changed for an evaluation")
    assert said.endswith("was trained with 0.043")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="needs a kind of device that is missing here")
def test_evaluating_without_the_runs_kind_of_device_takes_the_cpu(capsys):
    assert evaluation_trainer("mps").strategy.root_device.type == "cpu"
    printed = capsys.readouterr()
    assert printed.out == "there is no device for trainer.accelerator=mps here: evaluating on the CPU\n"
    assert "Tip" not in printed.err


def test_evaluating_what_is_no_run(tmp_path):
    with pytest.raises(SeethroughError, match="is no run folder"):
        evaluate([str(tmp_path)])
