from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from tools.benchmark.measuring import Start, Times, measure


def test_measure_divides_by_the_images_and_compares() -> None:
    def work(count: int) -> None:
        matrix = torch.ones(120, 120)
        for _ in range(count):
            matrix = matrix @ matrix / 120

    row = measure("s", "c", lambda: work(200), per=4, repeats=5, reference=lambda: work(200), bytes_moved=1e6)
    # four images a call against one a call of the same work
    assert row.ratio is not None
    assert 1 / 8 < row.ratio < 1 / 2
    assert row.ratio == pytest.approx(row.cpu_s / row.reference_cpu_s)
    assert row.ceiling_fraction > 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux forgets peaks")
def test_peaks_are_those_of_the_case_itself() -> None:
    def fill(megabytes: int) -> None:
        np.ones(megabytes << 17).sum()

    large = measure("s", "large", lambda: fill(160), repeats=1)
    small = measure("s", "small", lambda: fill(1), repeats=1, reference=lambda: fill(160), reference_repeats=1)
    assert large.peak_mb > small.peak_mb + 120


def test_what_others_have_taken_is_added() -> None:
    times = Times(cpu=[1.0], wall=[2.0])
    assert times.peak_mb is None
    taken = Times()
    taken.note(Start.now())
    times.add(taken)
    assert times.cpu == [1.0, taken.cpu[0]] and times.wall == [2.0, taken.wall[0]] and times.peak_mb == taken.peak_mb
    assert taken.wall[0] < 1 and taken.peak_mb > 10
