from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from seethrough.metrics.verification import (
    best_threshold,
    cosine,
    equal_error_rate,
    project,
    roc,
    verify,
    verify_descriptors,
)

FOLDS = np.repeat(np.arange(10), 600)
SAME = np.tile(np.repeat([True, False], 300), 10)


def test_closed_form_of_two_normal_distributions():
    """N(2.5, 1) against N(0, 1): the errors are Phi(-1.25) each, the area under the ROC is Phi(2.5 / sqrt(2))."""
    rng = np.random.default_rng(0)
    result = verify(np.where(SAME, 2.5, 0.0) + rng.standard_normal(6000), SAME, FOLDS)
    accuracy, area = 100 * norm.cdf(1.25), 100 * norm.cdf(2.5 / np.sqrt(2))
    assert (accuracy, area) == pytest.approx((89.44, 96.15), abs=0.01)
    # 6,000 draws: standard errors of 0.40 and 0.23
    assert result.accuracy == pytest.approx(accuracy, abs=1.2)
    assert result.eer_complement == pytest.approx(accuracy, abs=1.2)
    assert result.nauc == pytest.approx(area, abs=0.7)
    # one fold of 600 pairs has a standard error of 1.25
    assert 0.6 < result.accuracy_std < 2 and 0.3 < result.nauc_std < 1.2
    assert (result.folds, result.skipped_folds, result.pairs, result.missing_pairs) == (10, 0, 6000, 0)
    assert result.thresholds == pytest.approx(1.25, abs=0.2)


def test_quantiles_of_the_normal_distributions_leave_no_chance():
    quantiles = norm.ppf((np.arange(300) + 0.5) / 300)
    scores = np.tile(np.concatenate([quantiles + 2.5, quantiles]), 10)
    result = verify(scores, SAME, FOLDS)
    assert result.accuracy == pytest.approx(89.44, abs=0.2) and result.accuracy_std == pytest.approx(0, abs=1e-9)
    assert result.eer_complement == pytest.approx(89.44, abs=0.2)
    assert result.nauc == pytest.approx(96.15, abs=0.05)


def test_by_hand():
    scores, same = np.array([0.9, 0.8, 0.4, 0.7, 0.2, 0.1]), np.array([True, True, True, False, False, False])
    accepted, refused = roc(scores, same)
    assert accepted.tolist() == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    assert refused.tolist() == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3, 0, 0, 0])
    assert equal_error_rate(accepted, refused) == pytest.approx(1 / 3)
    assert np.trapezoid(1 - refused, accepted) == pytest.approx(8 / 9)  # 8 of 9 pairs of pairs in order
    assert best_threshold(scores, same) == pytest.approx(0.75)  # of this cut and that at 0.3 the middle one


def test_ties_are_not_parted():
    scores = np.array([1.0, 0.5, 0.5, 0.0])
    same = np.array([True, True, False, False])
    for order in ([0, 1, 2, 3], [0, 2, 1, 3]):  # whichever of the tied ones comes first
        accepted, refused = roc(scores[order], same[order])
        assert accepted.tolist() == [0, 0, 0.5, 1] and refused.tolist() == [1, 0.5, 0, 0]
        assert equal_error_rate(accepted, refused) == pytest.approx(0.25)
        assert best_threshold(scores[order], same[order]) in (0.25, 0.75)


def test_constant_scores_know_nothing():
    result = verify(np.full(6000, 0.3), SAME, FOLDS)
    assert (result.accuracy, result.eer_complement, result.nauc) == (50, 50, 50)
    assert np.isinf(result.thresholds).all()
    lopsided = np.arange(40) % 4 > 0  # three of four pairs show one person
    result = verify(np.zeros(40), lopsided, np.repeat(np.arange(10), 4))
    assert (result.accuracy, result.eer_complement, result.nauc) == (75, 50, 50)


def test_perfect_and_reversed_scores():
    for sign, value in ((1, 100), (-1, 0)):
        result = verify(sign * SAME.astype(float), SAME, FOLDS)
        assert (result.eer_complement, result.nauc) == (value, value)
    assert verify(SAME.astype(float), SAME, FOLDS).accuracy == 100


def test_folds_without_one_kind_are_skipped_and_counted():
    rng = np.random.default_rng(1)
    scores = np.where(SAME, 2.5, 0.0) + rng.standard_normal(6000)
    kept = ~((FOLDS == 3) & SAME) & ~(FOLDS == 5)
    result = verify(scores[kept], SAME[kept], FOLDS[kept])
    assert (result.folds, result.skipped_folds, result.pairs) == (8, 1, 4800)
    with pytest.raises(ValueError, match="two folds"):
        verify(scores[:600], SAME[:600], FOLDS[:600])
    with pytest.raises(ValueError, match="no fold has both"):
        verify(scores, SAME, np.where(SAME, 0, 1))


def test_pairs_without_a_score_are_counted():
    scores = SAME.astype(float)
    scores[:7] = np.nan
    result = verify(scores, SAME, FOLDS)
    assert (result.accuracy, result.pairs, result.missing_pairs) == (100, 5993, 7)


def people(count: int, photos: int, noise: float, seed: int = 0):
    """Photos of people as noisy copies of their own direction, beside ten strong directions that tell nothing."""
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((count, 20)).repeat(photos, 0)
    nuisance = 3 * rng.standard_normal((count * photos, 10))
    descriptors = np.concatenate([own + noise * rng.standard_normal(own.shape), nuisance], 1)
    person = np.arange(count).repeat(photos)
    first, second = np.triu_indices(len(person), 1)
    chosen = (first % 10) == (second % 10)  # a few pairs of each kind; folds by the first photo
    first, second = first[chosen], second[chosen]
    return descriptors, first, second, person[first] == person[second], first % 10


def test_cosine_of_descriptors():
    descriptors, first, second, same, folds = people(12, 11, 0.3)
    plain = verify_descriptors(descriptors, first, second, same, folds)
    assert plain == verify(cosine(descriptors[first], descriptors[second]), same, folds)
    assert plain == verify_descriptors(5 * descriptors, first, second, same, folds)  # length says nothing
    lost = descriptors.copy()
    lost[0] = np.nan
    assert verify_descriptors(lost, first, second, same, folds).missing_pairs == int((first == 0).sum())
    some = same | (first < 60)
    assert verify_descriptors(descriptors, first, second, same, folds, used=some).pairs == some.sum()
    assert cosine(np.zeros((1, 3)), np.ones((1, 3))).tolist() == [0]


def test_projection_is_learned_without_the_tested_fold():
    descriptors, first, second, same, folds = people(12, 11, 0.3)
    whole = verify_descriptors(descriptors, first, second, same, folds, components=0)
    # all components: a rotation, after the mean is taken off; the mean is that of the other folds
    assert whole.nauc == pytest.approx(verify_descriptors(descriptors, first, second, same, folds).nauc, abs=3)
    few = verify_descriptors(descriptors, first, second, same, folds, components=10)
    assert few.nauc < whole.nauc - 5  # the strongest directions tell nothing here
    scores = []
    for fold in range(10):
        others = np.unique(np.concatenate([first[folds != fold], second[folds != fold]]))
        projected = project(descriptors, descriptors[others], 10)
        projected = np.sign(projected) * np.sqrt(np.abs(projected))
        scores.append(cosine(projected[first], projected[second]))
    expected = verify(np.stack(scores), same, folds)
    assert verify_descriptors(descriptors, first, second, same, folds, components=10, square_root=True) == expected
    assert project(descriptors, descriptors[:3], 10).shape == (132, 2)  # three photos span a plane
