"""The file of a W&B sweep, whose agents call ``python -m experiments.train`` as a person would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from experiments.config.arguments import CONFIG_KEY
from experiments.sweep.planning import SweepPlan, setting_text
from experiments.sweep.specification import Sweep, Variation
from seethrough.errors import SeethroughError


def write_wandb_file(path: Path, plan: SweepPlan) -> str:
    """Write the file for ``wandb sweep``; returns one line on what to do with it.

    Raises:
        SeethroughError: W&B draws each parameter on its own, and the sweep has runs with several things of their own;
            or the file cannot be written.
    """
    content = wandb_sweep(plan)
    text = (
        f"# Made by python -m experiments.sweep {' '.join(plan.sweep.words)}\n"
        f"#   wandb sweep {path}    # prints the command of an agent: call it in the checkout, once for each GPU\n"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + yaml.safe_dump(content, sort_keys=False, width=120), encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {path}: {error.strerror}") from None
    note = f"; {left_out(plan)}" if left_out(plan) else ""
    return f"{path}: `wandb sweep {path}`, then its agents{note}"


def wandb_sweep(plan: SweepPlan) -> dict[str, Any]:
    """Return the content of the file: what differs are parameters, all else stands in the command.

    Raises:
        SeethroughError: see :func:`write_wandb_file`.
    """
    sweep = plan.sweep
    first = plan.jobs[0]
    parameters = {key: {"values": values} for key, values in _parameters(plan).items()}
    drawn = {*parameters, *(key for key in sweep.wandb.get("parameters", {}))}
    before, own = sweep.configs, int(CONFIG_KEY in parameters)
    after = first.names[len(before) + own :]
    fixed = [text for text in first.overrides if text.partition("=")[0] not in drawn]
    command = [
        "${env}", "${interpreter}", "-m", "experiments.train", *before, "${args_no_hyphens}", *after, *fixed,
        "logger=wandb", "trainer.enable_progress_bar=false",
    ]  # fmt: skip
    settings = {key: value for key, value in sweep.wandb.items() if key != "parameters"}
    return {
        "program": "experiments/train.py",
        "project": str(first.composition.config.wandb.project),
        "name": sweep.name,
        "method": "grid",
        **settings,
        "parameters": {**parameters, **sweep.wandb.get("parameters", {})},
        "command": command,
    }


def left_out(plan: SweepPlan) -> str:
    """Return what a seed sets besides ``seed``, and W&B cannot: it draws each parameter on its own."""
    fixed = [text for text in plan.sweep.seed_settings if not text.startswith("seed=")]
    varying = [text.partition("=")[0] for text in fixed if "{" in text]
    return (
        f"all runs have the first seed's {' and '.join(varying)}" if varying and plan.jobs[0].seed is not None else ""
    )


def _parameters(plan: SweepPlan) -> dict[str, list[Any]]:
    sweep = plan.sweep
    found: dict[str, list[Any]] = {}
    if any(variation.configs or variation.settings for variation in sweep.runs):
        found |= _of_runs(sweep)
    found |= {axis.key: [_shown(axis.key, value) for value in axis.values] for axis in sweep.grid}
    seeds = [seed for seed in dict.fromkeys(job.seed for job in plan.jobs) if seed is not None]
    return found | ({"seed": seeds} if seeds else {})


def _of_runs(sweep: Sweep) -> dict[str, list[Any]]:
    """Return the list of runs as one parameter: a config each, or one value each of one setting."""
    settings = [{change.key: change.value for change in variation.settings} for variation in sweep.runs]
    if all(len(variation.configs) == 1 and not variation.settings for variation in sweep.runs):
        return {CONFIG_KEY: [variation.configs[0] for variation in sweep.runs]}
    keys = list(settings[0])
    if len(keys) == 1 and all(not v.configs and list(s) == keys for v, s in zip(sweep.runs, settings, strict=True)):
        return {keys[0]: [_shown(keys[0], each[keys[0]]) for each in settings]}
    raise SeethroughError(
        f"{sweep.label}: W&B draws each parameter on its own, so a list of runs must be one config each; "
        f"put what run '{_several(sweep.runs).name}' has into a config"
    )


def _several(runs: tuple[Variation, ...]) -> Variation:
    return next((run for run in runs if run.settings or len(run.configs) != 1), runs[0])


def _shown(key: str, value: Any) -> Any:
    """Return a value as W&B hands it on unchanged: numbers and truth values as such, all else as the text we read."""
    plain = isinstance(value, bool | int | float)
    return value if plain else setting_text(key, value).partition("=")[2]
