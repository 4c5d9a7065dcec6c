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
    "model.schedule.landmark_steps=500",
    "model.schedule.initialisation_steps=250",
    "model.schedule.pretraining_steps=80",
    "model.schedule.em_steps=260",
    "model.schedule.cycle_segmentation_steps=60",
    "model.schedule.cycle_reconstruction_steps=200",
    "model.schedule.final_segmentation_steps=60",
]


@pytest.mark.slow
def test_short_training_beats_everything_is_face_and_the_mean_face(tmp_path):
    overrides = [*SHORT, f"out={tmp_path}/runs", "name=short", f"data.folder={tmp_path}/pools"]
    composition = compose(["focus", "preset/small", "data/synthetic"], overrides)
    run = train(composition)
    scores = evaluate(run, composition)
    occluded, clean = scores["occluded"], scores["unoccluded"]
    assert occluded["mask_f1_gain_low"] > 0, "the mask is no better than calling everything face"
    assert clean["skill_over_mean_face_low"] > 0, "the shape is no better than the mean face"
    assert occluded["image_rmse"] < 30 and clean["landmark_error_px"] < 4.5  # untrained: about 45 and 9
