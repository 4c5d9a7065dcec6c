"""The executor, with commands of a few milliseconds in place of trainings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from experiments.studies.planning.job import Job
from experiments.studies.planning.plan import Plan
from experiments.studies.planning.specification import Run
from experiments.studies.running import commands as module
from experiments.studies.running import one_run
from experiments.studies.running.children import Children
from experiments.studies.running.commands import EVALUATE, MISFIT_PRIOR, TRAIN, Step
from experiments.studies.running.executor import Executor
from experiments.studies.running.lock import is_taken, take
from experiments.studies.running.record import read_record
from experiments.studies.running.telling import Telling

ORDER = (TRAIN, MISFIT_PRIOR, EVALUATE)


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """(run, command) -> a Python script; commands without one do nothing. Each leaves a file in the run's folder."""
    chosen: dict[tuple[str, str], str] = {}

    def pending(job: Job, record) -> list[Step]:
        steps = []
        for name in ORDER:
            if not record.done(name):
                work = chosen.get((job.name, name), "pass")
                head = f"import pathlib\nfolder = pathlib.Path({str(job.folder.path)!r})\nfolder.mkdir(exist_ok=True)"
                steps.append(Step(name, (sys.executable, "-c", f"{head}\n{work}\n(folder / {name!r}).touch()")))
        return steps

    monkeypatch.setattr(module, "pending_steps", pending)
    return chosen


def a_plan(root: Path) -> Plan:
    """Stem -> (left, right), and a run of its own."""
    stem = Job("stem", 0, Run("x", until="landmarks", evaluated=False), None, root, (), ())
    left, right = (Job(name, 0, Run("x", after="stem"), stem, root, (), ()) for name in ("left", "right"))
    return Plan((stem, left, right, Job("alone", 0, Run("x"), None, root, (), ())), (), {})


def run(plan: Plan, workers: int = 2, **options):
    said: list[str] = []
    return Executor(plan, workers, say=said.append, **options).run(), said


def commands_in(log: Path) -> int:
    return sum(line.startswith("$ ") for line in log.read_text().splitlines())


def test_all_runs_once_in_order_and_a_second_call_does_nothing(tmp_path, scripts):
    scripts["left", TRAIN] = f"assert pathlib.Path({str(tmp_path)!r}, 'seed0', 'stem', 'train').exists()"
    result, said = run(a_plan(tmp_path))
    assert {job.name for job in result.done} == {"stem", "left", "right", "alone"} and not result.failed
    record = read_record(tmp_path / "seed0/left.json")
    assert all(record.done(name) for name in ORDER)
    assert record.steps[TRAIN].finished and record.steps[TRAIN].machine
    assert any("to go, about" in line for line in said)
    logged = commands_in(tmp_path / "seed0/left.log")
    result, said = run(a_plan(tmp_path))
    assert len(result.done) == 4 and commands_in(tmp_path / "seed0/left.log") == logged == 3
    assert "4 runs: 4 done before, nothing left" in said[0]


def test_a_failure_stops_its_own_descendants_only(tmp_path, scripts):
    scripts["stem", TRAIN] = "raise SystemExit('error: no such luck')"
    result, _ = run(a_plan(tmp_path))
    assert [job.name for job in result.done] == ["alone"]
    assert [job.name for job in result.left] == ["left", "right"]
    (problem,) = result.failed.values()
    assert "train ended with exit code 1: error: no such luck" in problem and "seed0/stem.log" in problem
    del scripts["stem", TRAIN]
    assert len(run(a_plan(tmp_path))[0].done) == 4


def test_a_misfit_prior_that_fails_does_not_spoil_its_run(tmp_path, scripts):
    scripts["left", MISFIT_PRIOR] = "raise SystemExit(3)"
    result, _ = run(a_plan(tmp_path))
    assert len(result.done) == 4 and not result.failed
    assert "left, seed 0: misfit_prior ended with exit code 3" in result.warnings[0]
    record = read_record(tmp_path / "seed0/left.json")
    assert record.done(EVALUATE) and not record.done(MISFIT_PRIOR)


