"""The shipped template on a real SLURM: trainings that make room, are queued again, and end as if nothing had been."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from experiments.config.sources import CONFIGS

STEPS = 400
WORDS = [
    "focus", "preset/small", "data/synthetic", f"model.schedule={{landmark_steps: {STEPS}, last_stage: landmarks}}",
    "data.size=24", "data.validation_size=4", "data.batch_size=4", "data.render_processes=1",
    "trainer.log_every_n_steps=1",
    "trainer.enable_progress_bar=false", "checkpoint.every_steps=100000",
]  # fmt: skip


def wait(what: str, happened: Callable[[], object], output: Path, seconds: float = 400) -> None:
    until = time.monotonic() + seconds
    while not happened():
        said = output.read_text() if output.is_file() else "no output"
        assert time.monotonic() < until, f"{what} has not come: {said}"
        time.sleep(0.3)


def rows(run: Path) -> list[dict[str, str]]:
    if not (run / "metrics.csv").is_file():
        return []
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def submit(slurm, tmp_path, monkeypatch) -> Callable[..., tuple[str, Path, Path]]:
    """Submits a training by the shipped template; returns its job, its run folder and what it prints."""
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def call(name: str, *options: str, words: tuple[str, ...] = ()) -> tuple[str, Path, Path]:
        output = tmp_path / f"{name}.out"
        export = f"--export=ALL,PYTHON={sys.executable},OMP_NUM_THREADS=1"
        place = [f"data.folder={tmp_path}/pools", f"out={tmp_path}", f"name={name}"]
        job = slurm(
            "sbatch", "--parsable", "--gpus-per-node=0", "--cpus-per-task=1", export, f"--output={output}", *options,
            str(CONFIGS / "slurm/train.sbatch"), *WORDS, *place, *words,
        )  # fmt: skip
        return job, tmp_path / name, output

    return call


@pytest.mark.slow
def test_a_training_that_makes_room_twice_ends_with_the_same_result(slurm, submit):
    _, straight, output = submit("straight")
    wait("the end of the training without interruption", (straight / "ended.json").is_file, output)

    job, run, output = submit("interrupted")
    wait("the first row", lambda: len(rows(run)) > 20, output)
    # What --signal=USR1@120 of the template does before the time is over: the script has the job queued again.
    slurm("scancel", "--signal=USR1", job)
    wait("the job back in the queue", lambda: "queueing job" in output.read_text() and _pending(slurm, job), output)
    first = len(rows(run))
    assert 20 < first < STEPS and not (run / "ended.json").exists()

    slurm("scontrol", "update", f"JobId={job}", "StartTime=now")  # SLURM would wait two minutes
    wait("more rows", lambda: len(rows(run)) > first + 20, output)
    # What a preemption by a job of higher priority does: SLURM stops the job and queues it again itself.
    slurm("scontrol", "requeue", job)
    wait("the job back in the queue", lambda: _pending(slurm, job), output)
    assert first + 20 < len(rows(run)) < STEPS

    slurm("scontrol", "update", f"JobId={job}", "StartTime=now")
    wait("the end", (run / "ended.json").is_file, output)
    said = output.read_text()
    assert said.count("told to leave: everything is saved") == 2 and said.count("going on from") == 2, said
    assert said.count("queueing job") == 1, "the script queued a job that SLURM had queued itself"

    one, two = (torch.load(f / f"checkpoints/step_{STEPS:08d}.ckpt", weights_only=True) for f in (straight, run))
    for key, value in one["state_dict"].items():
        assert torch.equal(value, two["state_dict"][key]), key
    assert [row["step"] for row in rows(run)] == [row["step"] for row in rows(straight)]
    assert [row["landmarks/landmark"] for row in rows(run)] == [row["landmarks/landmark"] for row in rows(straight)]


@pytest.mark.slow
def test_two_tasks_of_srun_are_one_training(slurm, submit):
    words = ("trainer.accelerator=cpu", "trainer.max_steps=6")
    _, run, output = submit("pair", "--ntasks-per-node=2", words=words)
    wait("the end", (run / "ended.json").is_file, output)
    assert len(rows(run)) == 6
    assert output.read_text().count("training focus on synthetic") == 1
    saved = torch.load(run / "checkpoints/step_00000006.ckpt", weights_only=True)
    assert saved["config"]["trainer"]["devices"] == 2


def _pending(slurm: Callable[..., str], job: str) -> bool:
    return slurm("squeue", "--noheader", f"--jobs={job}", "--format=%T") == "PENDING"
