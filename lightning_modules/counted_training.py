"""What all trainings of one network with one optimiser share: how long they are, their rates, curves and checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lightning_modules.finite_losses import FiniteLosses, gradient_norm, guilty_term
from lightning_modules.optimisation import build_optimiser, learning_rate
from lightning_modules.step_rows import log_step
from lightning_modules.training_config import OptimiserConfig, ScheduleConfig
from seethrough.losses.reduction import areas_of_all_processes


class CountedTraining(pl.LightningModule):
    """A training that ends itself after a number of steps of its optimiser, or of epochs.

    Args:
        optimiser: how it is optimised.
        schedule: for how long.

    Attributes:
        total_steps: the step at which the training ends; known once it has begun.
    """

    def __init__(self, optimiser: OptimiserConfig, schedule: ScheduleConfig) -> None:
        super().__init__()
        self._optimiser_config, self._schedule_config = optimiser, schedule
        self.losses = FiniteLosses()
        self.total_steps = 0
        self._epoch_steps = 1
        self._again: Callable[[], Mapping[str, Tensor]] = dict

    def trained(self) -> nn.Module:
        """Return what the optimiser changes."""
        return self

    def configure_optimizers(self) -> dict[str, Any]:
        """Return the optimiser with the rate of each step."""
        config = self._optimiser_config
        optimiser = build_optimiser(self.trained().parameters(), config, self.trainer.precision != "16-mixed")

        def factor(step: int) -> float:
            rate = learning_rate(config, step, self.total_steps, step // self._epoch_steps)
            return rate / (config.learning_rate or 1.0)

        rates = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def on_train_start(self) -> None:
        """Find out how long the training is: not before, as a loader that is asked too early does not resume."""
        batches, schedule = self.trainer.num_training_batches, self._schedule_config
        self._epoch_steps = max(math.ceil(batches / self.trainer.accumulate_grad_batches), 1)
        self.total_steps = schedule.steps or (schedule.epochs or 0) * self._epoch_steps
        self.trainer.should_stop = self.global_step >= self.total_steps  # a finished one that is started again

    def part_of_step(self) -> int:
        """Return how many batches of the step under way lie before this one, where several make a step."""
        epoch = self.trainer.fit_loop.epoch_loop
        return epoch.batch_idx % self.trainer.accumulate_grad_batches

    def loss_of(
        self, make: Callable[[], Mapping[str, Tensor]], ids: Sequence[str], measured: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """Return the loss of a batch, note it, and write the row of its step; ends the training after the last.

        Args:
            make: returns the () terms whose sum is minimised; called again to find one whose gradient is not finite.
            ids: samples that they are of.
            measured: other numbers of the row, filled by ``make``.
        """
        with areas_of_all_processes(self.trainer.world_size):
            terms = make()
        loss = torch.stack(list(terms.values())).sum()
        self._again = make
        self.losses.add(self.global_step, terms, ids)
        if not self.trainer.fit_loop._should_accumulate():
            step = self.global_step + 1
            last = step >= self.total_steps
            self.trainer.should_stop = self.trainer.should_stop or last
            row = {"loss": loss, **{f"train/{name}": value for name, value in terms.items()}}
            log_step(self, {**row, **(measured or {})}, step, last)
        return loss

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip at the setting of the method; stop where a loss or a gradient is not finite, before weights are."""
        network = self.trained()
        norm = gradient_norm(network, self._optimiser_config.clip_norm)
        if self.trainer.precision != "16-mixed":  # whose scaler expects such gradients, and skips their steps
            self.losses.add_gradient(norm)
        # Looking at a number makes a GPU wait for it; on the CPU it costs nothing.
        if self.device.type == "cpu" or self.global_step % self.trainer.log_every_n_steps == 0:  # pyright: ignore
            self.losses.check(lambda: guilty_term(self._again(), network))

    def configure_gradient_clipping(self, optimizer: torch.optim.Optimizer, *_: Any, **__: Any) -> None:
        """Leave it to :meth:`on_before_optimizer_step`, which sees the same gradients."""
