"""Sweeps with commands of a few milliseconds in place of trainings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from experiments.command_line import EXIT_FAILED
from experiments.config.composition import as_yaml
from experiments.ended_run import has_ended, mark_ended
from experiments.studies.running.children import ROOT, Children
from experiments.sweep.__main__ import main
from experiments.sweep.commands import train_words
from experiments.sweep.gpus import shares

FOUR = "grid: {model.slope: [1, 2]}\nseeds: [0, 1]\n"


@pytest.fixture
def sweep(sweep_file, tmp_path, scripts):
    """Runs a sweep of fake trainings; returns its exit code and its table."""

    def call(text: str = FOUR, *words: str) -> tuple[int, dict]:
        code = main([sweep_file(text), "--out", str(tmp_path / "out"), "--jobs", "2", *words])
        return code, json.loads((tmp_path / "out/table.json").read_text())

    return call


def test_all_runs_and_a_table_over_seeds(sweep, tmp_path, capsys):
    code, table = sweep()
    assert code == 0
    assert [run["status"] for run in table["runs"]] == ["finished"] * 4
    assert table["runs"][1]["metrics"] == {"loss": 2.0, "validation/error": 0.5}
    first = table["variants"][0]
    assert first["variant"] == "slope-1" and first["settings"] == {"model.slope": 1}
    assert first["metrics"]["loss"] == {"mean": 2.5, "sd": pytest.approx(0.5**0.5), "n": 2}
    text = (tmp_path / "out/table.md").read_text()
    assert "| slope-2 | 2 | 0.5 ± 0 |" in text and text in capsys.readouterr().out
    assert (tmp_path / "out/slope-1_seed0.log").is_file()


def test_a_failed_run_is_told_and_the_rest_goes_on(sweep, scripts, tmp_path, capsys):
    scripts["slope-1_seed1"] = "print('step 7'); sys.exit('error: out of luck')"
    code, table = sweep()
    assert code == EXIT_FAILED
    assert [run["status"] for run in table["runs"]] == ["finished", "finished", "failed", "finished"]
    reason = table["runs"][2]["reason"]
    assert reason.startswith("train ended with exit code 1: error: out of luck (all of it: ")
    assert str(tmp_path / "out/slope-1_seed1.log") in reason
    assert table["variants"][0]["metrics"]["loss"] == {"mean": 2.0, "sd": None, "n": 1}
    shown = capsys.readouterr().out
    assert "| slope-1 | 1 of 2 | 0.5 |" in shown and f"slope-1_seed1: failed, {reason}" in shown


def test_again_only_what_is_left(sweep, scripts, tmp_path):
    scripts["slope-1_seed1"] = "sys.exit(3)"
    sweep()
    before = (tmp_path / "out/slope-2_seed0/metrics.csv").stat().st_mtime_ns
    del scripts["slope-1_seed1"]
    code, table = sweep(FOUR.replace("[1, 2]", "[1, 2, 3]"))
    assert code == 0 and len(table["runs"]) == 6
    assert (tmp_path / "out/slope-2_seed0/metrics.csv").stat().st_mtime_ns == before


def test_other_settings_under_the_same_name_are_refused(sweep, capsys):
    sweep()
    code, table = sweep(FOUR, "model.steps=9")
    assert code == EXIT_FAILED
    assert "was trained with model.steps=6, and the sweep has 9: remove it" in table["runs"][0]["reason"]


def test_nothing_runs_where_one_run_is_wrong(sweep_file, tmp_path, scripts):
    with pytest.raises(Exception, match="must be a number"):
        main([sweep_file("grid: {model.slope: [1, two]}\n"), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_dry_run_prints_commands_that_begin_and_go_on(sweep_file, tmp_path, capsys):
    assert main([sweep_file(FOUR), "--out", str(tmp_path / "out"), "--dry-run", "--only", "slope-2_seed1"]) == 0
    place = f"name=slope-2_seed1 out={tmp_path}/out resume=auto"
    settings = "method=tiny dataset=points model.slope=2 seed=1 trainer.enable_progress_bar=false"
    assert capsys.readouterr().out == f"python -m experiments.train {settings} {place}\n"
    assert not (tmp_path / "out").exists()


def test_the_table_alone_says_what_is_not_there(sweep, scripts, sweep_file, tmp_path, capsys):
    scripts["slope-1_seed0"] = "print('half way', flush=True); sys.exit(1)"
    sweep()
    code, table = sweep(FOUR.replace("[1, 2]", "[1, 2, 3]"), "--table")
    assert code == EXIT_FAILED
    assert [run["status"] for run in table["runs"]] == [
        "not finished", "finished", "not begun", "finished", "finished", "not begun",
    ]  # fmt: skip
    assert table["runs"][0]["reason"] == "not at its end; half way"


def test_metrics_that_no_run_has_are_told(sweep, capsys):
    sweep("metrics: [validation/eror, loss]\nseeds: [0]\n")
    shown = capsys.readouterr().out
    assert "note: no finished run has the metric 'validation/eror' (did you mean 'validation/error'?)" in shown
    assert "| run | state | minutes | loss |" in shown


def test_ctrl_c_stops_every_run_and_the_same_command_goes_on(sweep, scripts, tmp_path):
    wait = "print('begun', flush=True)\nimport signal\n(folder / 'begun').touch()\ntry: time.sleep(60)\n"
    wait += "except KeyboardInterrupt: (folder / 'saved').touch(); sys.exit(130)\n"
    names = ("slope-1_seed0", "slope-2_seed0")
    scripts.update(dict.fromkeys(names, wait))

    def interrupt() -> None:
        while not all((tmp_path / "out" / name / "begun").exists() for name in names):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        sweep()
    assert all((tmp_path / "out" / name / "saved").exists() for name in names)
    assert not (tmp_path / "out/slope-1_seed1").exists(), "a run began after Ctrl-C"
    scripts.clear()
    assert sweep()[0] == 0


def test_a_second_ctrl_c_ends_runs_with_what_they_have_started(tmp_path):
    children = Children()
    deaf = (
        "import signal, subprocess; signal.signal(2, signal.SIG_IGN); print('deaf', flush=True); "
        "subprocess.run(['sleep', '60'])"
    )
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.append(children.run((sys.executable, "-c", deaf), tmp_path / "log", _descriptor()))
    )
    thread.start()
    while not (tmp_path / "log").is_file() or "\ndeaf" not in (tmp_path / "log").read_text():
        time.sleep(0.02)
    children.stop()
    children.kill()
    thread.join(20)
    assert outcomes[0].code == -signal.SIGKILL


def _descriptor() -> int:
    return os.open(os.devnull, os.O_RDONLY)


@pytest.mark.slow
def test_a_killed_sweep_leaves_its_runs_and_the_next_one_waits_for_them(tmp_path, sweep_file):
    """kill -9 reaches only the sweep; nobody else begins what its orphans still do."""
    words = [sweep_file("seeds: [0]\n"), "--out", str(tmp_path / "out")]
    command = [sys.executable, "-m", "tests.experiments.sweep.slow_sweep", *words]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    begun = tmp_path / "out/run_seed0/begun"
    waited = time.monotonic() + 120
    while not begun.exists() and time.monotonic() < waited:
        time.sleep(0.1)
    first.kill()
    first.wait()
    second = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert second.stdout is not None
    told = next((line for line in second.stdout if "another process runs it" in line), None)
    (tmp_path / "release").touch()
    rest = second.communicate(timeout=200)[0]
    assert told is not None and second.returncode == 0, rest
    assert begun.read_text() == "x", "it was begun twice"


def test_gpus_are_dealt_out():
    assert [place["CUDA_VISIBLE_DEVICES"] for place in shares(2, ["0", "1", "2", "3"])] == ["0,1", "2,3"]
    assert [place["CUDA_VISIBLE_DEVICES"] for place in shares(3, ["4", "5"])] == ["4", "5", "4"]
    assert shares(2, []) == []


def test_a_place_is_one_commands_at_a_time(tmp_path):
    children = Children(1, [{"CUDA_VISIBLE_DEVICES": "3"}])
    show = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
    for _ in range(2):
        children.run((sys.executable, "-c", show), tmp_path / "log", _descriptor())
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("$")] == ["3", "3"]


def test_a_longer_training_has_not_ended(planned):
    (job,) = planned("seeds: [0]\n").jobs
    job.folder.path.mkdir(parents=True)
    assert not has_ended(job.folder, job.composition)
    mark_ended(job.folder, job.composition, 4)
    assert has_ended(job.folder, job.composition)
    before = job.folder.ended.stat().st_ino
    mark_ended(job.folder, job.composition, 4)
    assert job.folder.ended.stat().st_ino == before, "scores would seem to be older than what they are of"
    (longer,) = planned("seeds: [0]\n", overrides=["trainer.max_steps=9"]).jobs
    assert not has_ended(longer.folder, longer.composition)
    job.folder.ended.write_text("{")
    assert not has_ended(job.folder, job.composition)


def test_words_of_a_training(planned):
    (job,) = planned("seeds: [0]\n", overrides=["trainer.enable_progress_bar=false"]).jobs
    assert sum("enable_progress_bar" in word for word in train_words(job)) == 1
    assert as_yaml(job.composition.plain)
    assert Path(job.beside(".log")).name == "run_seed0.log"
