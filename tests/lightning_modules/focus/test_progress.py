"""The progress bar of a training."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from lightning_modules import step_progress
from lightning_modules.checkpointing import last_step, planned_steps
from lightning_modules.focus.progress import StageProgress, stage_name
from lightning_modules.speed import Speed


@pytest.mark.parametrize("interrupted", [True, False])
def test_the_bar_ends_its_line(interrupted, focus_config, monkeypatch):
    """After Ctrl-C as well: otherwise the next words stand behind the blanks of the unfinished bar."""
    written = io.StringIO()
    bar = step_progress.tqdm
    monkeypatch.setattr(step_progress, "tqdm", lambda **settings: bar(file=written, **settings))
    monkeypatch.setattr(step_progress, "on_terminal", lambda: True)
    trainer = SimpleNamespace(is_global_zero=True, callback_metrics={}, max_steps=-1, callbacks=[])
    module = SimpleNamespace(schedule=focus_config.training_schedule(), em_step=1)
    shown = StageProgress()
    shown.on_train_batch_start(trainer, module)
    shown.on_train_batch_end(trainer, module)
    assert written.getvalue() and not written.getvalue().endswith("\n")
    if interrupted:
        shown.on_exception(trainer, module, KeyboardInterrupt())
    else:
        shown.on_train_end(trainer, module)
    assert written.getvalue().endswith("\n") and written.getvalue().count("\n") == 1
    shown.on_exception(trainer, module, KeyboardInterrupt())  # without an open bar there is nothing to end
    assert written.getvalue().count("\n") == 1


def test_the_bar_counts_to_where_this_start_ends(focus_config):
    """Not to the end of the schedule, if ``trainer.max_steps`` stops before it."""
    module = SimpleNamespace(schedule=focus_config.training_schedule(), em_step=5)
    planned = planned_steps(module)
    ends = [last_step(SimpleNamespace(max_steps=limit, global_step=5), module) for limit in (-1, 8, 10**6, 2)]
    assert ends == [planned, 8, planned, 5]
    assert planned_steps(SimpleNamespace()) is None
    assert last_step(SimpleNamespace(max_steps=3, global_step=0), SimpleNamespace(global_step=0, em_step=0)) == 3


def test_a_log_file_gets_a_line_when_something_else_begins(focus_config, capsys):
    module = SimpleNamespace(schedule=focus_config.training_schedule(), em_step=0)
    speed = Speed()
    speed.recent, speed.waiting = 41.6, 0.25
    trainer = SimpleNamespace(is_global_zero=True, callback_metrics={"loss": 1.5}, max_steps=-1, callbacks=[speed])
    shown = StageProgress()
    while module.em_step < module.schedule.end_step:
        shown.on_train_batch_start(trainer, module)
        module.em_step += 1
        shown.on_train_batch_end(trainer, module)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("landmarks: step 1 of 15, 41.6 images/s, loss 1.500, 25% waiting for data")
    names = [line.partition(": step")[0] for line in lines]
    assert names == list(dict.fromkeys(stage_name(module.schedule, step) for step in range(15)))
