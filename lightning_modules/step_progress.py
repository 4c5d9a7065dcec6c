"""A progress bar over all steps of a training that ends itself."""

from __future__ import annotations

import pytorch_lightning as pl
from tqdm import tqdm

from lightning_modules.checkpointing import training_steps

_INTERVAL = 20


class StepProgress(pl.Callback):
    """Show steps, loss and remaining time of a training on one line; methods say how many steps there are."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def total(self, module: pl.LightningModule) -> int:
        """Return the step at which the training ends."""
        return int(module.total_steps)  # pyright: ignore[reportArgumentType]

    def doing(self, module: pl.LightningModule, step: int) -> str:
        """Return what a step does, to be shown before the bar; empty where all do the same."""
        return ""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the bar where the run begins or goes on."""
        if trainer.is_global_zero:
            begun = training_steps(trainer, pl_module)
            self._bar = tqdm(total=self.total(pl_module), initial=begun, dynamic_ncols=True, mininterval=1.0)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Move on by one step."""
        if self._bar is None:
            return
        step = training_steps(trainer, pl_module)
        if (step - 1) % _INTERVAL == 0:
            self._bar.set_description(self.doing(pl_module, step - 1), refresh=False)
            loss = trainer.callback_metrics.get("loss")
            if loss is not None:
                self._bar.set_postfix(loss=f"{float(loss):.3f}", refresh=False)
        self._bar.update(step - self._bar.n)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Close the bar."""
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Close the bar after Ctrl-C too: what is said next would stand on its line, behind the blanks of its rest."""
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
