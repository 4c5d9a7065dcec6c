from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from experiments.config.composition import as_yaml
from experiments.studies.planning.job import Job
from experiments.studies.planning.plan import make_plan
from experiments.studies.planning.specification import read_catalogue, read_study
from experiments.studies.running import commands
from experiments.studies.running.commands import (
    EVALUATE,
    MISFIT_PRIOR,
    PLAIN_FACES,
    POSITION_PRIOR,
    ROUNDS,
    TRAIN,
    clear_unbegun,
    pending_steps,
    train_command,
)
from experiments.studies.running.estimate import clock, expected_minutes, minutes_left, remaining_minutes
from experiments.studies.running.record import RunRecord, StepRecord, read_record
from seethrough.errors import SeethroughError
from tests.experiments.studies.fake_rows import write_rows


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Job]:
    monkeypatch.setattr(commands, "test_pictures", lambda job, overrides: "pictures of today")
    catalogue = read_catalogue()
    plan = make_plan([read_study("ablation", catalogue)], catalogue, tmp_path, seeds=[0], quick=True)
    return {job.name: job for job in plan.jobs}


def begin(job: Job, step: int) -> Path:
    """Leave what a training leaves that has saved once."""
    job.folder.checkpoints.mkdir(parents=True, exist_ok=True)
    job.folder.config.write_text(as_yaml(job.composition.lasting))
    torch.save({}, job.checkpoint(step))
    return job.checkpoint(step)


def record(*steps: str) -> RunRecord:
    result = RunRecord()
    for step in steps:
        result.add(step, 1.0, 1.0, "2026-01-01T00:00:00")
    return result


def names(job: Job, done: RunRecord) -> list[str]:
    return [step.name for step in pending_steps(job, done)]


def test_a_fresh_row_begins_at_its_stem(jobs):
    focus, stem = jobs["focus"], jobs["initialised"]
    words = train_command(focus)
    assert f"resume={stem.checkpoint(stem.last_step)}" in words and "allow_changes=true" in words
    assert f"checkpoint.milestones=[{','.join(map(str, focus.rounds))}]" in words
    assert names(focus, RunRecord()) == [TRAIN, MISFIT_PRIOR, PLAIN_FACES, EVALUATE, POSITION_PRIOR, ROUNDS]
    assert names(jobs["neighbour"], RunRecord()) == [TRAIN, MISFIT_PRIOR, EVALUATE]
    assert names(stem, RunRecord()) == [TRAIN]


def test_a_row_that_was_cut_off_goes_on_from_its_own_checkpoint(jobs):
    focus = jobs["focus"]
    begin(focus, focus.last_step - 1)
    words = train_command(focus)
    assert "resume=auto" in words and "allow_changes=true" not in words


def test_a_folder_without_a_checkpoint_is_begun_anew(jobs):
    focus = jobs["focus"]
    focus.folder.path.mkdir(parents=True)
    focus.folder.config.write_text(as_yaml(focus.composition.lasting))
    clear_unbegun(focus)
    assert not focus.folder.path.exists()
    begin(focus, focus.last_step)
    clear_unbegun(focus)
    assert focus.folder.path.exists()


def test_what_goes_on_without_a_misfit_prior_is_done_in_the_end(jobs):
    row = jobs["neighbour"]
    begin(row, row.last_step)
    done = record(TRAIN, EVALUATE)
    write_rows(row.rows_file, pictures="pictures of today")
    done.failed.add(MISFIT_PRIOR)
    assert names(row, done) == []


def test_what_is_done_stays_done_until_something_it_came_from_is_newer(jobs):
    focus = jobs["neighbour"]
    begin(focus, focus.last_step)
    done = record(TRAIN, MISFIT_PRIOR, EVALUATE)
    assert names(focus, done) == [MISFIT_PRIOR, EVALUATE]
    focus.misfit_prior_file.touch()
    write_rows(focus.rows_file, pictures="pictures of today")
    assert names(focus, done) == []
    write_rows(focus.rows_file, pictures="pictures of another generator")
    assert names(focus, done) == [EVALUATE]
    write_rows(focus.rows_file, pictures="pictures of today")
    done.forget(EVALUATE)
    assert names(focus, done) == [EVALUATE]
    done = record(TRAIN, MISFIT_PRIOR, EVALUATE)
    os.utime(focus.rows_file, (1, 1))
    assert names(focus, done) == [EVALUATE]


def test_a_run_with_other_settings_is_refused(jobs):
    focus = jobs["focus"]
    begin(focus, focus.last_step)
    text = focus.folder.config.read_text()
    focus.folder.config.write_text(text.replace("image_size: 80", "image_size: 96", 1))
    with pytest.raises(SeethroughError, match=r"was trained with .*image_size=96, and is planned with 80: remove it"):
        pending_steps(focus, record(TRAIN))
    focus.folder.config.write_text("\n".join(line for line in text.splitlines() if "landmark_emphasis:" not in line))
    pending_steps(focus, record(TRAIN))


