"""A run that another one replaces: what goes with it, and what its successor has written by then."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from pytorch_lightning.loggers import Logger

from experiments.loggers import build_loggers
from experiments.run_start import RunStart, plan_run
from tests.experiments.test_run_folder import content, start_run


class FakeWandbLogger(Logger):
    """Knows its id, as W&B's does."""

    name, version = None, None

    def __init__(self, id: str, **_: object) -> None:
        super().__init__()
        self.version = id

    def log_metrics(self, *_: object) -> None: ...

    def log_hyperparams(self, *_: object) -> None: ...


def test_a_replaced_run_keeps_what_a_logger_writes_before_the_first_step(composed) -> None:
    run = start_run(composed("name=a"))
    (run.report / "result.txt").write_text("of the old run")
    composition = composed("name=a", "overwrite=true", "seed=7")
    with RunStart(plan_run(composition), composition) as start:
        (run.path / "tensorboard").mkdir()
        (run.path / "tensorboard" / "events").write_text("of the new run")
        start.keep()
    assert sorted(content(run.path)) == ["config.yaml", "tensorboard/events"]
    assert "seed: 7" in run.config.read_text()


def test_a_replaced_run_has_an_id_of_its_own_and_goes_on_with_it(composed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.loggers._wandb_offline", lambda: True)
    monkeypatch.setattr("experiments.loggers._require", lambda *_: None)
    monkeypatch.setattr("experiments.loggers.WandbLogger", FakeWandbLogger)

    def train(*overrides: str, begun: int | None = None, steps: bool = True) -> str | None:
        composition = composed("name=a", "logger=wandb", *overrides)
        run = plan_run(composition)
        with RunStart(run, composition) as start:
            loggers = build_loggers(composition.config, {}, run, begun)
            if steps:
                start.on_before_optimizer_step(SimpleNamespace(loggers=loggers))  # type: ignore[arg-type]
        return loggers[1].version

    first = train()
    assert train("overwrite=true", steps=False) != first
    assert train("resume=auto", begun=3) == first, "a training that failed before its first step has changed nothing"
    second = train("overwrite=true")
    assert second != first
    assert train("resume=auto", begun=3) == second


def test_a_replaced_run_keeps_what_a_logger_writes_under_an_old_name(composed) -> None:
    run = start_run(composed("name=a"))
    newest = run.path / "newest"
    newest.symlink_to(run.report)
    (run.path / "settings").write_text("old")
    (run.path / "old").symlink_to(run.report)
    for name in ("settings", "newest"):
        os.utime(run.path / name, (1.0, 1.0), follow_symlinks=False)
    composition = composed("name=a", "overwrite=true", "seed=7")
    with RunStart(plan_run(composition), composition) as start:
        (run.path / "settings").write_text("new")
        newest.unlink()
        newest.symlink_to(run.images)
        start.keep()
    assert (run.path / "settings").read_text() == "new"
    assert newest.readlink() == run.images
    assert not (run.path / "old").is_symlink()
