"""The launcher, tried with a line fitted to points."""

from __future__ import annotations

import csv
import dataclasses
import warnings
from pathlib import Path

import pytest
import torch
import yaml
from lightning_fabric.utilities.warnings import PossibleUserWarning

from experiments.building import choose_strategy, several_processes
from experiments.config.registry import METHODS
from experiments.config.schema import TrainerConfig
from experiments.resuming import MAY_CHANGE
from experiments.train import main
from seethrough.errors import SeethroughError


@pytest.fixture
def line(tmp_path: Path):
    """Return the arguments of a training in a temporary folder."""

    def arguments(*more: str) -> list[str]:
        fixed = ["method=tiny", "dataset=points", f"out={tmp_path}", "trainer.accelerator=cpu", "trainer.devices=1"]
        return [*fixed, "trainer.log_every_n_steps=1", "trainer.enable_progress_bar=false", *more]

    return arguments


def steps(folder: Path) -> list[int]:
    with (folder / "metrics.csv").open(newline="") as file:
        return [int(row["step"]) for row in csv.DictReader(file) if row["loss"]]


def test_a_training_fills_its_folder(line, tmp_path: Path) -> None:
    assert main(line("name=a", "checkpoint.every_steps=2", "model.steps=5")) == 0
    run = tmp_path / "a"
    assert steps(run) == [1, 2, 3, 4, 5]
    assert [path.name for path in sorted((run / "checkpoints").iterdir())] == [
        "step_00000004.ckpt",
        "step_00000005.ckpt",
    ]
    assert list((run / "images").glob("validation_line_*.png"))
    checkpoint = torch.load(run / "checkpoints/step_00000005.ckpt", weights_only=True)
    assert checkpoint["config"] == yaml.safe_load((run / "config.yaml").read_text())
    assert checkpoint["config"]["model"]["steps"] == 5
    assert sorted(path.name for path in run.iterdir()) == [
        "checkpoints", "config.yaml", "ended.json", "images", "meshes", "metrics.csv", "report",
    ]  # fmt: skip


def test_a_training_without_validation_shows_its_faces_when_it_ends(line, tmp_path: Path) -> None:
    main(line("name=a", "model.steps=5", "trainer.limit_val_batches=0"))
    assert [path.name for path in (tmp_path / "a" / "images").iterdir()] == ["validation_line_00000005.png"]


