"""One measurement: CPU seconds, wall seconds and their spread, memory, and what the hardware could do at best."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from tools.benchmark.ceilings import copy_bytes_per_second, flop_per_second
from tools.benchmark.peak_memory import forget_peak, peak_memory_mb


@dataclass
class Measurement:
    """One row of the table; times are per image, photo or scan.

    Attributes:
        section: name of the section.
        case: name of the case, unique in its section.
        cpu_s: median CPU seconds of the process.
        wall_s: median wall seconds.
        wall_s_spread: wall seconds between the first and the third quartile.
        peak_mb: largest resident memory of the process while the case itself ran, without its reference, MB; that of
            Python, PyTorch and what the case keeps beside it counts. None where it was not watched by itself.
        reference_cpu_s: median CPU seconds of the reference, run in turn with the case, if it has one.
        ratio: cpu_s / reference_cpu_s; below 1 where the case is cheaper than its reference.
        flop: floating-point operations that the task needs, if counted.
        bytes: bytes that the task must move at least, if counted.
        ceiling_fraction: the time that those operations and bytes take at the measured speed of one core's fastest
            product and copy, whichever is longer, over cpu_s.
        device: what it ran on, and in which arithmetic where that is not float32.
    """

    section: str
    case: str
    cpu_s: float
    wall_s: float
    wall_s_spread: float
    peak_mb: float | None
    reference_cpu_s: float | None = None
    ratio: float | None = None
    flop: float | None = None
    bytes: float | None = None
    ceiling_fraction: float | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class Start:
    """When something began: CPU and wall seconds of clocks that only differ with others of the same process."""

    cpu: float
    wall: float

    @classmethod
    def now(cls) -> Start:
        """Begin, with the peak of memory forgotten."""
        forget_peak()
        return cls(time.process_time(), time.perf_counter())


@dataclass
class Times:
    """CPU and wall seconds of the calls of one thing, and the most memory that one of them took, MB, if watched."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    peak_mb: float | None = None

    def take(self, function: Callable[[], object]) -> None:
        """Call ``function`` and note what it took."""
        start = Start.now()
        function()
        self.note(start)

    def note(self, start: Start) -> None:
        """Note what was taken since ``start``, the last one of the process."""
        self.cpu.append(time.process_time() - start.cpu)
        self.wall.append(time.perf_counter() - start.wall)
        self.peak_mb = max(self.peak_mb or 0.0, peak_memory_mb())

    def add(self, other: Times) -> None:
        """Append the calls of ``other``."""
        self.cpu += other.cpu
        self.wall += other.wall
        self.peak_mb = max(self.peak_mb or 0.0, other.peak_mb or 0.0) or None


def measure(
    section: str,
    case: str,
    function: Callable[[], object],
    *,
    per: int = 1,
    repeats: int = 15,
    reference: Callable[[], object] | None = None,
    reference_per: float = 1,
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
        reference_per: how many images one call of the reference handles; below 1 for a part of one.
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
    reference_per: float = 1,
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
        peak_mb=times.peak_mb,
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
