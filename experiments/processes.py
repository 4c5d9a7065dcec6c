"""Which of several processes this one is, before Lightning has set anything up."""

from __future__ import annotations

import os
from collections.abc import Mapping

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "SLURM_PROCID")


def is_first_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this process is alone or the first of those that torchrun, srun or Lightning started."""
    return all(environment.get(name, "0") in ("", "0") for name in _RANKS)


def started_by_a_launcher(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether torchrun or srun started several of us side by side, so that each sees its own clock."""
    sizes = (environment.get("WORLD_SIZE", ""), environment.get("SLURM_STEP_NUM_TASKS", ""))
    return any(size not in ("", "0", "1") for size in sizes)


def processes_started(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many processes torchrun, srun or Lightning have started for one training, as far as they tell."""
    sizes = [environment.get(name, "") for name in ("WORLD_SIZE", "SLURM_STEP_NUM_TASKS")]
    return max([int(size) for size in sizes if size.isdigit()], default=1)


def lost_contact(error: RuntimeError, processes: int) -> bool:
    """Return whether one of several processes failed only because another one has ended."""
    text = str(error).lower()
    signs = ("connection closed by peer", "connection reset by peer", "broken pipe", "remote process exited")
    return processes > 1 and any(sign in text for sign in signs)
