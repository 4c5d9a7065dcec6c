"""Evaluate a trained run on held-out faces.

python -m experiments.evaluate runs/NAME
python -m experiments.evaluate runs/NAME data/synthetic data.test_identities=500 --json scores.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import run, write_json
from experiments.config.arguments import split_words
from experiments.config.composition import Composition, compose

if TYPE_CHECKING:
    from experiments.run_folder import RunFolder

PROGRAM = "python -m experiments.evaluate"
SHOWN_IMAGES = 16


def main(arguments: list[str]) -> int:
    """Parse, evaluate, print."""
    parser = argparse.ArgumentParser(PROGRAM, description="Evaluate a trained run on its test data, or on other data.")
    parser.add_argument("run", help="run folder, as written by experiments.train")
    parser.add_argument("data", nargs="*", help="data configs and key=value overrides; default: the run's own data")
    parser.add_argument("--json", metavar="PATH", help="also write all numbers as JSON")
    options = parser.parse_args(arguments)

    from experiments.run_folder import open_run

    folder = open_run(options.run)
    names, overrides = split_words(options.data)
    composition = compose([str(folder.config.resolve()), *names], overrides)
    summary = evaluate(folder, composition)
    if options.json:
        write_json(options.json, summary)
    return 0


def evaluate(folder: RunFolder, composition: Composition) -> dict[str, dict[str, float]]:
    """Score the newest checkpoint of a run on the test data of ``composition``; print and return the tables.

    The numbers also go to ``report/evaluation.json`` of the run, and a sheet of targets, renders and masks to
    ``report/evaluation.png``.

    Returns:
        ``{subset: {key: value}}``; lengths in mm, RMSE in 1/255.
    """
    import pytorch_lightning as pl
    from rich.console import Console

    from experiments.building import build_data
    from experiments.evaluation_table import evaluation_table, occluder_table
    from experiments.pictures import save_picture
    from lightning_modules.focus.loading import load_focus_module

    module = load_focus_module(folder.path)
    data = build_data(composition)
    trainer = pl.Trainer(
        accelerator=composition.config.trainer.accelerator,
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    trainer.test(module, data, verbose=False)
    summary = module.evaluation.summary()

    console = Console(width=110, highlight=False)
    console.print(evaluation_table(summary, f"{folder.path}, {composition.config.dataset} test set"))
    by_occluder = occluder_table(summary)
    if by_occluder is not None:
        console.print(by_occluder)
    write_json(folder.report / "evaluation.json", summary)
    batch = next(iter(data.test_dataloader()))
    shown = {key: value[:SHOWN_IMAGES] for key, value in batch.items() if key != "truth"}
    save_picture(module.pictures(shown)["reconstruction"], Path(folder.report / "evaluation.png"), columns=4)
    return summary


if __name__ == "__main__":
    run(main)
