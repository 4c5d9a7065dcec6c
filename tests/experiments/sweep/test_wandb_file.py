from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
import yaml

from experiments.config.arguments import read_arguments
from experiments.config.composition import compose
from experiments.config.sources import sweep_names
from experiments.resuming import changed
from experiments.run_start import _name
from experiments.sweep.__main__ import main
from experiments.sweep.planning import plan_sweep
from experiments.sweep.reading import read_sweep
from experiments.sweep.wandb_file import wandb_sweep, write_wandb_file
from seethrough.errors import SeethroughError


def expanded(command: list[str], drawn: dict) -> list[str]:
    """Return the words that an agent of the installed W&B calls; this is the one place that knows its insides."""
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils", reason="needs the extra wandb")
    arguments = utils.create_sweep_command_args({"args": {key: {"value": value} for key, value in drawn.items()}})
    arguments |= {"env": ["/usr/bin/env"], "interpreter": ["python"]}
    words: list[str] = []
    for word in utils.create_sweep_command(command):
        macro = re.fullmatch(r"\$\{(\w+)\}", word)
        words += arguments[macro[1]] if macro else [word]
    return words


def as_wandb_reads_it(content: dict) -> dict:
    """Return the file as ``wandb sweep`` loads it, through YAML 1.1."""
    return yaml.safe_load(yaml.safe_dump(content, sort_keys=False))


def draws(content: dict) -> list[dict]:
    """Return every combination of a grid's parameters."""
    parameters = content["parameters"]
    values = [entry["values"] for entry in parameters.values()]
    return [dict(zip(parameters, chosen, strict=True)) for chosen in itertools.product(*values)]


def composed(words: list[str]):
    assert words[:4] == ["/usr/bin/env", "python", "-m", "experiments.train"]
    return compose(*read_arguments(words[4:], "", "")[:2])


def test_an_agent_trains_what_the_sweep_would(planned):
    plan = planned(
        "grid:\n  model.slope: [1, 1e-7]\n  model.kind: [line]\n  trainer.detect_anomaly: [true]\n"
        "  wandb.tags: [[a, 'b c'], []]\n  model.weights: [{a: 0.5}]\n  model.second: [null]\n  wandb.group: ['07']\n"
        "seeds: [0, 4]\n"
    )
    content = as_wandb_reads_it(wandb_sweep(plan))
    assert content["method"] == "grid" and content["program"]
    wanted = {job.name: job.composition.plain for job in plan.jobs}
    drawn = draws(content)
    assert len(drawn) == len(wanted) == 8
    free = ("logger", "out", "name", "trainer.enable_progress_bar")
    for draw in drawn:
        plain = composed(expanded(content["command"], draw)).plain
        same = [name for name, other in wanted.items() if not list(changed(other, plain, free))]
        assert len(same) == 1
        wanted.pop(same[0])


@pytest.mark.parametrize("name", sweep_names())
def test_the_sweeps_that_come_along(name, tmp_path):
    pytest.importorskip("wandb", reason="needs the extra wandb")
    plan = plan_sweep(read_sweep(name), Path("out"), seeds=[0])
    line = write_wandb_file(tmp_path / "sweep.yaml", plan)
    assert line.startswith(f"{tmp_path}/sweep.yaml: `wandb sweep ")
    content = yaml.safe_load((tmp_path / "sweep.yaml").read_text())
    drawn = draws(content)
    assert len(drawn) == len(plan.jobs)
    for draw, job in list(zip(drawn, plan.jobs, strict=True))[:4]:
        plain = composed(expanded(content["command"], draw)).plain
        assert not list(changed(job.composition.plain, plain)) and plain["logger"] == "wandb"


def test_what_wandb_cannot_draw_is_said(planned):
    plan = planned("runs: [{name: a, settings: {model.slope: 2}}, {name: b, settings: {model.kind: constant}}]\n")
    with pytest.raises(SeethroughError, match=r"W&B draws each parameter on its own.*run 'a'"):
        wandb_sweep(plan)
    line = write_wandb_file(Path(plan.root) / "w.yaml", planned("seeds: [0]\nseed_settings: ['seed={seed}', "
                            "'data.points={seed_plus_one}0']\n"))  # fmt: skip
    assert line.endswith("; all runs have the first seed's data.points")


def test_some_runs_alone_are_nothing_for_wandb(sweep_file, tmp_path):
    sweep = sweep_file("grid: {model.slope: [1, 2]}\n")
    with pytest.raises(SeethroughError, match=r"--wandb and --only contradict each other"):
        main([sweep, "--wandb", str(tmp_path / "w.yaml"), "--only", "slope-1"])
    assert not (tmp_path / "w.yaml").exists()


def test_entries_for_wandb_go_into_its_file(planned):
    plan = planned(
        "grid: {model.slope: [1]}\n"
        "wandb: {method: bayes, metric: {name: loss, goal: minimize}, parameters: {model.slope: {min: 0.5, max: 2}}}\n"
    )
    content = wandb_sweep(plan)
    assert (content["method"], content["metric"]) == ("bayes", {"name": "loss", "goal": "minimize"})
    assert content["parameters"] == {"model.slope": {"min": 0.5, "max": 2}}
    assert not any(word.startswith("model.slope=") for word in content["command"])


def test_config_as_a_setting_is_a_config():
    assert read_arguments(["config=focus", "config=data/synthetic", "seed=1"], "", "")[:2] == (
        ["focus", "data/synthetic"], ["seed=1"],
    )  # fmt: skip


def test_runs_of_one_agent_have_names_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_SWEEP_ID", "s1")
    monkeypatch.setenv("WANDB_RUN_ID", "abc123")
    composition = compose([], ["method=tiny", "dataset=points", f"out={tmp_path}"])
    assert _name(composition) == "tiny-abc123"
