"""What wins, and what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from experiments.config.composition import compose
from experiments.config.sources import read_override
from experiments.config.yaml_loader import parse
from seethrough.errors import SeethroughError
from tests.experiments.tiny import TinyConfig, TinyOptimiserConfig


def test_defaults_come_from_the_dataclasses(configs: Path) -> None:
    config = compose(["tiny", "data/points"], folder=configs).config
    assert config.model == TinyConfig()
    assert (config.trainer.devices, config.logger, config.seed) == ("auto", "csv", 0)


def test_files_win_from_left_to_right_and_overrides_last(configs: Path) -> None:
    (configs / "flat.yaml").write_text("model: {slope: 0.5, steps: 4}\n")
    names = ["tiny", "data/points", "steep", "flat"]
    assert compose(names, folder=configs).config.model.slope == 0.5
    assert compose(names[:2] + names[:1:-1], folder=configs).config.model.slope == 2.0
    composed = compose(names, ["model.slope=7", "model.slope=8"], configs)
    assert (composed.config.model.slope, composed.config.model.steps) == (8.0, 4)
    assert composed.config.model.optimiser.learning_rate == 0.01
    assert composed.sources["model.slope"] == "override 'model.slope=8'"
    assert composed.sources["model.steps"].endswith("flat.yaml:1")


def test_a_parent_comes_before_the_file_that_extends_it(configs: Path) -> None:
    config = compose(["study/long"], folder=configs).config
    assert (config.model.steps, config.model.slope, config.dataset) == (9, 2.0, "points")


def test_a_parent_that_is_in_already_does_not_undo_what_followed(configs: Path) -> None:
    (configs / "flat.yaml").write_text("model: {slope: 0.5}\n")
    (configs / "sub.yaml").write_text("extends: steep\n")
    assert compose(["tiny", "data/points", "steep", "flat", "sub"], folder=configs).config.model.slope == 0.5


def test_another_choice_leaves_the_settings_of_the_first_behind(configs: Path, tmp_path: Path) -> None:
    saved = tmp_path / "config.yaml"
    saved.write_text(compose(["study/long"], ["data.points=5", "data.folder=here"], configs).yaml())
    (configs / "data/needy.yaml").write_text("data:\n  folder: there\ndataset: needy\n")
    config = compose([str(saved), "data/needy"], folder=configs).config
    assert (config.model.steps, vars(config.data)) == (9, {"folder": "there"})
    again = compose([str(saved), "data/points"], ["data.folder=elsewhere"], configs).config
    assert (again.data.points, again.data.folder) == (5, "elsewhere")
    override = compose([str(saved)], ["data.folder=mine", "dataset=needy"], configs).config
    assert vars(override.data) == {"folder": "mine"}


def test_a_path_to_a_file_is_a_name_too(configs: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / "base.yaml").write_text("extends: [tiny, data/points]\n")
    (study / "mine.yaml").write_text("extends: base.yaml\nmodel: {steps: 1}\n")
    assert compose([str(study / "mine.yaml")], folder=configs).config.model.steps == 1


@pytest.mark.parametrize(
    ("override", "read", "expected"),
    [
        ("model.slope=1", lambda c: c.model.slope, 1.0),
        ("model.slope=1e-3", lambda c: c.model.slope, 0.001),
        ("model.kind=constant", lambda c: c.model.kind, "constant"),
        ("model.layers=[3, 4, 5]", lambda c: c.model.layers, [3, 4, 5]),
        ("model.weights.pixel=2", lambda c: c.model.weights, {"pixel": 2.0}),
        ("model.weights={pixel: 2, 'mask': .5}", lambda c: c.model.weights, {"pixel": 2.0, "mask": 0.5}),
        ("model.second.warmup=5", lambda c: c.model.second, TinyOptimiserConfig(warmup=5)),
        ("model.second=null", lambda c: c.model.second, None),
        ("model.optimiser={learning_rate: 3}", lambda c: c.model.optimiser, TinyOptimiserConfig(learning_rate=3.0)),
        ("name=007", lambda c: c.name, "007"),
        ("name=on", lambda c: c.name, "on"),
        ("name=a=b", lambda c: c.name, "a=b"),
        ("name=", lambda c: c.name, None),
        ("overwrite=true", lambda c: c.overwrite, True),
        ("overwrite=yes", lambda c: c.overwrite, True),
        ("trainer.devices=2", lambda c: c.trainer.devices, 2),
        ("trainer.devices=0,2", lambda c: c.trainer.devices, "0,2"),
        ("trainer.limit_train_batches=0.5", lambda c: c.trainer.limit_train_batches, 0.5),
        ("trainer.limit_train_batches=5", lambda c: c.trainer.limit_train_batches, 5),
        ("wandb.tags=['a', 'b']", lambda c: c.wandb.tags, ["a", "b"]),
        ("model.steps=${data.points}", lambda c: c.model.steps, 16),
        ("data.folder=${out}/pool", lambda c: c.data.folder, "runs/pool"),
    ],
)
def test_overrides(configs: Path, override: str, read, expected) -> None:
    value = read(compose(["tiny", "data/points"], [override], configs).config)
    assert value == expected
    assert type(value) is type(expected)


def test_interpolations_are_resolved_in_what_is_saved(configs: Path) -> None:
    composed = compose(["tiny", "data/points"], ["model.steps=${data.points}"], configs)
    assert composed.plain["model"]["steps"] == 16
    assert "${" not in composed.yaml()


def test_the_saved_config_composes_to_itself(configs: Path, tmp_path: Path) -> None:
    overrides = ["model.second.warmup=5", "model.weights.a=1", "name='x: y # z'", "trainer.max_time=00:00:10:00"]
    composed = compose(["study/long"], overrides, configs)
    saved = tmp_path / "saved.yaml"
    saved.write_text(composed.yaml())
    again = compose([str(saved)], folder=configs)
    assert again.config == composed.config
    assert again.plain == composed.plain


def test_arguments_of_sweep_agents_parse(configs: Path) -> None:
    """What W&B's ``${args_no_hyphens}`` makes of a sweep's parameters."""
    arguments = ["model.slope=0.001", "overwrite=True", "wandb.tags=['a', 'b']", "model.weights={'lm': 0.0}"]
    config = compose(["tiny", "data/points"], arguments, configs).config
    assert config.overwrite is True
    assert config.model.weights == {"lm": 0.0}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_the_command_line(value: float) -> None:
    assert float(read_override(f"a={value}")[0].value) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 1e5),
        (".5", 0.5),
        ("-3", -3),
        ("true", True),
        ("on", "on"),
        ("no", "no"),
        ("2026-01-31", "2026-01-31"),
        ("0x10", "0x10"),
        ("010", "010"),
        ("1:30", "1:30"),
        ("", None),
        ("~", None),
    ],
)
def test_yaml_reads_scalars_as_people_mean_them(text: str, value) -> None:
    assert parse(text) == value
    assert type(parse(text)) is type(value)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(yaml.YAMLError, match="'a' stands twice"):
        parse("a: 1\na: 2\n")


def test_a_preset_may_say_what_only_another_data_set_has(configs: Path) -> None:
    (configs / "preset.yaml").write_text("data: {points: 3, folder: here}\n", encoding="utf-8")
    composed = compose(["tiny", "preset"], ["dataset=needy"], configs)
    assert composed.plain["data"] == {"folder": "here"}
    assert compose(["tiny", "preset", "data/points"], [], configs).plain["data"]["points"] == 3
    with pytest.raises(SeethroughError, match=r"unknown key 'data\.points' in override 'data\.points=3'"):
        compose(["tiny", "preset"], ["dataset=needy", "data.points=3"], configs)
    (configs / "preset.yaml").write_text("data: {pionts: 3, folder: here}\n", encoding="utf-8")
    with pytest.raises(SeethroughError, match=r"unknown key 'data.pionts' in .*preset.yaml:1"):
        compose(["tiny", "preset"], ["dataset=needy"], configs)
    (configs / "chosen.yaml").write_text("dataset: needy\ndata: {points: 3, folder: here}\n", encoding="utf-8")
    with pytest.raises(SeethroughError, match=r"unknown key 'data.points' in .*chosen.yaml:2"):
        compose(["tiny", "chosen"], [], configs)
