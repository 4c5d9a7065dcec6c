"""Extending known values: kept where known, between their extremes elsewhere."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.texture.smooth_extension import Extension


def extended(values: np.ndarray, weight: np.ndarray, finest: int = 0) -> np.ndarray:
    """Return (s, s, C) of (S, S, C)."""
    planes, known = torch.from_numpy(values).float().movedim(2, 0), torch.from_numpy(weight).float()
    return Extension(planes, known).at(finest).movedim(0, 2).numpy()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), size=st.integers(1, 40), share=st.floats(0.05, 1.0), finest=st.integers(0, 7))
def test_nothing_leaves_the_range_of_what_is_known(seed: int, size: int, share: float, finest: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(size, size, 2))
    known = generator.random((size, size)) < share
    known[generator.integers(size), generator.integers(size)] = True
    result = extended(np.where(known[..., None], values, 1e3), known, finest)
    assert result.shape == (-(-size // 2 ** min(finest, 6)),) * 2 + (2,)
    assert (result >= values[known].min(0) - 1e-4).all() and (result <= values[known].max(0) + 1e-4).all()
    if finest == 0:
        np.testing.assert_allclose(result[known], values[known], atol=1e-5)


def test_one_known_value_is_everywhere_and_none_is_zero() -> None:
    values, weight = np.full((9, 13, 1), 7.0), np.zeros((9, 13))
    assert (extended(values, weight) == 0).all()
    weight[4, 2] = 0.5
    np.testing.assert_allclose(extended(values, weight), 7.0, rtol=1e-6)


def test_the_nearer_of_two_values_counts_more() -> None:
    values, weight = np.zeros((64, 64, 1)), np.zeros((64, 64))
    values[:, -1], weight[:, 0], weight[:, -1] = 1.0, 1.0, 1.0
    row = extended(values, weight)[32, :, 0]
    assert row[8] < 0.35 and row[-9] > 0.65 and (np.diff(row) > -1e-6).all()
