"""A bald head: no line between the face and the skull, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.detail.skull_seam import join_skull

SIDE, BORDER = 96, 40


def half_face() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return picture, skull, colour and coverage of a face below row ``BORDER`` and a darker skull above it."""
    picture = np.full((SIDE, SIDE, 3), 0.4, np.float32)
    coverage = np.zeros((SIDE, SIDE), np.float32)
    coverage[BORDER:], coverage[BORDER - 1] = 1.0, 0.5
    skull = coverage < 1
    skull[:, :8] = False
    colour = coverage[..., None] * np.array([0.6, 0.5, 0.3], np.float32)
    return picture, skull, colour, coverage


def test_the_step_at_the_border_is_gone_and_the_crown_keeps_its_light() -> None:
    picture, skull, colour, coverage = half_face()
    join_skull(picture, skull, colour, coverage, 6.0)
    beside, crown = picture[BORDER - 2, 30:-30], picture[2, 30:-30]
    assert np.allclose(beside, [0.6, 0.5, 0.3], atol=0.02)
    assert np.allclose(crown, 0.4, atol=0.002)
    steps = np.abs(np.diff(picture[: BORDER - 1, SIDE // 2], axis=0))
    assert steps.max() < 0.025


def test_only_the_skull_changes() -> None:
    picture, skull, colour, coverage = half_face()
    before = picture.copy()
    join_skull(picture, skull, colour, coverage, 6.0)
    assert np.array_equal(picture[~skull], before[~skull])
    assert not np.array_equal(picture[skull], before[skull])


@pytest.mark.parametrize("hidden", ["skull", "face"])
def test_without_a_border_nothing_changes(hidden: str) -> None:
    picture, skull, colour, coverage = half_face()
    before = picture.copy()
    if hidden == "skull":
        skull[:] = False
    else:
        colour[:], coverage[:] = 0, 0
    join_skull(picture, skull, colour, coverage, 6.0)
    assert np.array_equal(picture, before)
