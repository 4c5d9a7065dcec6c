"""Section ``joint_training``: whole EM cycles of FOCUS on a GPU in bf16, by batch, with the memory that they take.

Wall time counts here, of steps taken one after the other without waiting between them; the device's ceiling is one
product of large matrices on it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lightning_modules.focus.phases import Phase
from seethrough.errors import SeethroughError
from tools.benchmark.focus.arithmetic import needed_flop
from tools.benchmark.focus.setup import PAPER, FocusSetup, step_of
from tools.benchmark.focus.training_loop import BareLoop
from tools.benchmark.measuring import Measurement
from tools.benchmark.peak_memory import forget_peak, peak_memory_mb
from tools.benchmark.registry import Case

SECTION = "joint_training"
BATCHES = (2, 8, 32, 64, 128, 256)
CYCLES, WARM_UP = 6, 2
COUNTED = 12
"""Images of the batch whose operations are counted, on the CPU: enough that no map is enlarged as in tiny batches."""
CYCLE = (Phase.SEGMENT, *(Phase.RECONSTRUCT,) * 5)
"""In the proportion of the paper's schedule."""


def cycles_measured(case: str, setup: FocusSetup, device: torch.device, cycles: int = CYCLES) -> Measurement:
    """Train whole cycles on a device.

    Args:
        case: name of the case.
        setup: what is trained.
        device: where; on a CPU the row has its memory.
        cycles: that are timed.

    Raises:
        SeethroughError: the batch does not fit into the device's memory.
    """
    module = setup.module()
    batch = setup.faces(module.config.image_size)
    few = {name: value[:COUNTED] for name, value in batch.items()}
    flop = sum(needed_flop(module, few, phase) for phase in CYCLE) / len(CYCLE)
    steps = {phase: step_of(module, phase) for phase in CYCLE}
    loop = BareLoop(module.to(device))
    placed = {name: value.to(device) if isinstance(value, Tensor) else value for name, value in batch.items()}
    cpu, wall = [], []
    try:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            for number in range(WARM_UP + cycles):
                if number == WARM_UP:
                    _forget(device)
                _settle(device)
                start = time.process_time(), time.perf_counter()
                _cycle(loop, steps, placed)
                _settle(device)
                if number >= WARM_UP:
                    cpu.append(time.process_time() - start[0])
                    wall.append(time.perf_counter() - start[1])
    except torch.OutOfMemoryError:
        raise SeethroughError(f"a batch of {setup.batch} does not fit into the memory of {_name(device)}") from None
    images = len(CYCLE) * setup.batch
    seconds = statistics.median(wall) / images
    return Measurement(
        section=SECTION,
        case=case,
        cpu_s=statistics.median(cpu) / images,
        wall_s=seconds,
        wall_s_spread=float(np.subtract(*np.percentile(wall, [75, 25]))) / images,
        peak_mb=_peak_mb(device),
        flop=flop,
        ceiling_fraction=flop / product_flop_per_second(device) / seconds,
        device=f"{_name(device)}, bfloat16",
    )


def _cycle(loop: BareLoop, steps: Mapping[Phase, int], batch: dict[str, Any]) -> None:
    for phase in CYCLE:
        loop.choose(phase.network)
        loop.step(phase, steps[phase], batch)


def product_flop_per_second(device: torch.device, side: int | None = None) -> float:
    """Return the operations a second of a product of large bf16 matrices on a device (best of 5)."""
    side = side or (8192 if device.type == "cuda" else 1024)
    matrix, seconds = torch.ones(side, side, dtype=torch.bfloat16, device=device), []
    for _ in range(6):
        _settle(device)
        start = time.perf_counter()
        _ = matrix @ matrix
        _settle(device)
        seconds.append(time.perf_counter() - start)
    return 2 * side**3 / min(seconds[1:])


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _forget(device: torch.device) -> None:
    forget_peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak_mb(device: torch.device) -> float:
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else peak_memory_mb()


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU"


def _on_gpu(name: str, batch: int) -> Measurement:
    return cycles_measured(name, replace(PAPER, batch=batch), torch.device("cuda"))


def cases() -> Mapping[str, Case]:
    """Return the cases of this section: the paper's networks at 224 px, with more and more images a step."""
    names = {f"paper 224 1:5 bf16, batch of {batch}": batch for batch in BATCHES}
    return {name: partial(_on_gpu, name, batch) for name, batch in names.items()}
