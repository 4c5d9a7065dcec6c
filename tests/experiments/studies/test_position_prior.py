"""The mean training mask as a mask."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from experiments.studies.masks.position_prior import mean_mask, scores
from seethrough.errors import SeethroughError


def batch(*masks: list[float]) -> dict:
    return {"mask": torch.tensor(masks).view(-1, 1, 1, 4)}


def test_the_mean_mask_is_that_of_the_first_pictures():
    batches = [batch([1, 1, 0, 0], [1, 0, 0, 0]), batch([0, 0, 0, 1], [1, 1, 1, 1])]
    assert mean_mask(batches).flatten().tolist() == [0.75, 0.5, 0.25, 0.5]
    assert mean_mask(batches, 3).flatten().tolist() == pytest.approx([2 / 3, 1 / 3, 0, 1 / 3])
    with pytest.raises(SeethroughError, match="needs true masks"):
        mean_mask([{"image": torch.zeros(1)}])


def test_it_is_scored_inside_the_rendered_and_inside_the_true_face():
    focus = SimpleNamespace(
        encoder=lambda image: image,
        face_renderer=lambda image: SimpleNamespace(mask=torch.tensor([1.0, 1, 1, 0]).view(1, 1, 1, 4)),
    )
    picture = {
        "id": ["a"],
        "image": torch.zeros(1, 3, 1, 4),
        **batch([1, 0, 0, 1]),
        "truth": {"full_face": torch.tensor([1.0, 1, 0, 1]).view(1, 1, 1, 4)},
    }
    # Above one half at the first two pixels: one right, one wrong; the last, missed one counts in the true face alone.
    rows = scores(focus, [picture, {**picture, "id": ["b"]}], torch.tensor([0.9, 0.6, 0.4, 0.2]).view(1, 1, 1, 4))
    assert rows["id"] == ["a", "b"]
    assert rows["position_prior_own_f1"].tolist() == pytest.approx([2 / 3] * 2)
    assert rows["position_prior_fixed_f1"].tolist() == pytest.approx([1 / 2] * 2)
    assert rows["position_prior_own_acc"].tolist() == pytest.approx([2 / 3] * 2)
