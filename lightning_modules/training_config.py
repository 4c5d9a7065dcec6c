"""Settings of trainings with a single network: how it is optimised, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class OptimiserConfig:
    """How the network is optimised."""

    algorithm: Literal["sgd", "adamw"] = "sgd"
    """The optimiser."""
    learning_rate: float = 1e-4
    """Learning rate at full height."""
    momentum: float = 0.0
    """Of sgd."""
    weight_decay: float = 0.0
    """Decoupled weight decay (adamw) or L2 penalty (sgd)."""
    shape: Literal["epochs", "cosine", "constant"] = "epochs"
    """How the rate falls: by `decay` after each of `decay_epochs`, or as half a cosine over the whole training."""
    decay: float = 0.1
    """Factor for `shape=epochs`."""
    decay_epochs: list[int] = field(default_factory=lambda: [50, 100])
    """Epochs after which the rate falls, for `shape=epochs`."""
    warmup_steps: int = 0
    """Steps over which the rate rises from zero."""
    final_fraction: float = 0.01
    """What is left of the rate at the end of `shape=cosine`."""
    clip_norm: float | None = None
    """Largest gradient norm; null for no clipping."""

    def __post_init__(self) -> None:
        names = ("learning_rate", "momentum", "weight_decay", "warmup_steps", "decay", "final_fraction")
        negative = [name for name in names if getattr(self, name) < 0]
        if negative:
            raise ValueError(f"optimiser.{negative[0]}={getattr(self, negative[0])} is negative")


@dataclass
class ScheduleConfig:
    """When a training ends; one of the two is set."""

    epochs: int | None = 150
    """Passes over the training set."""
    steps: int | None = None
    """Steps of the optimiser."""

    def __post_init__(self) -> None:
        given = [value for value in (self.epochs, self.steps) if value is not None]
        if len(given) != 1 or given[0] < 1:
            raise ValueError(
                f"schedule.epochs={self.epochs} and schedule.steps={self.steps}: set one of them to at least 1, "
                "and the other one to null"
            )
