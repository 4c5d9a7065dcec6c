"""Seeds of single training steps, so that a resumed run repeats what an undisturbed one would have drawn."""

from __future__ import annotations

import os
from enum import IntEnum

import numpy as np
import torch


class Draw(IntEnum):
    """What a step draws random numbers for; each has a stream of its own."""

    NETWORKS = 0
    AUGMENTATION = 1


def step_key(seed: int, step: int, rank: int, draw: Draw, part: int = 0) -> int:
    """Return a seed in [0, 2^63) for a step of one process, or a ``part`` of it where several batches make one."""
    key = (seed, step, rank, draw, part) if part else (seed, step, rank, draw)
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> np.uint64(1))


def run_seed() -> int:
    """Return the seed of this run, which Lightning's ``seed_everything`` leaves to all its processes; 0 without one."""
    return int(os.environ.get("PL_GLOBAL_SEED") or 0)


def seed_generators(key: int, device: torch.device) -> None:
    """Seed what networks on ``device`` and the CPU draw from.

    ``torch.manual_seed`` would also keep the request, with a copy of the call stack, for every kind of device that this
    machine lacks: milliseconds and memory in every step.
    """
    torch.default_generator.manual_seed(key)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(key)
