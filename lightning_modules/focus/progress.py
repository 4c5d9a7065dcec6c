"""A progress bar over the whole schedule, with the stage that is under way."""

from __future__ import annotations

import pytorch_lightning as pl
from tqdm import tqdm

from lightning_modules.focus.schedule import Phase

STAGE_NAMES = {
    Phase.SUPERVISE: "supervision",
    Phase.LANDMARKS: "landmarks",
    Phase.COLOUR: "colours",
    Phase.INITIALISE: "initialisation",
    Phase.PRETRAIN: "segmentation pre-training",
    Phase.SEGMENT: "EM: segmentation",
    Phase.RECONSTRUCT: "EM: reconstruction",
}


class StageProgress(pl.Callback):
    """Show steps, stage, loss and remaining time of a FOCUS training on one line."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the bar where the run begins or goes on."""
        if trainer.is_global_zero:
            total = pl_module.schedule.end_step
            self._bar = tqdm(total=total, initial=int(pl_module.em_step), dynamic_ncols=True, mininterval=1.0)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Move on by one step."""
        if self._bar is None:
            return
        step = int(pl_module.em_step) - 1
        if step % 20 == 0:
            self._bar.set_description(STAGE_NAMES[pl_module.schedule.phase(step)], refresh=False)
            loss = trainer.callback_metrics.get("loss")
            if loss is not None:
                self._bar.set_postfix(loss=f"{float(loss):.3f}", refresh=False)
        self._bar.update(1)

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
