"""A progress bar over all steps of a training that ends itself."""

from __future__ import annotations

import pytorch_lightning as pl
from tqdm import tqdm

from lightning_modules.checkpointing import last_step, training_steps

_INTERVAL = 20


class StepProgress(pl.Callback):
    """Show steps, loss and remaining time of a training on one line, up to where this start of it ends."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def doing(self, module: pl.LightningModule, step: int) -> str:
        """Return what a step does, to be shown before the bar; empty where all do the same."""
        return ""

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Open the bar where the run begins or goes on; some methods know only now how many steps there are."""
        if trainer.is_global_zero and self._bar is None:
            begun, end = training_steps(trainer, pl_module), last_step(trainer, pl_module)
            self._bar = tqdm(total=end, initial=begun, dynamic_ncols=True, mininterval=1.0)

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
