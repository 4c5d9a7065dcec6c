from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.metrics import (
    PerImageTable,
    align,
    image_rmse,
    mask_scores,
    mean_interval,
    skill_interval,
    vertex_errors,
)
from seethrough.metrics.table import Column


def picture(rows: list[str]) -> torch.Tensor:
    return torch.tensor([[float(c) for c in row] for row in rows])[None, None]


def test_mask_scores_by_hand():
    # region: 8 pixels; TP 3, FP 1, FN 2, TN 2
    region = picture(["1111", "1111", "0000"])
    truth = picture(["1111", "1000", "1111"])
    predicted = picture(["1110", "0100", "0101"])
    scores = mask_scores(predicted, truth, region)
    expected = {"acc": 5 / 8, "ppv": 3 / 4, "tpr": 3 / 5, "f1": 6 / 9, "occluder_iou": 2 / 5}
    for name, value in expected.items():
        assert scores[name].item() == pytest.approx(value), name


@given(st.floats(0.0, 0.9))
@settings(max_examples=20, deadline=None)
def test_everything_is_face_has_the_closed_form(share):
    # F1 of "everything is face" is 2 (1 - o) / (2 - o) for an occluded share o of the region
    truth = torch.ones(1, 1, 1, 1000)
    truth[..., : round(1000 * share)] = 0
    o = round(1000 * share) / 1000
    f1 = mask_scores(torch.ones_like(truth), truth, torch.ones_like(truth))["f1"].item()
    assert f1 == pytest.approx(2 * (1 - o) / (2 - o), abs=1e-9)


def test_undefined_scores_are_nan():
    ones, zeros = torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    assert all(math.isnan(v) for v in mask_scores(ones, ones, zeros).values())
    no_face = mask_scores(ones, zeros, ones)
    assert math.isnan(no_face["tpr"]) and math.isnan(no_face["f1"]) and no_face["ppv"].item() == 0
    assert math.isnan(mask_scores(ones, ones, ones)["occluder_iou"])
    assert mask_scores(zeros, ones, ones)["ppv"].item() == 0


def test_rmse_of_a_constant_difference():
    target = torch.full((2, 3, 8, 8), 0.5)
    visible = torch.ones(2, 1, 8, 8)
    visible[1, :, :, 2:] = 0  # 16 pixels: too few
    rmse = image_rmse(target, target + 0.1, visible)
    assert rmse[0].item() == pytest.approx(25.5, abs=1e-3)
    assert math.isnan(rmse[1])
    assert image_rmse(target, target + 5.0, visible)[0].item() == pytest.approx(127.5)  # a viewer sees at most 1


@given(st.integers(0, 10_000), st.floats(0.2, 5.0))
@settings(max_examples=25, deadline=None)
def test_similarity_alignment_undoes_a_similarity(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    target = torch.randn(2, 40, 3, generator=generator) * 50
    rotation = torch.linalg.qr(torch.randn(2, 3, 3, generator=generator)).Q
    rotation = rotation * torch.linalg.det(rotation).sign()[:, None, None]
    source = scale * target @ rotation + 30
    assert vertex_errors(source, target).max() < 1e-2
    rigid = align(source, target, "rigid")
    assert (rigid - rigid.mean(1, keepdim=True)).norm() == pytest.approx(
        (source - source.mean(1, keepdim=True)).norm().item(), rel=1e-4
    )


def test_alignment_never_reflects():
    target = torch.randn(1, 30, 3, generator=torch.Generator().manual_seed(1)) * 50
    mirrored = target * torch.tensor([-1.0, 1.0, 1.0])
    assert vertex_errors(mirrored, target).mean() > 5
    with pytest.raises(ValueError, match="expected 'similarity' or 'rigid'"):
        align(target, target, "affine")


def test_table_sorts_and_counts_each_image_once():
    table = PerImageTable({"f1": Column(), "errors": Column(shape=(2,))})
    table.update(torch.tensor([3, 1]), f1=torch.tensor([0.3, 0.1]), errors=torch.tensor([[3.0, 3.0], [1.0, 1.0]]))
    table.update(torch.tensor([2, 3]), f1=torch.tensor([0.2, 0.3]), errors=torch.tensor([[2.0, 2.0], [3.0, 3.0]]))
    rows = table.compute()
    assert rows["index"].tolist() == [1, 2, 3]
    assert rows["f1"].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert rows["errors"].shape == (3, 2)
    with pytest.raises(ValueError, match="expected"):
        table.update(torch.tensor([1]), f1=torch.tensor([0.3]))
    with pytest.raises(ValueError, match="column errors has shape"):
        table.update(torch.tensor([1]), f1=torch.tensor([0.3]), errors=torch.tensor([0.3]))


def test_a_table_of_one_row_keeps_its_shapes() -> None:
    table = PerImageTable({"f1": Column(), "errors": Column(shape=(1,))})
    table.update(torch.tensor([7]), f1=torch.tensor([0.5]), errors=torch.tensor([[2.0]]))
    rows = table.gathered()
    assert {name: tuple(values.shape) for name, values in rows.items()} == {"index": (1,), "f1": (1,), "errors": (1, 1)}
    assert (rows["index"].item(), rows["f1"].item(), rows["errors"].item()) == (7, 0.5, 2.0)


def test_intervals():
    # t(0.975, 3) = 3.182446; sd of 1..4 = 1.290994; half width = 3.182446 * 1.290994 / 2 = 2.054260
    interval = mean_interval(torch.tensor([1.0, 2.0, 3.0, 4.0, torch.nan]))
    assert (interval.mean, interval.count) == (2.5, 4)
    assert interval.high - interval.mean == pytest.approx(2.054260, abs=1e-5)
    skill = skill_interval(torch.full((50,), 0.8), torch.ones(50))
    assert skill.mean == pytest.approx(0.2) and skill.low == pytest.approx(0.2) and skill.high == pytest.approx(0.2)
