"""Every file under configs/ composes, and is headed by a command that does so too."""

from __future__ import annotations

import re
import shlex

import pytest

from experiments.config.composition import compose
from experiments.config.registry import DATA_SETS, data_sets_of
from experiments.config.sources import CONFIGS, config_names, read_configs
from lightning_modules.focus.schedule import FocusSchedule

NAMES = config_names()


@pytest.mark.parametrize("name", NAMES)
def test_composes(name: str) -> None:
    chosen = {s.path[0]: s.value for s in read_configs([name]) if s.path in (("method",), ("dataset",))}
    method, data = chosen.get("method"), chosen.get("dataset")
    method = method or (DATA_SETS[data].methods[0] if data else "focus")
    missing = [] if "method" in chosen else [method]
    missing += [] if data else [f"data/{data_sets_of(method)[0]}"]
    compose([*missing, name])


@pytest.mark.parametrize("name", NAMES)
def test_starts_with_its_command(name: str) -> None:
    comments = []
    for line in (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        comments.append(line.removeprefix("#").strip())
    commands = [line for line in comments if line.startswith("python -m ")]
    assert commands, f"configs/{name}.yaml should start with the command that runs it"
    assert any(name in shlex.split(command) for command in commands)
    for command in commands:
        module, *arguments = shlex.split(command)[2:]
        if module == "experiments.train":
            words = [word for word in arguments if not word.startswith("-")]
            compose([w for w in words if "=" not in w], [w for w in words if "=" in w])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("ablation/")])
def test_ablations_say_how_to_begin_at_a_shared_warm_start(name: str) -> None:
    text = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
    studied = re.search(rf"python -m experiments\.studies \w+ --only {name.removeprefix('ablation/')}\n", text)
    assert bool(studied) != (name == "ablation/no_mask")


def test_the_row_without_a_mask_can_begin_at_the_demos_warm_start() -> None:
    text = (CONFIGS / "ablation" / "no_mask.yaml").read_text(encoding="utf-8")
    begun = re.search(r"resume=runs/demo/checkpoints/step_(\d{8})\.ckpt allow_changes=true", text)
    assert begun
    config = compose(["focus", "preset/small", "data/synthetic"]).config
    schedule = FocusSchedule(**vars(config.model.schedule))
    end = schedule.warm_start_steps
    own = compose(["ablation/no_mask"]).config.model.schedule
    assert int(begun[1]) == end == FocusSchedule(**vars(own)).warm_start_steps
    assert end % config.checkpoint.every_steps == 0
    total = schedule.total_steps
    assert (total - end) // config.checkpoint.every_steps + 1 < config.checkpoint.keep, "it is removed in the end"


def test_there_are_some() -> None:
    assert {"focus", "data/synthetic", "trainer/cpu", "trainer/gpu"} <= set(NAMES)