def test_a_config_that_was_cut_off_is_told_in_one_line(jobs):
    focus = jobs["focus"]
    begin(focus, focus.last_step)
    focus.folder.config.write_text("model: {weights: [1,")
    with pytest.raises(SeethroughError, match=r"config.yaml is broken: remove .*focus to train it anew"):
        pending_steps(focus, record(TRAIN))


def test_records(tmp_path):
    path = tmp_path / "a.json"
    assert read_record(path).steps == {}
    one = RunRecord()
    one.add(TRAIN, 10.0, 5.0)
    one.add(TRAIN, 20.0, 8.0, "2026-01-01T00:00:00")
    one.write(path)
    again = read_record(path)
    assert again.done(TRAIN) and again.steps[TRAIN].wall_seconds == 30.0 and again.steps[TRAIN].cpu_seconds == 13.0
    one.add(EVALUATE, 1.0, 1.0, commit="aaa")
    one.add(EVALUATE, 1.0, 1.0, "2026-01-01T00:00:00", commit="bbb+")
    assert one.steps[EVALUATE].commit == "aaa bbb+"
    one.add(EVALUATE, 4.0, 1.0, "2026-01-02T00:00:00", commit="ccc")
    assert one.steps[EVALUATE].commit == "ccc" and one.steps[EVALUATE].wall_seconds == 4.0
    path.write_text("[]")
    with pytest.raises(SeethroughError, match="is no record of a run"):
        read_record(path)


def test_expected_times(jobs):
    every = list(jobs.values())
    guessed = expected_minutes(every, {})
    halved = expected_minutes(every, {jobs["warm_start"].key: guessed[jobs["warm_start"].key] / 2})
    assert halved[jobs["focus"].key] == pytest.approx(guessed[jobs["focus"].key] / 2)
    known = expected_minutes(every, {(7, "focus"): 30.0, (8, "focus"): 2.0})
    assert known[jobs["focus"].key] == 30.0
    ones = dict.fromkeys((job.key for job in every), 1.0)
    assert minutes_left(every, ones, 1) == len(every)
    assert minutes_left(every, ones, 100) == 3.0
    assert minutes_left([], ones, 2) == 0.0
    assert clock(0.2) == "1 min" and clock(64.6) == "65 min" and clock(125) == "2 h 05 min"


def recorded(seconds: dict[str, tuple[float, float]], hour: int = 1) -> RunRecord:
    """Return a record of commands that took (wall, processor) seconds."""
    steps = {
        name: StepRecord(f"2026-01-01T{hour:02d}:00:00", wall, processor) for name, (wall, processor) in seconds.items()
    }
    return RunRecord(steps)


def test_time_is_told_by_the_processor_and_the_pace_of_the_latest_commands(jobs):
    """A machine that slept for 40 minutes in a run, or was shared by many, says nothing of the next one."""
    focus = jobs["focus"]
    slept = {(1, "focus"): recorded({TRAIN: (1000.0, 300.0), MISFIT_PRIOR: (2400.0, 60.0), EVALUATE: (18.0, 18.0)})}
    calm = {(1, f"other{n}"): recorded({TRAIN: (300.0, 300.0)}, hour=2 + n) for n in range(5)}
    left = remaining_minutes([focus], {**slept, **calm}, {})
    assert left[focus.key] == pytest.approx(378 / 60)
    crowded = {(1, f"other{n}"): recorded({TRAIN: (600.0, 300.0)}, hour=2 + n) for n in range(5)}
    assert remaining_minutes([focus], {**slept, **crowded}, {})[focus.key] == pytest.approx(2 * 378 / 60)


def test_what_a_run_has_done_is_not_to_come(jobs):
    focus = jobs["focus"]
    whole = {(1, "focus"): recorded({TRAIN: (300.0, 300.0), MISFIT_PRIOR: (60.0, 60.0), EVALUATE: (60.0, 60.0)})}
    trained = {**whole, focus.key: recorded({TRAIN: (300.0, 300.0)})}
    assert remaining_minutes([focus], trained, {})[focus.key] == pytest.approx(2.0)
    assert remaining_minutes([focus], trained, {focus.key: 0.5})[focus.key] == pytest.approx(1.5)
    assert 0 < remaining_minutes([focus], trained, {focus.key: 50.0})[focus.key] < 1
    done = {**whole, focus.key: whole[1, "focus"]}
    assert remaining_minutes([focus], done, {})[focus.key] < 0.5
    assert remaining_minutes([focus], done, {}, [EVALUATE])[focus.key] == pytest.approx(1.0)
