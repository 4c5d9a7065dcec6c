"""Trainings that are told to leave."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from experiments.command_line import Preempted, run
from experiments.preemption import LeaveInTime
from lightning_modules.checkpointing import StepCheckpoint
from tests.experiments.test_processes import tiny


def trainer(folder: Path, world_size: int = 1) -> SimpleNamespace:
    saved = StepCheckpoint(folder)
    saved.save = lambda trainer, step: saved.path(step).touch()  # type: ignore[method-assign]
    strategy = SimpleNamespace(broadcast=lambda value: value, root_device=torch.device("cpu"))
    return SimpleNamespace(world_size=world_size, callbacks=[saved], strategy=strategy)


def test_a_signal_waits_for_the_end_of_the_step_and_of_its_row(tmp_path):
    module = SimpleNamespace(em_step=7)
    with LeaveInTime() as leave:
        leave.on_train_start(trainer(tmp_path), module)
        os.kill(os.getpid(), signal.SIGUSR1)
        leave.on_train_batch_end(trainer(tmp_path), module)
        assert not list(tmp_path.iterdir()), "saved between the batches of a step"
        leave.on_train_batch_start(trainer(tmp_path), module)
        module.em_step = 8
        leave.on_train_batch_end(trainer(tmp_path), module)
        assert [path.name for path in tmp_path.iterdir()] == ["step_00000008.ckpt"]
        for next_thing in (leave.on_train_batch_start, leave.on_validation_end):
            with pytest.raises(Preempted):
                next_thing(trainer(tmp_path), module)
        leave.on_train_end(trainer(tmp_path), module)
        leave.on_validation_end(trainer(tmp_path), module)
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


def test_before_the_first_step_it_leaves_at_once():
    with LeaveInTime(), pytest.raises(Preempted):
        signal.raise_signal(signal.SIGTERM)


def test_leaving_is_exit_code_75(monkeypatch):
    def main(arguments: list[str]) -> None:
        raise Preempted

    for rank, code in ((None, 75), ("0", 75), ("1", 0)):
        monkeypatch.delenv("SLURM_PROCID", raising=False)
        if rank is not None:
            monkeypatch.setenv("SLURM_PROCID", rank)
        with pytest.raises(SystemExit) as caught:
            run(main, [])
        assert caught.value.code == code


def test_several_processes_ask_each_other_at_the_same_steps(tmp_path, monkeypatch):
    ranks = [LeaveInTime(), LeaveInTime()]
    for rank in ranks:
        rank.on_train_start(trainer(tmp_path, 2), SimpleNamespace(em_step=0))
    asked: list[torch.Tensor] = []
    # What one asks is answered when both have: the first round collects, the second answers.
    for step in range(1, 1000):
        ranks[1]._asked = step >= 40
        states = [dict(vars(rank)) for rank in ranks]
        asked.clear()
        monkeypatch.setattr("experiments.preemption._largest", lambda values: (asked.append(values), values)[1])
        for rank in ranks:
            rank._batches += 1
            rank._told(trainer(tmp_path, 2))
        assert len(asked) in (0, 2), "one asks while the other trains"
        if not asked:
            continue
        answer = torch.stack(asked).max(0).values
        monkeypatch.setattr("experiments.preemption._largest", lambda values, answer=answer: answer)
        told = []
        for rank, state in zip(ranks, states, strict=True):
            vars(rank).update(state)
            rank._batches += 1
            told.append(rank._told(trainer(tmp_path, 2)))
        assert told[0] == told[1]
        if told[0]:
            assert step >= 40
            return
    pytest.fail("nobody has left")


def wait_for(path: Path, process: subprocess.Popen) -> None:
    waited = time.monotonic() + 120
    while not path.is_file() and time.monotonic() < waited and process.poll() is None:
        time.sleep(0.2)
    assert path.is_file(), process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_training_saves_and_leaves(tmp_path, number):
    process = tiny(tmp_path, "name=long", "trainer.devices=1", "model.steps=100000000")
    wait_for(tmp_path / "long/metrics.csv", process)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 75, err
    assert "Traceback" not in err and "told to leave: everything is saved" in out
    assert not (tmp_path / "long/ended.json").exists()
    (checkpoint,) = (tmp_path / "long/checkpoints").glob("*.ckpt")
    step = torch.load(checkpoint, weights_only=True)["em_step"]
    with (tmp_path / "long/metrics.csv").open(newline="") as file:
        steps = [int(row["step"]) for row in csv.DictReader(file) if row["loss"]]  # a row of a validation may follow
    assert steps[-1] == step, "the row of the last step is missing"
    goes_on = tiny(tmp_path, "name=long", "trainer.devices=1", f"model.steps={step + 2}", "resume=auto",
                   "allow_changes=true")  # fmt: skip
    out, err = goes_on.communicate(timeout=120)
    assert goes_on.returncode == 0, err
    assert (tmp_path / f"long/checkpoints/step_{step + 2:08d}.ckpt").is_file()
    assert (tmp_path / "long/ended.json").is_file()


@pytest.mark.slow
def test_two_processes_save_the_same_step_when_one_is_told(tmp_path):
    process = tiny(tmp_path, "name=pair", "trainer.devices=2", "model.steps=100000000")
    wait_for(tmp_path / "pair/metrics.csv", process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 75, err
    assert "Traceback" not in err and out.count("told to leave") == 1
    assert len(list((tmp_path / "pair/checkpoints").glob("*.ckpt"))) == 1
