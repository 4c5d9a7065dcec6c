"""Run folders: made once, never lost by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from experiments.config.composition import Composition
from experiments.processes import is_first_process, started_by_a_launcher
from experiments.run_folder import RunFolder, open_run
from experiments.run_start import RunStart, plan_run
from seethrough.errors import SeethroughError


def start_run(composition: Composition) -> RunFolder:
    run = plan_run(composition)
    with RunStart(run, composition) as start:
        start.keep()
    return run


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_run(composed, tmp_path: Path) -> None:
    run = start_run(composed("name=a", "model.slope=4"))
    assert run.path == tmp_path / "runs" / "a"
    assert sorted(path.name for path in run.path.iterdir()) == [
        "checkpoints", "config.yaml", "images", "meshes", "report",
    ]  # fmt: skip
    assert yaml.safe_load(run.config.read_text())["model"]["slope"] == 4.0
    assert open_run(run.path).composition().config == composed("name=a", "model.slope=4").config


def test_the_name_is_method_and_time_and_free(composed) -> None:
    first, second = start_run(composed()), start_run(composed())
    assert first.name.startswith("tiny-20")
    assert first.name != second.name


def test_an_existing_run_is_not_overwritten(composed) -> None:
    run = start_run(composed("name=a"))
    (run.report / "result.txt").write_text("precious")
    with pytest.raises(SeethroughError, match="resume=auto goes on with it, overwrite=true replaces it"):
        start_run(composed("name=a"))
    with pytest.raises(SeethroughError, match="contradict"):
        start_run(composed("name=a", "overwrite=true", "resume=auto"))
    start_run(composed("name=a", "resume=auto"))
    assert (run.report / "result.txt").exists()
    start_run(composed("name=a", "overwrite=true"))
    assert not (run.report / "result.txt").exists()


def test_a_start_that_comes_to_nothing_leaves_everything_as_it_was(composed, tmp_path: Path) -> None:
    composition = composed("name=a")
    run = plan_run(composition)
    with RunStart(run, composition):
        assert run.path.is_dir(), "a place that cannot be written is told at once"
        (run.path / "wandb").mkdir()
        (run.path / "wandb" / "log").write_text("of a logger")
    assert not (tmp_path / "runs").exists()
    run = start_run(composition)
    (run.report / "result.txt").write_text("precious")
    before = content(run.path)
    for override in ("overwrite=true", "resume=auto"):
        again = composed("name=a", override, "seed=7")
        with RunStart(plan_run(again), again):
            pass
        assert content(run.path) == before


def test_of_two_trainings_in_one_folder_the_later_stops(composed) -> None:
    composition = composed("name=a")
    late = RunStart(plan_run(composition), composition)
    run = start_run(composition)
    before = content(run.path)
    with pytest.raises(SeethroughError, match="another training has begun in"), late:
        late.keep()
    assert content(run.path) == before


def test_a_folder_that_is_no_run_is_never_touched(composed, tmp_path: Path) -> None:
    (tmp_path / "runs" / "a").mkdir(parents=True)
    start_run(composed("name=a"))
    (tmp_path / "runs" / "b").mkdir()
    (tmp_path / "runs" / "b" / "thesis.tex").write_text("precious")
    for override in ("overwrite=true", "resume=auto", "seed=1"):
        with pytest.raises(SeethroughError, match="is no run folder"):
            start_run(composed("name=b", override))
    assert (tmp_path / "runs" / "b" / "thesis.tex").read_text() == "precious"


@pytest.mark.parametrize("name", ["../a", "a/b", "..", "/tmp"])
def test_names_are_no_paths(composed, name: str) -> None:
    with pytest.raises(SeethroughError, match="must be the name of a folder"):
        start_run(composed(f"name={name}"))


def test_a_place_that_cannot_be_written(composed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SeethroughError, match="cannot write run folder"):
        start_run(composed("name=a", f"out={tmp_path}/file"))


def test_resume_auto_needs_a_name(composed) -> None:
    with pytest.raises(SeethroughError, match="resume=auto needs the name=NAME"):
        start_run(composed("resume=auto"))


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"is no run folder: it has no config\.yaml"):
        open_run(tmp_path)


def test_checkpoints_are_found_by_step(composed) -> None:
    run = start_run(composed("name=a"))
    assert run.newest_checkpoint() is None
    for name in ("step_00000900.ckpt", "step_00001000.ckpt", "step_00001100.partial"):
        (run.checkpoints / name).touch()
    assert run.newest_checkpoint() == run.checkpoints / "step_00001000.ckpt"


def test_other_processes_write_nothing_and_find_the_same_folder(composed, monkeypatch: pytest.MonkeyPatch) -> None:
    first = start_run(composed())
    config = first.config.read_text()
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert start_run(composed("seed=5")) == first
    assert first.config.read_text() == config


def test_processes_side_by_side_need_a_name(composed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "0")
    with pytest.raises(SeethroughError, match="give their run a common name=NAME"):
        start_run(composed())
    start_run(composed("name=a"))


@pytest.mark.parametrize(
    ("environment", "first"),
    [
        ({}, True),
        ({"LOCAL_RANK": "0", "RANK": "0"}, True),
        ({"LOCAL_RANK": "0", "RANK": "8"}, False),
        ({"LOCAL_RANK": "1"}, False),
        ({"NODE_RANK": "1", "LOCAL_RANK": "0"}, False),
        ({"SLURM_PROCID": "3"}, False),
    ],
)
def test_first_process(environment: dict[str, str], first: bool) -> None:
    assert is_first_process(environment) is first


def test_launchers() -> None:
    assert not started_by_a_launcher({"SLURM_NTASKS": "4", "SLURM_PROCID": "0"})
    assert started_by_a_launcher({"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "0"})
    assert not started_by_a_launcher({"WORLD_SIZE": "1", "LOCAL_RANK": "0"})
    assert started_by_a_launcher({"WORLD_SIZE": "2", "LOCAL_RANK": "0"})
