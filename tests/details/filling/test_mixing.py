from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.filling.alignment import Similarity
from seethrough.details.filling.mixing import SampledReferences
from seethrough.details.filling.sampling import mix_maps
from tests.details.filling.small_references import face_mask, small_set, waves

HERE = Similarity(np.eye(2), np.zeros(2))


@given(st.integers(0, 10**6), st.integers(1, 6), st.sampled_from([0.0, 0.1, 0.6]))
@settings(max_examples=25, deadline=None)
def test_a_mixture_is_the_mean_and_weighted_differences_of_what_covers_both_ends(
    seed: int, maps: int, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    shape = (maps, *rng.integers(2, 9, 2))
    covered = rng.random(shape) >= missing
    bumps = np.where(covered, rng.standard_normal(shape), 0).astype(np.float32)
    offsets, parts = rng.standard_normal(maps), rng.normal(0, 0.5, maps)
    mixed, count = np.empty((3, *shape[1:])), np.empty(shape[1:], np.int32)
    mix_maps(bumps, covered, offsets, parts, mixed, count)
    assert np.array_equal(count, covered.sum(0))
    ends = [(slice(None), slice(None)), (slice(None), slice(1, None)), (slice(1, None), slice(None))]
    starts = [(slice(None), slice(None)), (slice(None), slice(None, -1)), (slice(None, -1), slice(None))]
    for kind, (start, end) in enumerate(zip(starts, ends, strict=True)):
        values = (bumps[:, *end] - bumps[:, *start]) if kind else bumps - offsets[:, None, None]
        both = covered[:, *start] & covered[:, *end]
        mean = (values * both).sum(0) / np.maximum(both.sum(0), 1)
        differences = np.where(both, values - mean, 0.0)
        expected = mean + np.einsum("m,mhw->hw", parts, differences)
        assert np.allclose(mixed[kind][start], expected, atol=1e-5)


def test_shrinkage_goes_from_the_best_match_to_the_plain_mean(tmp_path: Path) -> None:
    references = small_set(tmp_path / "set", 5)
    face = face_mask()
    hole = face & (np.mgrid[:64, :64][0] > 40)
    truth = 0.5 * waves(1) + 0.5 * waves(4)
    laid = [(references[row], HERE) for row in range(5)]
    sampled = SampledReferences(truth, face & ~hole, laid, hole)
    weights = {shrinkage: sampled.mixture(5, shrinkage).weights for shrinkage in (1e-6, 4.0, 1e6)}
    assert weights[1e-6] == pytest.approx([0, 0.5, 0, 0, 0.5], abs=0.02)
    assert weights[1e6] == pytest.approx([0.2] * 5, abs=1e-3)
    assert 0.2 < weights[4.0][1] < 0.5
    for each in weights.values():
        assert each.sum() == pytest.approx(1)


def test_a_mixture_says_something_in_the_hole_and_beside_it_and_nothing_elsewhere(tmp_path: Path) -> None:
    references = small_set(tmp_path / "set", 3)
    face = face_mask()
    hole = np.zeros_like(face)
    hole[20:30, 25:40] = True
    sampled = SampledReferences(waves(7), face & ~hole, [(references[row], HERE) for row in range(3)], hole)
    source = sampled.mixture(3, 4.0).source
    assert source.covered[hole].all()
    assert source.covered[19, 25:40].all() and source.covered[30, 25:40].all()
    assert not source.covered[:18].any() and not source.covered[:, :23].any()
