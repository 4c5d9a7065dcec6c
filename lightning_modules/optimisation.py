"""The optimiser of a training with a single network, and its learning rate, a pure function of the step."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from lightning_modules.training_config import OptimiserConfig


def build_optimiser(
    parameters: Iterable[nn.Parameter], config: OptimiserConfig, fused: bool = True
) -> torch.optim.Optimizer:
    """Return the optimiser that ``config`` names, by one-pass kernels unless ``fused`` is False (clipping in fp16)."""
    settings = {"lr": config.learning_rate, "weight_decay": config.weight_decay, "fused": fused or None}
    if config.algorithm == "adamw":
        return torch.optim.AdamW(parameters, **settings)
    return torch.optim.SGD(parameters, momentum=config.momentum, **settings)


def learning_rate(config: OptimiserConfig, step: int, total: int, epoch: int) -> float:
    """Return the rate of a step.

    Args:
        config: the form.
        step: steps done before it.
        total: steps of the whole training.
        epoch: that it lies in, from 0.
    """
    rate = config.learning_rate
    if step < config.warmup_steps:
        rate *= (step + 1) / config.warmup_steps
    if config.shape == "epochs":
        return rate * config.decay ** sum(epoch >= end for end in config.decay_epochs)
    if config.shape == "cosine":
        fall = 0.5 * (1 + math.cos(math.pi * min(step / max(total, 1), 1.0)))
        return rate * (config.final_fraction + (1 - config.final_fraction) * fall)
    return rate
