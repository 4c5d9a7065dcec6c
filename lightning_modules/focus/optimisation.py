"""Optimisers and learning rates; a rate is a pure function of schedule and step, so a resumed run needs no state."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch

from lightning_modules.focus.fused_adadelta import FusedAdadelta
from lightning_modules.focus.phases import Network, Phase
from lightning_modules.focus.schedule import FocusSchedule

PHOTOMETRIC = (Phase.INITIALISE, Phase.RECONSTRUCT)


@dataclass
class OptimiserConfig:
    """How one network is optimised."""

    algorithm: Literal["adadelta", "adamw", "sgd"] = "adadelta"
    """The optimiser; the paper uses Adadelta."""
    learning_rate: float = 0.1
    """Learning rate at full height."""
    pretraining_learning_rate: float | None = None
    """Another rate for the segmentation pre-training stage; null for the same."""
    photometric_learning_rate: float | None = None
    """Another rate for the encoder once pixels are in its loss; null for the same."""
    em_learning_rate: float | None = None
    """Another rate for the EM stage; null for the same."""
    weight_decay: float = 0.0
    """Decoupled weight decay (adamw) or L2 penalty (others)."""
    shape: Literal["decay", "cosine", "constant"] = "decay"
    """How the rate falls: by `decay` each `decay_steps` steps of the whole training (rows without segmentation steps
    count those that others take meanwhile), or as half a cosine over this network's own steps, once in each warm start
    (truth, landmarks) and once more in everything after them."""
    decay: float = 0.99
    """Factor for `shape=decay`."""
    decay_steps: int = 5000
    """Steps between two decays for `shape=decay`."""
    decay_from: Literal["training", "stage"] = "training"
    """Where `shape=decay` counts from: the first step of all, or that of each stage, as where each is a run of its own
    (release). Steps of both networks count."""
    em_decay: float | None = None
    """Another factor for the EM stage; null for the same."""
    warmup_steps: int = 0
    """Own steps over which the rate rises from zero, at the start and after each warm start."""
    final_fraction: float = 0.02
    """What is left of the rate at the end of `shape=cosine`."""
    clip_norm: float | None = None
    """Largest gradient norm; null for no clipping."""

    def __post_init__(self) -> None:
        if self.decay_steps < 1:
            raise ValueError(f"decay_steps={self.decay_steps} of an optimiser must be at least 1")
        negative = [name for name in ("learning_rate", "weight_decay", "warmup_steps") if getattr(self, name) < 0]
        if negative:
            raise ValueError(f"{negative[0]}={getattr(self, negative[0])} of an optimiser is negative")


def build_optimiser(
    parameters: Iterable[torch.nn.Parameter], config: OptimiserConfig, fused: bool = True
) -> torch.optim.Optimizer:
    """Return the optimiser that ``config`` names.

    ``fused`` takes the one-pass kernels that torch has for adamw and sgd (a third of the time). Under fp16 they would
    undo the loss scale themselves, after gradients have been clipped: there it must be False. Our own for adadelta do
    not.
    """
    rate, decay = config.learning_rate, config.weight_decay
    if config.algorithm == "adadelta":
        return FusedAdadelta(parameters, lr=rate, weight_decay=decay)
    builder = torch.optim.AdamW if config.algorithm == "adamw" else torch.optim.SGD
    return builder(parameters, lr=rate, weight_decay=decay, fused=fused or None)


def learning_rate(config: OptimiserConfig, schedule: FocusSchedule, network: Network, step: int) -> float:
    """Return the rate of ``network`` at ``step`` of the whole training."""
    done, total = schedule.rate_span(step, network)
    rate = config.learning_rate
    phase, stage = schedule.phase(step), schedule.stage(step)
    if phase is Phase.PRETRAIN and config.pretraining_learning_rate is not None:
        rate = config.pretraining_learning_rate
    if phase in PHOTOMETRIC and config.photometric_learning_rate is not None:
        rate = config.photometric_learning_rate
    if stage == "em" and config.em_learning_rate is not None:
        rate = config.em_learning_rate
    if done < config.warmup_steps:
        rate *= (done + 1) / config.warmup_steps
    if config.shape == "decay":
        decay = config.em_decay if stage == "em" and config.em_decay is not None else config.decay
        whole, place = schedule.in_whole(step)
        origin = whole.stage_start(place) if config.decay_from == "stage" else 0
        rate *= decay ** ((place - origin) // config.decay_steps)
    elif config.shape == "cosine":
        fraction = done / max(total, 1)
        rate *= config.final_fraction + (1 - config.final_fraction) * 0.5 * (1 + math.cos(math.pi * fraction))
    return rate
