"""Seeds of single training steps, so that a resumed run repeats what an undisturbed one would have drawn."""

from __future__ import annotations

import os
from enum import IntEnum

import numpy as np


class Draw(IntEnum):
    """What a step draws random numbers for; each has a stream of its own."""

    NETWORKS = 0
    AUGMENTATION = 1


def step_key(seed: int, step: int, rank: int, draw: Draw) -> int:
    """Return a seed in [0, 2^63) for one step of one process."""
    return int(np.random.SeedSequence((seed, step, rank, draw)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def run_seed() -> int:
    """Return the seed of this run, which Lightning's ``seed_everything`` leaves to all its processes; 0 without one."""
    return int(os.environ.get("PL_GLOBAL_SEED") or 0)
