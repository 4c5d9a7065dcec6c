"""A method and a data set of a few numbers, to try the launcher with: a line is fitted to noiseless points."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pytorch_lightning as pl
import torch
from omegaconf import MISSING
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lightning_modules.step_rows import log_step


@dataclass
class TinyOptimiserConfig:
    learning_rate: float = 0.1
    """Learning rate."""
    warmup: int | None = None
    """Warm-up steps."""


@dataclass
class TinyConfig:
    """A line."""

    slope: float = 0.0
    """Where the slope starts, in units a unit."""
    kind: Literal["line", "constant"] = "line"
    """What is fitted."""
    steps: int = 6
    """Steps until it stops."""
    optimiser: TinyOptimiserConfig = field(default_factory=TinyOptimiserConfig)
    """How it is fitted."""
    second: TinyOptimiserConfig | None = None
    """Another optimiser."""
    weights: dict[str, float] = field(default_factory=dict)
    """Weights by name."""
    layers: list[int] = field(default_factory=lambda: [1, 2])
    """Sizes."""

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ValueError("steps is negative")


@dataclass
class TinyDataConfig:
    """Points on a line."""

    points: int = 16
    """How many."""
    batch_size: int = 4
    """Points a step."""
    folder: str = "nowhere"
    """A folder."""


@dataclass
class NeedyDataConfig:
    """Points from somewhere."""

    folder: str = MISSING
    """Where they lie."""


class TinyModule(pl.LightningModule):
    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.save_hyperparameters({"config": asdict(config)})
        self.config = config
        self.slope = nn.Parameter(torch.tensor(config.slope))
        # A parameter that only every second step uses, as in a training that alternates.
        self.offset = nn.Parameter(torch.tensor(0.0))
        self.em_step = 0
        self.total_steps = config.steps

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), self.config.optimiser.learning_rate)

    def training_step(self, batch: list[Tensor], batch_idx: int) -> None:
        x, y = batch
        predicted = self.slope * x + (self.offset if self.em_step % 2 else 0)
        loss = (predicted - y).square().mean()
        optimiser = self.optimizers()
        optimiser.zero_grad()
        self.manual_backward(loss)
        optimiser.step()
        self.em_step += 1
        self.trainer.should_stop = self.em_step >= self.config.steps
        log_step(self, {"loss": loss}, self.em_step, self.trainer.should_stop)

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("validation/loss", (self.slope * batch[0] - batch[1]).abs().mean())

    def pictures(self, batch: Any) -> dict[str, Tensor]:
        return {"validation/line": batch[0].reshape(-1, 1, 1, 1).expand(-1, 3, 8, 8)}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["em_step"] = self.em_step

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.em_step = checkpoint["em_step"]


class TinyData(pl.LightningDataModule):
    def __init__(self, config: TinyDataConfig) -> None:
        super().__init__()
        self.config = config
        x = torch.linspace(0, 1, config.points)
        self.points = TensorDataset(x, 3 * x)

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.points, self.config.batch_size)

    val_dataloader = train_dataloader