@pytest.mark.parametrize("endless", [TRAIN, MISFIT_PRIOR])
def test_a_command_that_ends_well_and_stays_pending_is_not_started_again(tmp_path, scripts, monkeypatch, endless):
    honest, starts = module.pending_steps, []

    def forgetful(job: Job, record) -> list[Step]:
        starts.append(record.done(endless))
        assert len(starts) < 20, "it is started for ever"
        record.forget(endless)
        return honest(job, record)

    monkeypatch.setattr(module, "pending_steps", forgetful)
    result, _ = run(Plan(a_plan(tmp_path).jobs[3:], (), {}))
    said = [*result.failed.values(), *result.warnings]
    assert len(said) == 1 and f"{endless} ended well, and has left nothing that counts as done" in said[0]
    assert "\n" not in said[0] and [job.name for job in result.done] == ([] if endless == TRAIN else ["alone"])
    assert starts.count(True) == 1


def test_what_failed_is_tried_again_and_what_was_done_is_not(tmp_path, scripts):
    scripts["alone", EVALUATE] = "raise SystemExit(1)"
    run(a_plan(tmp_path))
    scripts["alone", TRAIN] = "raise SystemExit('must not be run again')"
    del scripts["alone", EVALUATE]
    result, _ = run(a_plan(tmp_path))
    assert len(result.done) == 4 and not result.failed


def test_no_more_than_asked_run_at_a_time(tmp_path, scripts):
    work = (
        "import os, time\nbusy = folder.parent / 'busy'\nbusy.mkdir(exist_ok=True)\n"
        "(busy / str(os.getpid())).touch()\ntime.sleep(.2)\n"
        "(folder.parent / 'most').open('a').write(f'{len(list(busy.iterdir()))} ')\n(busy / str(os.getpid())).unlink()"
    )
    scripts.update({(name, TRAIN): work for name in ("stem", "left", "right", "alone")})
    run(a_plan(tmp_path), workers=1)
    assert set((tmp_path / "seed0/most").read_text().split()) == {"1"}


def test_a_run_that_another_process_holds_is_waited_for(tmp_path, scripts):
    holder = (
        "import time\nfrom pathlib import Path\nfrom experiments.studies.running.lock import take\n"
        f"held = take(Path({str(tmp_path)!r}, 'seed0', 'alone.lock'))\n"
        "print('held' if held is not None else 'not held', flush=True)\ntime.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    plan = a_plan(tmp_path)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "alone, seed 0: another process runs it" in line:
            process.kill()

    result = Executor(Plan(plan.jobs[3:], (), {}), 1, say=say).run()
    process.wait()
    assert [job.name for job in result.done] == ["alone"]
    assert any("1 to go (1 with another process)" in line for line in said)


def test_a_run_that_another_process_holds_is_passed_over_and_come_back_to(tmp_path, scripts):
    """The first of the plan is taken: the others, but for what begins there, do not wait for it."""
    held = take(tmp_path / "seed0/stem.lock")
    assert held is not None
    plan = a_plan(tmp_path)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "alone, seed 0: done in" in line:  # by then the other process has trained what it had
            record = read_record(tmp_path / "seed0/stem.json")
            for name in ORDER:
                record.add(name, 1.0, 1.0, "2026-01-01T00:00:00")
            record.write(tmp_path / "seed0/stem.json")
            os.close(held)

    result = Executor(plan, 1, say=say).run()
    assert [job.name for job in result.done] == ["alone", "stem", "left", "right"]
    assert sum("stem, seed 0: another process runs it; going on with others" in line for line in said) == 1
    assert any("stem, seed 0: done by another process; 2 to go" in line for line in said)
    assert "4 runs: 4 to go (1 with another process), about" in said[0]


def test_two_processes_share_a_plan(tmp_path, scripts):
    """Neither waits for the other where something is ready: two rows of a second each take about one."""
    scripts.update({(name, TRAIN): "import time\ntime.sleep(1)" for name in ("left", "right")})
    stem, left, right, _ = a_plan(tmp_path).jobs
    run(Plan((stem,), (), {}))
    plan, results = Plan((stem, left, right), (), {}), []
    other = Executor(plan, 1, say=lambda line: None)
    # Signals are for the main thread: the other process's stand-in begins by hand.
    other._waiting = other._unfinished()
    with ThreadPoolExecutor(1) as pool:
        other._start(pool)
        said: list[str] = []
        results = Executor(plan, 1, say=said.append).run()
        while other._running:
            for future in other._wait():
                other._finish(future)
    assert [job.name for job in results.done] == ["stem", "right", "left"]
    assert not results.failed and not other.result.failed
    assert commands_in(tmp_path / "seed0/left.log") == commands_in(tmp_path / "seed0/right.log") == len(ORDER)


def test_what_is_told_of_running_runs(tmp_path):
    plan = a_plan(tmp_path)
    said: list[str] = []
    telling = Telling(plan, 2, said.append)
    _, left, right, alone = plan.jobs
    telling.beat([left], [right])
    assert "running left, seed 0 (looking at what is done); 2 to go, about" in said[-1]
    telling.step(left, MISFIT_PRIOR)
    telling.step(right, TRAIN)
    telling.beat([left, right], [alone])
    assert "running left, seed 0 (misfit prior) and right, seed 0 (train, step 0); 3 to go, about" in said[-1]
    held = take(alone.beside(".lock"))
    telling.beat([], [alone])
    assert "waiting for another process to end alone, seed 0; 1 to go (1 with another process), about" in said[-1]
    assert held is not None
    os.close(held)


def test_a_child_keeps_the_lock_of_a_killed_parent(tmp_path):
    held = take(tmp_path / "a.lock")
    assert held is not None and take(tmp_path / "a.lock") is None
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=(held,))
    os.close(held)
    assert is_taken(tmp_path / "a.lock")
    child.kill()
    child.wait()
    assert not is_taken(tmp_path / "a.lock")


