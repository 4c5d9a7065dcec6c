"""``python -m tests.experiments.tiny_train``: the training command with the tiny method registered."""

from __future__ import annotations

from experiments.command_line import run
from experiments.config.registry import DATA_SETS, METHODS, DataSet, Method
from experiments.train import main

if __name__ == "__main__":
    METHODS["tiny"] = Method(
        "tests.experiments.tiny:TinyConfig",
        "tests.experiments.tiny:TinyModule",
        manual_optimisation=True,
        ends_itself=True,
    )
    DATA_SETS["points"] = DataSet("tests.experiments.tiny:TinyDataConfig", "tests.experiments.tiny:TinyData")
    run(main)
