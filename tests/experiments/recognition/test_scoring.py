"""Folds, thresholds and resampled people by hand."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.protocols.verification_pairs import PhotoPairs
from experiments.recognition_study.scoring import GRID, Resampling, descriptors_of, verified
from seethrough.errors import SeethroughError

IDS = ["a", "b", "c", "d"]
SAME = np.array([True, False, True, False])
FOLDS = np.array([0, 0, 1, 1])


def at(*degrees: float) -> np.ndarray:
    """Return (N, 2) descriptors in these directions; a constant length does not count."""
    angle = np.radians(degrees)
    return 3.0 * np.stack([np.cos(angle), np.sin(angle)], 1)


def test_a_threshold_is_the_other_folds_and_rights_are_means_over_seeds() -> None:
    told = PhotoPairs(["a", "a", "c", "c"], ["b", "c", "d", "a"], SAME, FOLDS, (), "")
    # Angles: same 10 and 40 degrees; two people 90 and 90.
    first = verified([at(0, 10, 90, 130)], IDS, told)
    assert first.right.tolist() == [1, 1, 1, 1] and first.fold_accuracy.tolist() == [100, 100]
    assert first.mean("accuracy")[0] == 100 and np.isnan(first.mean("accuracy")[2])
    # Fold 1's pair of one person is farther apart (110 degrees) than its pair of two (90): with the threshold of fold
    # 0, between 10 and 90 degrees, both are refused.
    second = verified([at(0, 10, 90, 200)], IDS, told)
    assert second.right[2:].tolist() == [0, 1] and second.fold_accuracy[1] == 50
    both = verified([at(0, 10, 90, 130), at(0, 10, 90, 200)], IDS, told)
    assert both.right[2] == 0.5 and both.fold_accuracy[1] == 75
    assert both.mean("accuracy")[2] > 0
    assert both.curve.shape == GRID.shape and both.curve[-1] == 1


def test_faces_that_are_not_there_and_subsets() -> None:
    told = PhotoPairs(["a", "a", "c", "gone"], ["b", "c", "d", "a"], SAME, FOLDS, (), "")
    with pytest.raises(SeethroughError, match="the pairs cannot be verified"):
        verified([at(0, 10, 90, 130)], IDS, told, used=np.array([True, True, False, True]))
    more = PhotoPairs(["a", "a", "c", "c", "gone"], ["b", "c", "d", "a", "a"], np.append(SAME, False),
                      np.append(FOLDS, 1), (), "")  # fmt: skip
    found = verified([at(0, 10, 90, 130)], IDS, more)
    assert found.scores[0].missing_pairs == 1 and np.isnan(found.right[4])
    assert found.fold_accuracy.tolist() == [100, 100]


def fake(right: list[float]):
    one = verified(
        [at(0, 10, 90, 130)], IDS, PhotoPairs(["a", "a", "c", "c"], ["b", "c", "d", "a"], SAME, FOLDS, (), "")
    )
    return type(one)(one.scores, np.array(right), one.fold_accuracy, one.curve)


def test_differences_and_recovered_shares() -> None:
    people = np.array([[0, 0], [0, 1], [1, 1], [1, 0]])
    resampling = Resampling(people)
    whole, lost, way, other = fake([1, 1, 1, 1]), fake([0, 0, 0, 0]), fake([1, 0, 1, 0]), fake([0, 0, 1, 0])
    difference = resampling.difference(way, other)
    assert difference.mean == 25 and difference.low <= 25 <= difference.high and difference.count == 4
    assert resampling.recovered(way, whole, lost).mean == 0.5
    assert resampling.recovered_more(way, other, whole, lost).mean == 0.25
    # A draw of only one of two people has no pair of two, and its own pairs alone count.
    assert resampling.recovered(way, whole, lost).high == 1.0
    same = resampling.difference(way, way)
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_columns_become_ways() -> None:
    columns = {"id": np.array(IDS), "descriptor/0/whole": np.zeros((4, 2)), "descriptor/1/whole": np.ones((4, 2)),
               "coefficients/foundation": np.eye(4), "error_mm/zero": np.zeros(4)}  # fmt: skip
    found = descriptors_of(columns)
    assert found.keys() == {"whole", "foundation"}
    assert len(found["whole"]) == 2 and found["whole"][1].all() and len(found["foundation"]) == 1
