"""A training of a minute learns what its baselines do not know."""

from __future__ import annotations

import pytest

from experiments.config.composition import compose
from experiments.evaluate import evaluate
from experiments.train import train

SHORT = [
    "model.image_size=48",
    "model.encoder.widths=[16,32,64]",
    "data.size=3000",
    "data.validation_size=16",
    "data.test_identities=60",
    "data.out_of_distribution_identities=0",
    "model.schedule.landmark_steps=500",
    "model.schedule.colour_steps=300",
    "model.schedule.initialisation_steps=250",
    "model.schedule.pretraining_steps=80",
    "model.schedule.em_steps=260",
    "model.schedule.cycle_segmentation_steps=60",
    "model.schedule.cycle_reconstruction_steps=200",
    "model.schedule.final_segmentation_steps=60",
]


@pytest.fixture
def scores(tmp_path, request):
    overrides = [*SHORT, *request.param, f"out={tmp_path}/runs", "name=short", f"data.folder={tmp_path}/pools"]
    composition = compose(["focus", "preset/small", "data/synthetic"], overrides)
    return evaluate(train(composition), composition)


@pytest.mark.slow
@pytest.mark.parametrize("scores", [["data.test_identities=120"]], indirect=True)
def test_short_training_without_labels_masks_better_than_everything_is_face(scores):
    occluded, clean = scores["occluded"], scores["unoccluded"]
    assert occluded["mask_f1_gain_low"] > 0, "the mask is no better than calling everything face"
    assert occluded["image_rmse"] < 38 and clean["landmark_error_px"] < 4.8  # untrained: about 60 and 9


@pytest.mark.slow
@pytest.mark.parametrize(
    "scores", [["model.schedule.supervised_steps=700", "model.schedule.last_stage=supervision"]], indirect=True
)
def test_short_supervised_training_knows_more_than_the_mean_face(scores):
    assert scores["unoccluded"]["skill_over_mean_face_low"] > 0, "the shape is no better than the mean face"
