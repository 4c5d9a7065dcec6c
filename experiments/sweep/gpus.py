"""Which GPUs each of several runs on one machine has."""

from __future__ import annotations

import os
from collections.abc import Mapping

VISIBLE = "CUDA_VISIBLE_DEVICES"


def gpu_places(jobs: int) -> list[dict[str, str]]:
    """Return for each of ``jobs`` runs at a time what shows it its share of this machine's GPUs; empty without GPUs."""
    return shares(jobs, _visible_gpus(os.environ)) if jobs > 1 else []


def shares(jobs: int, gpus: list[str]) -> list[dict[str, str]]:
    """Deal GPUs out: as many to each run, or one to several runs where there are too few.

    Args:
        jobs: runs at a time.
        gpus: their numbers or names, as ``CUDA_VISIBLE_DEVICES`` has them.
    """
    if not gpus:
        return []
    each = max(len(gpus) // jobs, 1)
    starts = [(job * each) % len(gpus) for job in range(jobs)]
    return [{VISIBLE: ",".join(gpus[start : start + each])} for start in starts]


def _visible_gpus(environment: Mapping[str, str]) -> list[str]:
    if VISIBLE in environment:
        return [name.strip() for name in environment[VISIBLE].split(",") if name.strip() not in ("", "-1")]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]
