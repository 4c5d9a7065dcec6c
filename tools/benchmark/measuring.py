"""One measurement: CPU seconds, wall seconds and their spread, memory, and what the hardware could do at best."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
import torch


@dataclass
class Measurement:
    """One row of the table; times are per image, photo or scan.

    Attributes:
        section: name of the section.
        case: name of the case, unique in its section.
        cpu_s: median CPU seconds of the process.
        wall_s: median wall seconds.
        wall_s_spread: wall seconds between the first and the third quartile.
        peak_mb: largest resident memory of the process so far, MB.
        reference_cpu_s: CPU seconds of the reference in the same run, if the case has one.
        ratio: reference_cpu_s / cpu_s.
        flop: floating-point operations that the task needs, if counted.
        bytes: bytes that the task must move at least, if counted.
        ceiling_fraction: the time that those bytes take at the measured copy speed of one core, over cpu_s.
        device: what it ran on.
    """

    section: str
    case: str
    cpu_s: float
    wall_s: float
    wall_s_spread: float
    peak_mb: float
    reference_cpu_s: float | None = None
    ratio: float | None = None
    flop: float | None = None
    bytes: float | None = None
    ceiling_fraction: float | None = None
    device: str = "cpu"

    def as_row(self) -> dict[str, object]:
        """Return the row as it is written to JSON."""
        return asdict(self)


def measure(
    section: str,
    case: str,
    function: Callable[[], object],
    *,
    per: int = 1,
    repeats: int = 15,
    reference: Callable[[], object] | None = None,
    reference_per: int = 1,
    reference_repeats: int = 3,
    flop: float | None = None,
    bytes_moved: float | None = None,
) -> Measurement:
    """Run ``function`` once to warm up, then ``repeats`` times.

    Args:
        section: name of the section.
        case: name of the case.
        function: what to time.
        per: how many images one call handles; every number is divided by it.
        repeats: timed calls.
        reference: what to compare with, timed in the same run.
        reference_per: how many images one call of the reference handles.
        reference_repeats: timed calls of the reference.
        flop: operations needed per image.
        bytes_moved: bytes needed per image.
    """
    cpu, wall = _times(function, repeats)
    row = Measurement(
        section=section,
        case=case,
        cpu_s=statistics.median(cpu) / per,
        wall_s=statistics.median(wall) / per,
        wall_s_spread=float(np.subtract(*np.percentile(wall, [75, 25]))) / per,
        peak_mb=peak_memory_mb(),
        flop=flop,
        bytes=bytes_moved,
        device=f"cpu, {torch.get_num_threads()} thread(s)",
    )
    if reference is not None:
        row.reference_cpu_s = statistics.median(_times(reference, reference_repeats)[0]) / reference_per
        row.ratio = row.reference_cpu_s / row.cpu_s
    if bytes_moved is not None:
        row.ceiling_fraction = bytes_moved / copy_bytes_per_second() / row.cpu_s
    return row


def _times(function: Callable[[], object], repeats: int) -> tuple[list[float], list[float]]:
    function()
    cpu, wall = [], []
    for _ in range(repeats):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        function()
        cpu.append(time.process_time() - cpu_start)
        wall.append(time.perf_counter() - wall_start)
    return cpu, wall


def peak_memory_mb() -> float:
    """Return the largest resident memory of this process so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


@cache
def copy_bytes_per_second() -> float:
    """Return how many bytes one core reads and writes a second when it copies 64 MB (best of 5)."""
    source = np.ones(1 << 24, np.float32)
    target = np.empty_like(source)
    best = min(_times(lambda: np.copyto(target, source), 5)[0])
    return 2 * source.nbytes / best
