"""Evaluate a trained run on held-out faces.

python -m experiments.evaluate runs/NAME
python -m experiments.evaluate runs/NAME data/synthetic data.test_identities=500 --json scores.json
python -m experiments.evaluate default data/synthetic --rows rows.npz
python -m experiments.evaluate default data/synthetic --adapt 200
python -m experiments.evaluate default data/synthetic --now
python -m experiments.evaluate runs/NAME data/ar data.root=AR --soft-masks
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import run, write_json
from experiments.config.arguments import split_words
from experiments.config.composition import Composition
from experiments.evaluation.measuring import measure, refuse_other_networks
from experiments.evaluation.method_evaluation import MethodEvaluation, MethodOptions, evaluation_class
from experiments.evaluation.report_names import Split, is_own_data, report_name
from experiments.evaluation.row_files import write_rows
from experiments.evaluation.sheet_facts import sheet_facts
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.run_folder import RunFolder

PROGRAM = "python -m experiments.evaluate"
SHOWN_IMAGES = 16


def main(arguments: list[str]) -> int:
    """Parse, evaluate, print."""
    parser = argparse.ArgumentParser(PROGRAM, description="Evaluate a trained run on its test data, or on other data.")
    parser.add_argument("run", help="run folder, as written by experiments.train, or `default`")
    parser.add_argument("data", nargs="*", help="data configs and key=value overrides; default: the run's own data")
    parser.add_argument("--json", metavar="PATH", help="also write all numbers as JSON")
    parser.add_argument("--rows", metavar="PATH.npz", help="also write one row per image, each column an array")
    parser.add_argument(
        "--split", choices=("test", "validation"), default="test", help="choose settings on validation, never on test"
    )
    of_methods = MethodOptions(parser)
    options = parser.parse_intermixed_args(arguments)
    if options.rows and not options.rows.endswith(".npz"):
        raise SeethroughError(f"--rows {options.rows} must end in .npz: it holds one array for each column")

    from experiments.run_folder import open_run

    folder = open_run(options.run)
    names, overrides = split_words(options.data)
    composition = folder.composition(names, overrides)
    refuse_other_networks(folder, composition)
    evaluation = of_methods.evaluation(composition.config.method, options)
    summary = evaluate(folder, composition, options.rows, evaluation, options.split)
    if options.json:
        write_json(options.json, summary)
    return 0


def evaluate(
    folder: RunFolder,
    composition: Composition,
    rows_path: str | Path | None = None,
    evaluation: MethodEvaluation | None = None,
    split: Split = "test",
) -> dict[str, dict[str, float]]:
    """Score the newest checkpoint of a run on a split of the data of ``composition``; print and return the tables.

    The numbers also go to ``report/evaluation.json`` of the run, and a sheet of pictures to ``report/evaluation.png``,
    with what was measured on its faces in ``evaluation_sheet.json``;
    those of other data than the run's own to ``evaluation_NAME_...`` (:func:`report_name`), with the set's name under
    the key ``data``. The rows of single images go to ``rows_path``, if that is given.

    Args:
        folder: the run.
        composition: whose data count.
        rows_path: see above.
        evaluation: of the run's method, with its options; the method's usual one if None.
        split: which pictures.

    Returns:
        ``{subset: {key: value}}``, in the units of the method.
    """
    from rich.console import Console

    from experiments.building import scored_split, split_title
    from experiments.pictures import save_picture

    evaluation = evaluation or evaluation_class(composition.config.method)()
    measured = measure(folder, composition, evaluation, split)
    summary = evaluation.summarise(measured.rows)
    console = Console(width=120, highlight=False)
    for table in evaluation.tables(summary, folder.title, split_title(composition, split)):
        console.print(table)
    own = is_own_data(folder, composition)
    name = report_name(composition, measured.set_name, own=own, split=split, variant=evaluation.variant)
    scored = scored_split(composition, split)
    data = {"data": {"name": composition.config.dataset, "split": scored, "set": measured.set_name}}
    write_json(folder.report / f"{name}.json", summary if own else {**data, **summary})
    if not own:
        print(f"written to {folder.report / name}.json")
    if rows_path is not None:
        write_rows(rows_path, measured.rows, measured.set_name)
    batch = next(iter(measured.loader))
    shown = {key: value[:SHOWN_IMAGES] for key, value in batch.items() if key != "truth"}
    pictures, columns = evaluation.sheet(measured.module, shown)
    save_picture(pictures, folder.report / f"{name}.png", columns=columns)
    write_json(folder.report / f"{name}_sheet.json", sheet_facts(shown.get("id", ()), measured.rows))
    return summary


if __name__ == "__main__":
    run(main)
