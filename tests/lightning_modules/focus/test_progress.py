"""The progress bar of a training."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from lightning_modules import step_progress
from lightning_modules.focus.progress import StageProgress


@pytest.mark.parametrize("interrupted", [True, False])
def test_the_bar_ends_its_line(interrupted, focus_config, monkeypatch):
    """After Ctrl-C as well: otherwise the next words stand behind the blanks of the unfinished bar."""
    written = io.StringIO()
    bar = step_progress.tqdm
    monkeypatch.setattr(step_progress, "tqdm", lambda **settings: bar(file=written, **settings))
    trainer = SimpleNamespace(is_global_zero=True, callback_metrics={})
    module = SimpleNamespace(schedule=focus_config.training_schedule(), em_step=1)
    shown = StageProgress()
    shown.on_train_start(trainer, module)
    shown.on_train_batch_end(trainer, module)
    assert written.getvalue() and not written.getvalue().endswith("\n")
    if interrupted:
        shown.on_exception(trainer, module, KeyboardInterrupt())
    else:
        shown.on_train_end(trainer, module)
    assert written.getvalue().endswith("\n") and written.getvalue().count("\n") == 1
    shown.on_exception(trainer, module, KeyboardInterrupt())  # without an open bar there is nothing to end
    assert written.getvalue().count("\n") == 1