def test_an_epoch_shorter_than_the_interval_of_the_logs_is_logged(line, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", PossibleUserWarning)
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*`srun` command is available.*")  # where SLURM is installed
        assert main(line("name=a", "model.steps=5", "trainer.log_every_n_steps=50", "data.batch_size=8")) == 0
    assert steps(tmp_path / "a") == [2, 4, 5]  # and the last one


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(line, tmp_path: Path) -> None:
    # One batch an epoch: exact resuming inside an epoch is the business of the data modules' loaders.
    line_of_batches = line("model.steps=7", "data.batch_size=16", "model.optimiser.learning_rate=0.3")
    main([*line_of_batches, "name=whole"])
    main([*line_of_batches, "name=cut", "checkpoint.every_steps=3", "checkpoint.keep=9"])
    for name in ("step_00000006.ckpt", "step_00000007.ckpt"):
        (tmp_path / "cut/checkpoints" / name).unlink()
    main([*line_of_batches, "name=cut", "resume=auto"])
    whole, cut = (
        torch.load(tmp_path / name / "checkpoints/step_00000007.ckpt", weights_only=True)["state_dict"]
        for name in ("whole", "cut")
    )
    assert steps(tmp_path / "cut") == [1, 2, 3, 4, 5, 6, 7]
    assert whole == cut
    assert whole["slope"].item() > 1


def test_resuming_with_other_settings_is_refused(line, tmp_path: Path) -> None:
    main(line("name=a", "model.steps=3"))
    with pytest.raises(SeethroughError) as caught:
        main(line("name=a", "resume=auto", "model.steps=5"))
    assert "'model.steps' was 3 and is 5 in override 'model.steps=5'" in str(caught.value)
    assert yaml.safe_load((tmp_path / "a/config.yaml").read_text())["model"]["steps"] == 3
    main(line("name=a", "resume=auto", "model.steps=5", "allow_changes=true"))
    assert steps(tmp_path / "a") == [1, 2, 3, 4, 5]


def test_settings_that_do_not_shape_the_result_may_change(line, tmp_path: Path) -> None:
    main(line("name=a", "model.steps=3"))
    main(line("name=a", "model.steps=3", "resume=auto", "trainer.max_steps=99", "checkpoint.keep=1"))


@pytest.mark.parametrize("override", ["precision=bf16-mixed", "limit_train_batches=2", "devices=2", "num_nodes=2"])
def test_trainer_settings_that_shape_the_result_may_not_change(line, override: str) -> None:
    main(line("name=a", "model.steps=1"))
    with pytest.raises(SeethroughError, match=f"'trainer.{override.split('=')[0]}' was "):
        main(line("name=a", "model.steps=1", "resume=auto", f"trainer.{override}"))


def test_every_trainer_setting_that_may_change_exists() -> None:
    fields = {f"trainer.{field.name}" for field in dataclasses.fields(TrainerConfig)}
    shaping = fields - set(MAY_CHANGE)
    assert {name for name in MAY_CHANGE if name.startswith("trainer.")} <= fields
    assert shaping == {
        "trainer.devices", "trainer.num_nodes", "trainer.precision", "trainer.limit_train_batches",
        "trainer.gradient_clip_val", "trainer.accumulate_grad_batches",
    }  # fmt: skip


def test_what_is_compiled_is_compiled_before_the_first_step(line, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    told: list[str] = []
    monkeypatch.setattr("seethrough.rendering.warm_up", lambda: told.append(capsys.readouterr().out))
    main(line("name=a", "model.steps=1"))
    assert not told, "a method that compiles nothing does not wait"
    capsys.readouterr()
    monkeypatch.setitem(METHODS, "tiny", dataclasses.replace(METHODS["tiny"], warm_up=METHODS["focus"].warm_up))
    main(line("name=b", "model.steps=1"))
    assert len(told) == 1
    assert "preparing the renderer" in told[0] and "finished" not in told[0]


def test_starting_from_another_runs_checkpoint(line, tmp_path: Path) -> None:
    main(line("name=a", "model.steps=3", "checkpoint.every_steps=2"))
    main(line("name=b", "model.steps=3", f"resume={tmp_path}/a/checkpoints/step_00000002.ckpt"))
    assert steps(tmp_path / "b") == [3]


def test_what_one_start_was_told_is_not_kept(line, tmp_path: Path) -> None:
    main(line("name=a"))
    main(line("name=a", "overwrite=true", "model.steps=3"))
    main(line("name=a", "resume=auto", "model.steps=4", "allow_changes=true"))
    saved = yaml.safe_load((tmp_path / "a/config.yaml").read_text())
    checkpoint = torch.load(tmp_path / "a/checkpoints/step_00000004.ckpt", weights_only=True)
    assert checkpoint["config"] == saved
    assert (saved["overwrite"], saved["resume"], saved["allow_changes"]) == (False, None, False)


def test_a_replaced_run_trains_again_from_its_own_config(line, tmp_path: Path) -> None:
    main(line("name=a"))
    main(line("name=a", "overwrite=true", "model.steps=3"))
    config = str(tmp_path / "a/config.yaml")
    with pytest.raises(SeethroughError, match="exists: resume=auto goes on with it"):
        main([config])
    assert main([config, "resume=auto", "name=a"]) == 0
    assert main([config, "name=b"]) == 0
    assert steps(tmp_path / "b") == [1, 2, 3]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", None])
def test_checkpoints_that_are_none(line, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "some.ckpt"
    if content is not None:
        path.write_bytes(content)
    said = "is truncated or not a checkpoint" if content is not None else "there is no such checkpoint"
    with pytest.raises(SeethroughError, match=said):
        main(line("name=a", f"resume={path}"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.accelerator=mps", "the trainer refuses its settings: "),
        ("trainer.strategy=dpp", "the trainer refuses its settings: "),
        ("trainer.max_time=soon", "the trainer refuses its settings: "),
    ],
)
def test_what_lightning_refuses_is_told_and_leaves_no_run(line, tmp_path: Path, override: str, said: str) -> None:
    with pytest.raises(SeethroughError, match=said):
        main(line("name=a", override))
    assert not (tmp_path / "a").exists()


def test_a_training_without_a_first_step_leaves_no_run(line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise SeethroughError("photo 3 is damaged")

    monkeypatch.setattr("tests.experiments.tiny.TinyModule.training_step", broken)
    with pytest.raises(SeethroughError, match="photo 3 is damaged"):
        main(line("name=a"))
    assert not (tmp_path / "a").exists()


def test_a_refused_resume_changes_nothing(line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main(line("name=a", "model.steps=3"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def broken(*_: object) -> None:
        raise SeethroughError("no data")

    monkeypatch.setattr("tests.experiments.tiny.TinyData.train_dataloader", broken)
    for word in ("resume=auto", "overwrite=true"):
        with pytest.raises(SeethroughError, match="no data"):
            main(line("name=a", "model.steps=3", "data.folder=elsewhere", "allow_changes=true", word))
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_data_are_checked_before_the_model_is_built(line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(data: object, processes: int, validated: bool) -> None:
        raise SeethroughError(f"too few for {processes}, {validated}")

    monkeypatch.setattr("tests.experiments.tiny.TinyData.check_training", check, raising=False)
    monkeypatch.setattr("tests.experiments.tiny.TinyModule.__init__", lambda *_: pytest.fail("built"))
    with pytest.raises(SeethroughError, match="too few for 1, True"):
        main(line("name=a"))
    with pytest.raises(SeethroughError, match="too few for 6, False"):
        main(line("--check", "trainer.devices=2", "trainer.num_nodes=3", "trainer.limit_val_batches=0"))
    assert not (tmp_path / "a").exists()


def test_a_training_that_stops_early_says_how_to_go_on(line, tmp_path: Path, capsys) -> None:
    main(line("name=a", "model.steps=8", "data.batch_size=16", "trainer.max_steps=3"))
    told = capsys.readouterr().out
    assert "stopped at step 3 of 8 planned (trainer.max_steps=3)" in told and "finished" not in told
    command = told.rpartition("`python -m experiments.train ")[2].partition("`")[0]
    assert main(command.split()) == 0
    assert f"finished: {tmp_path / 'a'}" in capsys.readouterr().out
    assert steps(tmp_path / "a") == [1, 2, 3, 4, 5, 6, 7, 8]
    main(line("name=b", "model.steps=8", "trainer.fast_dev_run=true"))
    assert "one batch of everything ran" in capsys.readouterr().out


def test_check_builds_and_writes_nothing(line, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line("--check")) == 0
    assert capsys.readouterr().out == "1 process, 32-true\nbatches of 4\nTinyModule (2 parameters) and TinyData: fine\n"
    assert not list(tmp_path.glob("tiny-*"))


def test_print_config(line, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line("--print-config", "model.steps=${data.points}")) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert (printed["model"]["steps"], printed["trainer"]["accelerator"]) == (16, "cpu")


@pytest.mark.parametrize(
    ("settings", "several"),
    [
        ({"devices": 1}, False),
        ({"devices": 2}, True),
        ({"devices": "2"}, True),
        ({"devices": "0,1"}, True),
        ({"devices": "1,"}, False),
        ({"devices": 1, "num_nodes": 2}, True),
        ({"devices": "auto", "accelerator": "cpu"}, False),
    ],
)
def test_several_processes(settings: dict, several: bool) -> None:
    assert several_processes(TrainerConfig(**settings)) is several


def test_all_gpus_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert several_processes(TrainerConfig(devices="auto", accelerator="gpu"))
    assert several_processes(TrainerConfig(devices=-1))


def test_processes_that_would_train_each_by_itself_are_refused(line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SeethroughError, match=r"2 processes were started, .* make one training of each"):
        main(line("name=a"))


def test_strategy() -> None:
    two = TrainerConfig(devices=2)
    assert choose_strategy(two, unused_parameters=True) == "ddp_find_unused_parameters_true"
    assert choose_strategy(two, unused_parameters=False) == "auto"
    assert choose_strategy(TrainerConfig(devices=1), unused_parameters=True) == "auto"
    assert choose_strategy(TrainerConfig(devices=2, strategy="ddp"), unused_parameters=True) == "ddp"


def test_milestones_stay_beside_the_newest_checkpoints(line, tmp_path: Path) -> None:
    arguments = line("model.steps=7", "checkpoint.every_steps=2", "checkpoint.keep=1", "checkpoint.milestones=[1,4]")
    assert main([*arguments, "name=a"]) == 0
    names = sorted(path.name for path in (tmp_path / "a/checkpoints").iterdir())
    assert names == [f"step_{step:08d}.ckpt" for step in (1, 4, 7)]


def test_a_training_that_stops_early_goes_on_as_if_it_had_not(line, tmp_path: Path) -> None:
    # One batch an epoch, as above.
    arguments = line(
        "model.steps=8", "data.batch_size=16", "checkpoint.every_steps=99", "model.optimiser.learning_rate=0.3"
    )
    main([*arguments, "name=whole"])
    main([*arguments, "name=stem", "checkpoint.milestones=[3]", "trainer.max_steps=3"])
    assert [path.name for path in (tmp_path / "stem/checkpoints").iterdir()] == ["step_00000003.ckpt"]
    main([*arguments, "name=branch", f"resume={tmp_path}/stem/checkpoints/step_00000003.ckpt"])
    ends = [
        torch.load(tmp_path / name / "checkpoints/step_00000008.ckpt", weights_only=True)
        for name in ("whole", "branch")
    ]
    assert ends[0]["state_dict"] == ends[1]["state_dict"]
