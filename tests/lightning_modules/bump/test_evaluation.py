from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lightning_modules.bump.evaluation import CROP_MM, BumpEvaluation, pixel_millimetres
from lightning_modules.bump.evaluation_summary import summarise_subsets
from lightning_modules.bump.validation import ValidationScores
from seethrough.details.luminance_bump import LuminanceBump
from seethrough.networks.bump_translator import BumpTranslator
from tests.lightning_modules.bump.small_bumps import SIZE, batch_of


def evaluation(luminance: LuminanceBump | None = None, **options) -> BumpEvaluation:
    torch.manual_seed(0)
    translator = BumpTranslator(**{"width": 4, "depth": 2, "padding": 1, "small_output": True, **options}).eval()
    return BumpEvaluation(translator, luminance or LuminanceBump())


def fitted() -> LuminanceBump:
    luminance = LuminanceBump()
    batch = batch_of(4, seed=3)
    luminance.add(batch["image"], batch["bump"], batch["mask"])
    return luminance


def test_a_network_that_predicts_nothing_is_the_zero_bump() -> None:
    scored = evaluation(fitted())
    scored.update(batch_of(6))
    rows = scored.rows()
    assert list(rows["id"]) == [f"face-0-{k}" for k in range(6)]
    for error in ("l1_mm", "rmse_mm", "gradient_error", "normal_angle_deg"):
        assert rows[f"bump_{error}"] == pytest.approx(rows[f"zero_{error}"], abs=1e-3)
    assert (rows["luminance_rmse_mm"] < rows["zero_rmse_mm"]).all(), "deep is dark in these images"
    assert (rows["true_noise_mm"] > 0).all() and rows["bump_noise_mm"] == pytest.approx(0, abs=1e-5)
    overall = summarise_subsets(rows)["overall"]
    assert overall["images"] == 6 and overall["people"] == 3
    assert overall["bump_rmse_mm_gain_over_zero"] == pytest.approx(0, abs=1e-3)
    assert overall["bump_rmse_mm_gain_over_luminance"] < 0
    assert overall["bump_rmse_mm_low"] <= overall["bump_rmse_mm"] <= overall["bump_rmse_mm_high"]


def test_photos_without_truth_have_rows_without_numbers() -> None:
    scored = evaluation(mask_head=True)
    batch = {key: value for key, value in batch_of(2).items() if key in ("image", "id", "landmarks")}
    assert scored.update(batch).bump.shape == (2, 1, SIZE, SIZE)
    rows = scored.rows()
    assert np.isnan(rows["bump_rmse_mm"]).all() and np.isnan(rows["pixels"]).all()
    assert math.isnan(summarise_subsets(rows)["overall"]["bump_l1_mm"])


def test_the_mask_head_is_scored() -> None:
    scored = evaluation(mask_head=True)
    head = scored._held[0].mask_output
    assert head is not None
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(2)
    batch = batch_of(2)
    scored.update(batch)
    assert scored.rows()["mask_iou"] == pytest.approx(batch["mask"].flatten(1).mean(1).numpy())


def test_subsets_and_rows_that_come_twice() -> None:
    scored = evaluation()
    batch = {**batch_of(4), "subset": ["", "Fine Lines", "Fine Lines", "old"]}
    scored.update(batch)
    scored.update({key: value[:2] for key, value in batch.items()})
    summary = summarise_subsets(scored.rows())
    assert {name: part["images"] for name, part in summary.items()} == {"overall": 4, "fine_lines": 2, "old": 1}
    assert math.isnan(summary["old"]["luminance_rmse_mm"]), "it was never fitted"
    scored.reset()
    scored.update(batch_of(1))
    assert list(scored.rows()["id"]) == ["face-0-0"]


def test_the_scale_of_pixels() -> None:
    batch = batch_of(2)
    inside = batch["mask"] > 0.5
    expected = [float(batch["depth"][k][inside[k]].mean()) / 60 for k in range(2)]
    assert pixel_millimetres(batch).tolist() == pytest.approx(expected)
    del batch["focal"]
    assert pixel_millimetres(batch).tolist() == pytest.approx([CROP_MM / SIZE] * 2)
    empty = {**batch_of(2), "mask": torch.zeros(2, 1, SIZE, SIZE)}
    assert pixel_millimetres(empty).tolist() == pytest.approx([CROP_MM / SIZE] * 2)


def test_the_curves_of_a_validation_are_the_means_of_the_rows() -> None:
    scored = evaluation()
    with torch.no_grad():
        scored._held[0].head.weight.normal_(0, 0.05)
    curves = ValidationScores(scored._held[0])
    for start in (0, 2):
        batch = {key: value[start : start + 2] for key, value in batch_of(4).items()}
        scored.update(batch)
        curves.update(batch)
    curves.update({key: value for key, value in batch_of(2, seed=8).items() if key in ("image", "id")})
    rows, scores = scored.rows(), curves.compute()
    for name in ("l1_mm", "rmse_mm", "gradient_error", "normal_angle_deg"):
        assert scores[f"bump_{name}"] == pytest.approx(rows[f"bump_{name}"].mean(), rel=1e-5)
        assert scores[f"zero_bump_{name}"] == pytest.approx(rows[f"zero_{name}"].mean(), rel=1e-5)
    curves.reset()
    curves.update(batch_of(1))
    assert curves.compute()["zero_bump_rmse_mm"] == pytest.approx(rows["zero_rmse_mm"][0])
