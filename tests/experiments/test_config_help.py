"""The help and the flags."""

from __future__ import annotations

import subprocess
import sys

import pytest

from experiments.config.arguments import read_arguments
from experiments.config.help import attribute_docstrings, help_text
from experiments.config.registry import DATA_SETS, METHODS, load_class
from experiments.config.schema import CheckpointConfig, ExperimentConfig, TrainerConfig, WandbConfig
from seethrough.errors import SeethroughError
from tests.experiments.tiny import TinyConfig


def test_attribute_docstrings() -> None:
    assert attribute_docstrings(TinyConfig)["slope"] == "Where the slope starts, in units a unit."


def test_every_setting_of_an_experiment_is_explained() -> None:
    for cls in (ExperimentConfig, TrainerConfig, CheckpointConfig, WandbConfig):
        assert attribute_docstrings(cls).keys() == cls.__dataclass_fields__.keys()


@pytest.mark.parametrize("name", ["focus", "synthetic", "recognition", "people"])
def test_every_setting_of_methods_and_data_is_explained(name: str) -> None:
    def check(cls: type) -> None:
        texts = attribute_docstrings(cls)
        for field in cls.__dataclass_fields__.values():
            assert texts.get(field.name), f"{cls.__name__}.{field.name} has no docstring below it"
            nested = field.default_factory() if callable(field.default_factory) else None
            if hasattr(nested, "__dataclass_fields__"):
                check(type(nested))

    check(load_class({**METHODS, **DATA_SETS}[name].config))


def test_help_lists_keys_types_defaults_and_texts() -> None:
    text = help_text("python -m experiments.train", "Train.", "tiny", "needy")
    assert "model.kind = line    [line | constant]\n      What is fitted." in text
    assert "model.optimiser.learning_rate = 0.1    [float]\n      Learning rate." in text
    assert "data.folder = required    [str]" in text
    assert "trainer.max_epochs = null    [int | null]" in text
    assert "focus, " in text
    assert "data/synthetic" in text


def test_help_has_the_values_of_what_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    read_arguments(["preset/bump_small", "data/detail", "model.translator.depth=5", "--help"], "train", "Train.")
    text = capsys.readouterr().out
    assert "with the values that they have in 'preset/bump_small data/detail model.translator.depth=5'" in text
    for line in ("model.translator.width = 12 ", "model.translator.depth = 5 ", "model.schedule.epochs = null "):
        assert f"  {line}" in text
    assert "  data.scene.foundation_modes = 0 " in text and "  trainer.precision = bf16-mixed " in text
    assert "data (detail): Settings of DetailDataModule." in text and ":class:" not in text and "``" not in text
    read_arguments(["preset/bump_small", "--help"], "train", "Train.")  # without a data set: what is known so far
    text = capsys.readouterr().out
    assert "  model.translator.width = 12 " in text and "list the settings of its dataset" in text
    read_arguments(["data/photos", "-h"], "train", "Train.")
    assert "  data.image_size = ${model.image_size} " in capsys.readouterr().out


def test_help_without_a_method_lists_the_methods() -> None:
    text = help_text("python -m experiments.train", "Train.")
    assert "add a config name to list the settings of its method (focus, bump, recognition, tiny)" in text


def test_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    names, overrides, flags = read_arguments(["focus", "--check", "a=1", "b/c"], "train", "Train.")
    assert (names, overrides, flags) == (["focus", "b/c"], ["a=1"], ["--check"])
    assert capsys.readouterr().out == ""
    assert read_arguments([], "train", "Train.")[2] == ["--help"]
    assert "usage: train CONFIG..." in capsys.readouterr().out
    read_arguments(["method=tiny", "-h"], "train", "Train.")
    assert "model (tiny): A line." in capsys.readouterr().out


def test_unknown_flag() -> None:
    with pytest.raises(SeethroughError, match=r"unknown option '--print-confg' \(did you mean '--print-config'\?\)"):
        read_arguments(["--print-confg"], "train", "Train.")
    with pytest.raises(SeethroughError, match=r"unknown option '--trainer\.devices=2'"):
        read_arguments(["--trainer.devices=2"], "train", "Train.")


def test_keys_that_scripts_and_saved_configs_rely_on() -> None:
    """A change here breaks the configs of runs that exist: say so in the changelog."""
    assert list(ExperimentConfig.__dataclass_fields__) == [
        "method", "dataset", "model", "data", "trainer", "checkpoint", "logger", "wandb",
        "seed", "out", "name", "resume", "overwrite", "allow_changes",
    ]  # fmt: skip
    assert list(TrainerConfig.__dataclass_fields__) == [
        "accelerator", "devices", "num_nodes", "strategy", "precision", "max_epochs", "max_steps", "max_time",
        "limit_train_batches", "limit_val_batches", "val_check_interval", "check_val_every_n_epoch",
        "num_sanity_val_steps", "log_every_n_steps", "gradient_clip_val", "accumulate_grad_batches", "deterministic",
        "benchmark", "fast_dev_run", "detect_anomaly", "enable_progress_bar", "enable_model_summary",
    ]  # fmt: skip


def test_a_typo_is_told_without_waiting_for_torch_or_lightning() -> None:
    code = (
        "import sys, experiments.train as t\n"
        "try: t.main(['focs'])\n"
        "except Exception as e: print(e)\n"
        "print(sorted({'torch', 'pytorch_lightning'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "unknown config 'focs' (did you mean 'focus'?)\n[]\n"
