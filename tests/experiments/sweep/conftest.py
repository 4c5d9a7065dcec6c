from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from experiments import ended_run
from experiments.sweep import commands
from experiments.sweep.planning import SweepPlan, plan_sweep
from experiments.sweep.reading import read_sweep

TINY = "configs: []\nsettings: {method: tiny, dataset: points}\n"


@pytest.fixture
def sweep_file(tmp_path: Path):
    """Writes a sweep of the tiny method and returns its path."""

    def write(text: str, name: str = "trial") -> str:
        path = tmp_path / f"{name}.yaml"
        path.write_text(TINY + text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def planned(sweep_file, tmp_path: Path):
    """Returns the plan of a sweep of the tiny method."""

    def plan(text: str, **options) -> SweepPlan:
        return plan_sweep(read_sweep(sweep_file(text)), tmp_path / "out", **options)

    return plan


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """run -> a Python script in place of its training; runs without one log a loss and end."""
    chosen: dict[str, str] = {}

    def fake(job) -> tuple[str, ...]:
        head = (
            "import pathlib, sys, time\n"
            f"folder = pathlib.Path({str(job.folder.path)!r})\n"
            "folder.mkdir(parents=True, exist_ok=True)\n"
            f"(folder / 'config.yaml').write_text({job.composition.yaml()!r})\n"
        )
        rows = f"step,loss,validation/error\n1,3,\n2,{2 + (job.seed or 0)},0.5\n"
        mark = json.dumps({"step": 2, "limits": ended_run._limits(job.composition)})
        tail = f"\n(folder / 'metrics.csv').write_text({rows!r})\n(folder / 'ended.json').write_text({mark!r})"
        return (sys.executable, "-c", head + chosen.get(job.name, "") + tail)

    monkeypatch.setattr(commands, "train_command", fake)
    return chosen
