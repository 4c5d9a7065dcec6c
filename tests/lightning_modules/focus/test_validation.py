"""Scores of a validation during training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from lightning_modules.focus.evaluation import FocusEvaluation
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.mask_columns import own_mask
from lightning_modules.focus.validation import ValidationScores
from tests.lightning_modules.focus.conftest import synthetic_batch
from tests.lightning_modules.focus.validation_ranks import rank_main, validated


def faces(config) -> list[dict[str, Any]]:
    return [synthetic_batch(count, seed, config.face_model.source) for count, seed in ((4, 1), (3, 2), (1, 3))]


def unlike(config) -> FocusModule:
    """Return a module whose networks do not say zero."""
    torch.manual_seed(0)
    module = FocusModule(config).eval()
    with torch.no_grad():
        for parameter in module.focus.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape))
    return module


@pytest.mark.parametrize("setting", ["segmentation", "skin", "preliminary", "none"])
def test_scores_are_those_of_the_evaluation(focus_config, setting):
    """Two ways to the same numbers: metrics here, rows there."""
    module, mask = unlike(focus_config), own_mask(setting, setting == "segmentation")
    arguments = (module.focus, focus_config.face_model.source, focus_config.loss.threshold, mask)
    scores, evaluation = ValidationScores(*arguments), FocusEvaluation(*arguments)
    for batch in faces(focus_config):
        scores.update(batch)
        evaluation.update(batch)
    summary, found = evaluation.summary(), scores.compute()
    hidden, plain = summary["occluded"], summary["unoccluded"]
    expected = {
        "mask_f1_occluded": hidden["mask_f1"],
        "mask_f1_all_face_occluded": hidden["mask_f1_all_face"],
        "mask_f1_unoccluded": plain["mask_f1"],
        "image_rmse_occluded": hidden["image_rmse"],
        "image_rmse_unoccluded": plain["image_rmse"],
        "skill_over_mean_face_unoccluded": plain["skill_over_mean_face"],
        "shape_error_median_unoccluded_mm": plain["shape_error_median_mm"],
        "landmark_error_px": summary["overall"]["landmark_error_px"],
    }
    assert found == pytest.approx(expected, rel=1e-5)
    assert all(map(math.isfinite, found.values())) and found["mask_f1_occluded"] != found["mask_f1_unoccluded"]
    scores.reset()
    for batch in faces(focus_config)[:1]:
        scores.update(batch)
    assert scores.compute() != pytest.approx(expected, rel=1e-5)


@pytest.mark.filterwarnings("error")
def test_what_data_do_not_know_is_not_made_up(focus_config):
    """Photos have landmarks at the most; where nobody is known to be occluded, all images count."""
    scores = unlike(focus_config).validation
    photos = [{key: batch[key] for key in ("image", "landmarks", "id")} for batch in faces(focus_config)]
    for batch in photos:
        scores.update(batch)
    found = scores.compute()
    assert found.pop("landmark_error_px") > 0
    assert all(math.isnan(value) for value in found.values())
    scores.reset()
    masked = [{**photo, "mask": batch["mask"]} for photo, batch in zip(photos, faces(focus_config), strict=True)]
    for batch in masked:
        scores.update(batch)
    found = scores.compute()
    assert found["mask_f1_occluded"] == found["mask_f1_unoccluded"] > 0
    assert math.isnan(found["skill_over_mean_face_unoccluded"])


def test_nothing_of_it_is_kept_in_checkpoints(focus_config):
    module = unlike(focus_config)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    for batch in faces(focus_config):
        module.validation_step(batch, 0)
    assert module.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.slow
@pytest.mark.parametrize("padded", [True, False])
def test_two_processes_log_what_one_does(focus_config, tmp_path, padded):
    """A sampler pads the shorter share with images that another process has too; or a process has nothing to do."""
    first, second, third = faces(focus_config)
    shares = [[first], [second, third, {**synthetic_batch(4, 1, focus_config.face_model.source)}]]
    if not padded:
        shares = [[first, second, third], []]
    torch.multiprocessing.spawn(rank_main, (focus_config, shares, str(tmp_path)), nprocs=2)
    alone = validated(focus_config, [first, second, third])
    for rank in range(2):
        together = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert together == pytest.approx(alone, rel=1e-5)
    half = validated(focus_config, [first])
    assert not np.isclose(half["mask_f1_occluded"], alone["mask_f1_occluded"], rtol=1e-4)
