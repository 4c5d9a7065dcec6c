"""The sweeps that come along."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from experiments.config.sources import CONFIGS, config_names, sweep_names
from experiments.sweep.command_line import parser
from experiments.sweep.planning import plan_sweep
from experiments.sweep.reading import read_sweep


@pytest.mark.parametrize("name", sweep_names())
def test_every_run_composes(name):
    sweep = read_sweep(name)
    plan = plan_sweep(sweep, Path("out"), seeds=sweep.seeds[:1] or None)
    assert len({job.name for job in plan.jobs}) == len(plan.jobs) > 1


@pytest.mark.parametrize("name", sweep_names())
def test_starts_with_its_command(name):
    text = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
    commands = [line.removeprefix("#").strip() for line in text.splitlines() if "python -m experiments.sweep" in line]
    assert any(name in shlex.split(command) for command in commands)
    for command in commands:
        options = parser().parse_intermixed_args(shlex.split(command)[3:])
        assert options.words == [name]


def test_all_ablations_are_in_one_of_them():
    listed = {run.configs[0] for name in ("focus", "bump") for run in read_sweep(f"sweep/{name}_ablations").runs}
    # Of another preset than the rest, and so nothing to compare with them: the demo's own.
    assert listed == {name for name in config_names() if name.startswith("ablation/")} - {"ablation/no_mask"}