def test_interrupting_stops_the_commands_and_the_next_call_goes_on(tmp_path, scripts):
    scripts["alone", TRAIN] = (
        "import time\n(folder / 'begun').touch()\n"
        "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    (folder / 'saved').touch()\n    raise SystemExit(130)"
    )
    plan = Plan(a_plan(tmp_path).jobs[3:], (), {})
    folder = tmp_path / "seed0/alone"

    def say(line: str) -> None:
        if line.endswith("alone, seed 0: train"):
            import threading

            def interrupt() -> None:
                while not (folder / "begun").exists():
                    time.sleep(0.02)
                os.kill(os.getpid(), signal.SIGINT)

            threading.Thread(target=interrupt).start()

    with pytest.raises(KeyboardInterrupt):
        Executor(plan, 1, say=say).run()
    assert (folder / "saved").exists() and not read_record(tmp_path / "seed0/alone.json").done(TRAIN)
    del scripts["alone", TRAIN]
    assert Executor(plan, 1, say=lambda line: None).run().done == list(plan.jobs)


def test_a_fault_of_ours_in_one_run_does_not_end_the_others(tmp_path, scripts, monkeypatch):
    honest = module.pending_steps

    def faulty(job: Job, record):
        if job.name == "left":
            raise KeyError("a fault")
        return honest(job, record)

    monkeypatch.setattr(module, "pending_steps", faulty)
    result, _ = run(a_plan(tmp_path))
    assert {job.name for job in result.done} == {"stem", "right", "alone"}
    assert "KeyError: 'a fault'" in result.failed[0, "left"]
    assert "Traceback" in (tmp_path / "seed0/left.log").read_text()


def test_the_commit_is_that_at_which_a_command_was_started(tmp_path, scripts, monkeypatch):
    moved = tmp_path / "moved"
    scripts["alone", TRAIN] = f"pathlib.Path({str(moved)!r}).touch()"
    monkeypatch.setattr(one_run, "commit", lambda: "after" if moved.exists() else "before")
    run(Plan(a_plan(tmp_path).jobs[3:], (), {}))
    steps = read_record(tmp_path / "seed0/alone.json").steps
    assert (steps[TRAIN].commit, steps[EVALUATE].commit) == ("before", "after")


def test_a_record_is_changed_only_by_who_holds_the_run(tmp_path, scripts):
    plan = Plan(a_plan(tmp_path).jobs[3:], (), {})
    run(plan)
    seen = []

    def say(line: str) -> None:
        if "another process runs it" in line:
            seen.append(read_record(tmp_path / "seed0/alone.json").done(EVALUATE))
            os.close(held)

    held = take(tmp_path / "seed0/alone.lock")
    assert held is not None
    assert Executor(plan, 1, evaluate_again=True, say=say).run().done == list(plan.jobs)
    assert seen == [True] and commands_in(tmp_path / "seed0/alone.log") == 4


def test_a_child_that_has_just_ended_does_not_keep_others_from_being_told(tmp_path, monkeypatch):
    told = []

    def kill(pid: int, number: int) -> None:
        told.append(pid)
        if len(told) == 1:
            raise ProcessLookupError

    children = Children()
    children._running = {11, 12}
    monkeypatch.setattr(os, "kill", kill)
    children.stop()
    assert sorted(told) == [11, 12]
