"""Going on after whatever has happened to a run's files."""

from __future__ import annotations

import csv
import errno
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from datamodules.photos.faults import FaultyDataError
from experiments.run_folder import RunFolder
from experiments.run_logger import RunLogger
from experiments.train import main
from lightning_modules import checkpoint_files
from seethrough.errors import SeethroughError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def line(tmp_path: Path):
    """Return the arguments of a training with one batch an epoch."""

    def arguments(*more: str) -> list[str]:
        fixed = ["method=tiny", "dataset=points", f"out={tmp_path}", "trainer.accelerator=cpu", "trainer.devices=1"]
        fixed += ["trainer.log_every_n_steps=1", "trainer.enable_progress_bar=false", "data.batch_size=16", "name=a"]
        return [*fixed, "checkpoint.every_steps=2", "checkpoint.keep=9", *more]

    return arguments


def rows(folder: Path) -> list[tuple[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return [(row["step"], row["loss"] or row["validation/loss"]) for row in csv.DictReader(file)]


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_is_used(line, tmp_path: Path, capsys) -> None:
    main(line("model.steps=6"))
    before, checkpoints = rows(tmp_path / "a"), tmp_path / "a/checkpoints"
    newest = checkpoints / "step_00000006.ckpt"
    newest.write_bytes(newest.read_bytes()[:-30])
    capsys.readouterr()
    main(line("model.steps=6", "resume=auto"))
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{newest} is damaged (it is cut off, or no checkpoint): going on from the one before it"
    assert told[2] == f"going on from {checkpoints / 'step_00000004.ckpt'}"
    assert rows(tmp_path / "a") == before
    for file in checkpoints.iterdir():
        file.write_bytes(b"")
    with pytest.raises(SeethroughError, match=r"all checkpoints in .* are damaged: train again with overwrite=true"):
        main(line("model.steps=6", "resume=auto"))


def test_a_finished_training_that_is_started_again_logs_nothing(line, tmp_path: Path) -> None:
    main(line("model.steps=4"))
    before = rows(tmp_path / "a")
    main(line("model.steps=4", "resume=auto"))
    assert rows(tmp_path / "a") == before


def test_a_training_that_stops_at_ends_of_epochs_again_and_again_is_in_the_right_one(line, tmp_path: Path) -> None:
    """No validation ends these epochs: Lightning would go on in the one that is over."""
    words = line("model.steps=6", "trainer.limit_val_batches=0")
    main(words)
    whole = torch.load(tmp_path / "a/checkpoints/step_00000006.ckpt", weights_only=True)
    for step in (2, 4):
        for path in (tmp_path / "a/checkpoints").iterdir():
            if path.name > f"step_{step:08d}.ckpt":
                path.unlink()
        main([*words, "resume=auto"])
    again = torch.load(tmp_path / "a/checkpoints/step_00000006.ckpt", weights_only=True)
    assert again["loops"] == whole["loops"]
    assert again["epoch"] == whole["epoch"] == 5


def test_every_changed_setting_is_shown(line, capsys) -> None:
    main(line("model.steps=2"))
    with pytest.raises(FaultyDataError) as caught:
        main(line("model.steps=3", "model.slope=1", "resume=auto"))
    *changes, last = str(caught.value).splitlines()
    assert changes == [
        "'model.slope' was 0.0 and is 1.0 in override 'model.slope=1'",
        "'model.steps' was 2 and is 3 in override 'model.steps=3'",
    ]
    assert "2 settings that shape the result have changed" in last and "allow_changes=true" in last
    capsys.readouterr()
    main(line("model.steps=3", "model.slope=1", "resume=auto", "allow_changes=true"))
    assert capsys.readouterr().out.startswith(f"changed: {changes[0]}\nchanged: {changes[1]}\n")


def test_a_setting_that_is_newer_than_the_checkpoint_is_no_change(line, tmp_path: Path) -> None:
    main(line("model.steps=2"))
    file = tmp_path / "a/checkpoints/step_00000002.ckpt"
    content = torch.load(file, weights_only=True)
    del content["config"]["model"]["slope"], content["config"]["trainer"]["precision"]
    torch.save(content, file)
    main(line("model.steps=2", "resume=auto"))
    with pytest.raises(FaultyDataError, match=r"'model.slope' was None and is 1.0"):
        main(line("model.steps=2", "model.slope=1", "resume=auto"))


def test_a_checkpoint_that_cannot_be_written_ends_the_run_in_one_line(
    line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = checkpoint_files.write_durably

    def full(content: dict, target: Path) -> None:
        if content["em_step"] > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(content, target)

    monkeypatch.setattr(checkpoint_files, "write_durably", full)
    with pytest.raises(SeethroughError, match=r"cannot write checkpoint .*step_00000004.ckpt: No space left") as caught:
        main(line("model.steps=6"))
    assert "\n" not in str(caught.value) and "earlier checkpoints are intact" in str(caught.value)
    assert [path.name for path in (tmp_path / "a/checkpoints").iterdir()] == ["step_00000002.ckpt"]
    monkeypatch.undo()


def test_rows_behind_a_checkpoint_come_once(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    first = RunLogger(run)
    for step in (2, 4, 6):
        first.log_metrics({"loss": float(step)}, step)
    with run.metrics.open("a") as file:
        file.write("8,0.")  # torn
    again = RunLogger(run)
    again.go_on(rows=1, step=4)
    assert again.rows == 2, "a row of the checkpoint's own step may be written after it"
    again.log_metrics({"loss": 60.0}, 6)
    with run.metrics.open(newline="") as file:
        assert [row["loss"] for row in csv.DictReader(file)] == ["2.0", "4.0", "60.0"]
    assert again.rows == 3


@pytest.mark.parametrize("torn", ["4,4.", "4,4.0,0.2", "4\r\n"])
@pytest.mark.parametrize("rows", [1, None])
def test_a_torn_row_is_none_even_of_the_checkpoint_s_own_step(tmp_path: Path, torn: str, rows: int | None) -> None:
    run = RunFolder(tmp_path)
    RunLogger(run).log_metrics({"loss": 2.0, "f1": 0.5}, 2)
    with run.metrics.open("a", newline="") as file:
        file.write(torn)
    again = RunLogger(run)
    if rows is not None:
        again.go_on(rows=rows, step=4)
        assert again.rows == 1
    again.log_metrics({"loss": 6.0, "f1": 0.25}, 6)
    assert run.metrics.read_text().split() == ["step,loss,f1", "2,2.0,0.5", "6,6.0,0.25"]


def test_metrics_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"cannot write .*metrics.csv: No such file or directory; make room"):
        RunLogger(RunFolder(tmp_path / "gone")).log_metrics({"loss": 1.0}, 1)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["photos-1-0 em", "photos-2-0 pretraining", "bump-1-2 all"])
def test_killed_trainings_go_on_bit_for_bit(cell: str) -> None:
    """One kill a cell; ``python -m tests.resume_matrix`` has them all."""
    command = [sys.executable, "-m", "tests.resume_matrix", "--kills", "1", "--only", cell]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kills in 1 cells, 0 differences" in done.stdout


@pytest.mark.slow
def test_two_processes_learn_what_one_with_the_doubled_batch_does() -> None:
    command = [sys.executable, "-m", "tests.rank_equivalence", "focus"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
