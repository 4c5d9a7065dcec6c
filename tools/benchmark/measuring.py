"""One measurement: CPU seconds, wall seconds and their spread, memory, and what the hardware could do at best."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
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
        reference_cpu_s: median CPU seconds of the reference, run in turn with the case, if it has one.
        ratio: cpu_s / reference_cpu_s; below 1 where the case is cheaper than its reference.
        flop: floating-point operations that the task needs, if counted.
        bytes: bytes that the task must move at least, if counted.
        ceiling_fraction: the time that those operations and bytes take at the measured speed of one core's matrix
            product and copy, whichever is longer, over cpu_s.
        device: what it ran on, and in which arithmetic where that is not float32.
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


@dataclass
class Times:
    """CPU and wall seconds of the calls of one thing."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def take(self, function: Callable[[], object]) -> None:
        """Call ``function`` and note what it took."""
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        function()
        self.cpu.append(time.process_time() - cpu_start)
        self.wall.append(time.perf_counter() - wall_start)


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
    """Run ``function`` and its reference once each to warm up, then ``repeats`` times, the reference in between.

    Args:
        section: name of the section.
        case: name of the case.
        function: what to time.
        per: how many images one call handles; every number is divided by it.
        repeats: timed calls.
        reference: what to compare with, timed in the same run.
        reference_per: how many images one call of the reference handles.
        reference_repeats: timed calls of the reference, spread evenly over those of ``function``.
        flop: operations needed per image.
        bytes_moved: bytes needed per image.
    """
    times, reference_times = Times(), Times()
    function()
    if reference is not None:
        reference()
    for index in range(repeats):
        times.take(function)
        if reference is not None and (index * reference_repeats) // repeats >= len(reference_times.cpu):
            reference_times.take(reference)
    return summarise(section, case, times, reference_times, per, reference_per, flop, bytes_moved)


def summarise(
    section: str,
    case: str,
    times: Times,
    reference: Times,
    per: int = 1,
    reference_per: int = 1,
    flop: float | None = None,
    bytes_moved: float | None = None,
    dtype: torch.dtype = torch.float32,
) -> Measurement:
    """Return the row of some timed calls; ``reference`` may be empty, ``dtype`` is that of the matrix products."""
    arithmetic = "" if dtype == torch.float32 else f", {str(dtype).removeprefix('torch.')}"
    row = Measurement(
        section=section,
        case=case,
        cpu_s=statistics.median(times.cpu) / per,
        wall_s=statistics.median(times.wall) / per,
        wall_s_spread=float(np.subtract(*np.percentile(times.wall, [75, 25]))) / per,
        peak_mb=peak_memory_mb(),
        flop=flop,
        bytes=bytes_moved,
        device=f"cpu, {torch.get_num_threads()} thread(s){arithmetic}",
    )
    if reference.cpu:
        row.reference_cpu_s = statistics.median(reference.cpu) / reference_per
        row.ratio = row.cpu_s / row.reference_cpu_s
    least = [0.0]
    if flop is not None:
        least.append(flop / flop_per_second(dtype))
    if bytes_moved is not None:
        least.append(bytes_moved / copy_bytes_per_second())
    if len(least) > 1:
        row.ceiling_fraction = max(least) / row.cpu_s
    return row


def peak_memory_mb() -> float:
    """Return the largest resident memory of this process so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


@cache
def copy_bytes_per_second() -> float:
    """Return how many bytes one core reads and writes a second when it copies 64 MB (best of 5)."""
    source = np.ones(1 << 24, np.float32)
    target = np.empty_like(source)
    return 2 * source.nbytes / _best(lambda: np.copyto(target, source))


@cache
def flop_per_second(dtype: torch.dtype = torch.float32) -> float:
    """Return how many operations one core does a CPU second in a product of 1024 x 1024 matrices (best of 5)."""
    matrix = torch.ones(1024, 1024, dtype=dtype)
    return 2 * 1024**3 / _best(lambda: matrix @ matrix)


def _best(function: Callable[[], object], repeats: int = 5) -> float:
    times = Times()
    for _ in range(repeats + 1):
        times.take(function)
    return min(times.cpu[1:])
