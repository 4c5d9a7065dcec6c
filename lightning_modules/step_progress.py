"""A progress bar over all steps of a training that ends itself; in a log file a line now and then."""

from __future__ import annotations

import sys
import time

import pytorch_lightning as pl
from tqdm import tqdm

from lightning_modules.checkpointing import last_step, training_steps
from lightning_modules.speed import Speed

LINE_SECONDS = 60.0
_INTERVAL = 20
_FORMAT = "{desc}{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}, {remaining} left{postfix}"


class StepProgress(pl.Callback):
    """Show what is being trained, the step of the schedule, images a second, the time left and the loss.

    On a terminal this is one line that changes. Elsewhere, where each change would be a line of its own, a line is
    written when something else begins, and every minute.
    """

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._said = ""
        self._last = 0.0
        self._begun = (0, 0.0)

    def doing(self, module: pl.LightningModule, step: int) -> str:
        """Return what a step does, to be shown before the bar; empty where all do the same."""
        return ""

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Open the bar where the run begins or goes on; some methods know only now how many steps there are."""
        if not trainer.is_global_zero or self._bar is not None:
            return
        begun, end = training_steps(trainer, pl_module), last_step(trainer, pl_module)
        drawn = {"dynamic_ncols": True, "mininterval": 1.0, "disable": not on_terminal()}
        self._bar = tqdm(total=end, initial=begun, bar_format=_FORMAT if end else None, **drawn)
        self._last = time.monotonic()
        self._begun, self._said = (begun, self._last), ""

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        """Move on by one step."""
        if self._bar is None:
            return
        step = training_steps(trainer, pl_module)
        if self._bar.disable:
            self._write_line(trainer, pl_module, step)
            return
        if (step - 1) % _INTERVAL == 0:
            doing = self.doing(pl_module, step - 1)
            self._bar.set_description_str(f"{doing} " if doing else "", refresh=False)
            self._bar.set_postfix_str(", ".join(_measured(trainer)), refresh=False)
        self._bar.update(step - self._bar.n)

    def _write_line(self, trainer: pl.Trainer, module: pl.LightningModule, step: int) -> None:
        now, doing = time.monotonic(), self.doing(module, max(step - 1, 0))
        if doing == self._said and now - self._last < LINE_SECONDS:
            return
        self._said, self._last = doing, now
        end, (begun, since) = last_step(trainer, module), self._begun
        parts = [f"step {step:,} of {end:,}" if end else f"step {step:,}", *_measured(trainer)]
        if end and step > begun and now - since >= LINE_SECONDS:  # before, it would be a guess
            parts.append(f"{tqdm.format_interval((now - since) * (end - step) / (step - begun))} left")
        print(f"{doing}: " * bool(doing) + ", ".join(parts), flush=True)

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


def on_terminal() -> bool:
    """Return whether what is drawn can be drawn over."""
    return sys.stderr.isatty()


def _measured(trainer: pl.Trainer) -> list[str]:
    """Return images a second, the loss, and the share of waiting where it is large, as far as they are known."""
    parts, last = [], []
    for speed in (callback for callback in trainer.callbacks if isinstance(callback, Speed)):  # pyright: ignore
        if speed.recent:
            parts.append(f"{speed.recent:.{1 if speed.recent < 100 else 0}f} images/s")
        if speed.waiting >= 0.1:
            last.append(f"{speed.waiting:.0%} waiting for data")
    loss = trainer.callback_metrics.get("loss")
    return [*parts, *([f"loss {float(loss):.3f}"] if loss is not None else []), *last]
