from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from seethrough.metrics import mean_interval, paired_comparison, skill_interval, twin_pairs


def test_tests_agree_with_scipy():
    rng = np.random.default_rng(0)
    first = rng.normal(1.5, 0.3, 60)
    second = first - rng.normal(0.05, 0.1, 60)
    second[7] = np.nan
    known = np.isfinite(second)
    result = paired_comparison(torch.tensor(first), second)
    assert result.t_p == pytest.approx(stats.ttest_rel(first[known], second[known]).pvalue)
    assert result.wilcoxon_p == pytest.approx(stats.wilcoxon(first[known], second[known]).pvalue)
    assert result.difference.mean == pytest.approx((first - second)[known].mean())
    assert result.difference.count == 59
    assert result.first_lower == pytest.approx((first < second)[known].mean())
    assert math.isnan(result.people_t_p)


def test_people_are_the_units_where_they_are_known():
    # Ten people of eight pictures that do not differ within a person: there are ten observations, not eighty.
    rng = np.random.default_rng(1)
    of_person = rng.normal(0.1, 1.0, 10)
    people = np.arange(10).repeat(8)
    difference = of_person[people]
    by_image, by_person = mean_interval(difference), mean_interval(difference, people)
    assert by_person.mean == pytest.approx(by_image.mean)
    assert by_person.high - by_person.low > 2 * (by_image.high - by_image.low)
    expected = of_person.std() / math.sqrt(10)  # bootstrap deviation of a mean of ten
    assert (by_person.high - by_person.low) / (2 * 1.96) == pytest.approx(expected, rel=0.15)
    result = paired_comparison(difference, np.zeros(80), people)
    assert result.people_t_p == pytest.approx(stats.ttest_1samp(of_person, 0).pvalue)
    skill = skill_interval(np.exp(difference), np.ones(80), people)
    plain = skill_interval(np.exp(difference), np.ones(80))
    assert skill.high - skill.low > 2 * (plain.high - plain.low)


def test_unknown_people_are_each_somebody_else():
    values = np.random.default_rng(2).normal(size=40)
    unknown = mean_interval(values, np.full(40, -1))
    separate = mean_interval(values, np.arange(40))
    assert (unknown.low, unknown.high) == pytest.approx((separate.low, separate.high))


def test_one_person_has_no_interval():
    for interval in (mean_interval([1.0, 2.0, 3.0], [7, 7, 7]), skill_interval([1.0, 2, 3], [4.0, 4, 4], [7, 7, 7])):
        assert interval.count == 3 and math.isnan(interval.low) and math.isnan(interval.high)
    assert mean_interval([1.0, 2.0, 3.0], [7, 7, 7]).mean == 2.0
    assert skill_interval([1.0, 2.0, 3.0], [4.0, 4.0, 4.0], [7, 7, 7]).mean == 0.5
    # An image whose value is unknown brings nobody else along.
    assert math.isnan(mean_interval([1.0, 2.0, math.nan], [7, 7, 8]).low)
    assert mean_interval([1.0, 2.0], [7, 8]).low >= 1.0
    assert math.isnan(skill_interval([1.0], [2.0]).low)


def test_coverage_of_the_cluster_bootstrap():
    # In about 95 % of studies the interval holds the true mean; a bootstrap over 30 people comes a little short.
    rng = np.random.default_rng(3)
    people = np.arange(30).repeat(4)
    held = 0
    for _ in range(200):
        values = rng.normal(0, 1, 30)[people] + rng.normal(0, 0.3, 120)
        interval = mean_interval(values, people)
        held += interval.low <= 0 <= interval.high
    assert 0.89 <= held / 200 <= 0.99


def test_no_scatter_and_too_few():
    same = paired_comparison(np.ones(5), np.ones(5))
    assert (same.t_p, same.wilcoxon_p, same.first_lower) == (1.0, 1.0, 0.5)
    assert paired_comparison(np.ones(5), np.zeros(5)).t_p == 0.0
    nothing = paired_comparison(np.full(3, np.nan), np.zeros(3), np.arange(3))
    assert nothing.difference.count == 0 and math.isnan(nothing.t_p) and math.isnan(nothing.first_lower)


def test_twins_are_found_by_name_and_occluder():
    names, twins = np.array(["a", "b", "c", "d", "e"]), np.array(["b", "a", "x", "", "a"])
    occluded, clean = twin_pairs(names, twins, np.array([0, 3, 1, 2, 5]))
    assert occluded.tolist() == [1, 4] and clean.tolist() == [0, 0]
    occluded, clean = twin_pairs(names[:1], twins[:1], np.array([0]))
    assert occluded.shape == clean.shape == (0,) and occluded.dtype.kind == "i"
