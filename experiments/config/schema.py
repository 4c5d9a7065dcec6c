"""The settings of an experiment that do not belong to a method or a data set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from omegaconf import MISSING


@dataclass
class TrainerConfig:
    """Arguments of Lightning's Trainer that an experiment may set."""

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"] = "auto"
    """What to run on."""
    devices: int | str = "auto"
    """How many devices, `auto` for all, or their indices as '0,2'."""
    num_nodes: int = 1
    """Machines; start one process a device with torchrun or srun and give the run a `name`."""
    strategy: str = "auto"
    """Lightning strategy; `auto` takes DDP for several processes, with the variant that the method needs."""
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    """Arithmetic; prefer bf16-mixed to 16-mixed."""
    max_epochs: int | None = None
    """Stop after so many epochs; -1 for no limit, null where the method ends by itself or another limit is set."""
    max_steps: int = -1
    """Stop after so many optimiser steps; -1 for no limit."""
    max_time: str | None = None
    """Stop after this time, as days:hours:minutes:seconds."""
    limit_train_batches: int | float | None = None
    """Batches (a count) or part (a fraction) of each training epoch; null for all."""
    limit_val_batches: int | float | None = None
    """Batches or part of each validation; 0 for no validation."""
    val_check_interval: int | float | None = None
    """Validate after so many batches, or this part of an epoch; null for once an epoch."""
    check_val_every_n_epoch: int | None = 1
    """Validate every so many epochs; null to count `val_check_interval` across epochs."""
    num_sanity_val_steps: int = 0
    """Validation batches to try before training."""
    log_every_n_steps: int = 20
    """Steps between two rows of metrics."""
    gradient_clip_val: float | None = None
    """Largest gradient norm; refused by methods that step their optimisers themselves."""
    accumulate_grad_batches: int = 1
    """Batches a step; refused by methods that step their optimisers themselves."""
    deterministic: bool = False
    """Ask torch for deterministic algorithms only."""
    benchmark: bool = False
    """Let cuDNN try algorithms and keep the fastest."""
    fast_dev_run: bool = False
    """Run one batch of everything and write no checkpoint."""
    detect_anomaly: bool = False
    """Find the operation that made the first NaN; slow."""
    enable_progress_bar: bool = True
    """Show a progress bar."""
    enable_model_summary: bool = False
    """Print the table of layers."""

    def __post_init__(self) -> None:
        if self.log_every_n_steps < 1:
            raise ValueError(f"log_every_n_steps={self.log_every_n_steps} must be at least 1")


@dataclass
class CheckpointConfig:
    """When the training state is saved."""

    every_steps: int = 1000
    """Steps between two checkpoints; the last state is always saved."""
    keep: int = 2
    """How many of the newest checkpoints stay."""
    milestones: list[int] = field(default_factory=list)
    """Steps at which a checkpoint is saved as well, and stays."""

    def __post_init__(self) -> None:
        for name in ("every_steps", "keep"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")


@dataclass
class WandbConfig:
    """Weights & Biases, for `logger=wandb`."""

    project: str = "seethrough"
    """Project that the run belongs to."""
    entity: str | None = None
    """User or team; null for the account's own."""
    group: str | None = None
    """Group of runs."""
    tags: list[str] = field(default_factory=list)
    """Labels of the run."""
    keep_checkpoint: bool = True
    """Keep the last checkpoint as an artifact."""


@dataclass
class ExperimentConfig:
    """One experiment: a method, a data set, and how to train."""

    method: str = MISSING
    """Which method to train; decides what `model` may hold."""
    dataset: str = MISSING
    """Which data to train on; decides what `data` may hold."""
    model: Any = None
    """Settings of the method."""
    data: Any = None
    """Settings of the data set."""
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    """Devices, precision, and when to stop."""
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)
    """When the training state is saved."""
    logger: Literal["csv", "wandb", "tensorboard"] = "csv"
    """Where metrics and pictures go besides the run folder."""
    wandb: WandbConfig = field(default_factory=WandbConfig)
    """Weights & Biases."""
    seed: int = 0
    """Seed of everything random."""
    out: str = "runs"
    """Folder that holds the run folders."""
    name: str | None = None
    """Name of the run folder; null for method and time."""
    resume: str | None = None
    """`auto` to go on from the run's newest checkpoint, or the path of a checkpoint."""
    overwrite: bool = False
    """Replace an existing run of the same name."""
    allow_changes: bool = False
    """Resume although settings that shape the result have changed."""
