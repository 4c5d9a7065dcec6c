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
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from experiments.command_line import run, write_json
from experiments.config.arguments import split_words
from experiments.config.composition import Composition
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    import numpy as np
    import pytorch_lightning as pl

    from experiments.run_folder import RunFolder
    from lightning_modules.focus.lightning_model import FocusModule

Split = Literal["test", "validation"]
PROGRAM = "python -m experiments.evaluate"
SHOWN_IMAGES = 16
LOADING = ("batch_size", "workers", "root")
"""Settings of data that do not change which pictures are evaluated."""


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
    parser.add_argument(
        "--soft-masks", action="store_true", help="score masks as FOCUS's released code does, too: not rounded"
    )
    parser.add_argument(
        "--now", action="store_true", help="score shapes by the NoW protocol too; the true meshes of synthetic faces"
    )
    parser.add_argument("--adapt", type=int, default=0, metavar="STEPS", help="first go on with EM on the test photos")
    parser.add_argument("--save-adapted", metavar="FILE", help="write the adapted networks to this checkpoint file")
    options = parser.parse_intermixed_args(arguments)
    if options.adapt < 0 or (options.save_adapted and not options.adapt):
        raise SeethroughError(f"--adapt {options.adapt}: give the number of steps, at least 1")
    if options.rows and not options.rows.endswith(".npz"):
        raise SeethroughError(f"--rows {options.rows} must end in .npz: it holds one array for each column")

    from experiments.run_folder import open_run

    folder = open_run(options.run)
    names, overrides = split_words(options.data)
    composition = folder.composition(names, overrides)
    refuse_other_networks(folder, composition)
    adaptation = {"steps": options.adapt, "save": options.save_adapted} if options.adapt else None
    columns = {"soft_masks": options.soft_masks, "now": options.now}
    summary = evaluate(folder, composition, options.rows, adaptation, options.split, columns)
    if options.json:
        write_json(options.json, summary)
    return 0


def evaluate(
    folder: RunFolder,
    composition: Composition,
    rows_path: str | Path | None = None,
    adaptation: dict[str, Any] | None = None,
    split: Split = "test",
    columns: dict[str, bool] | None = None,
) -> dict[str, dict[str, float]]:
    """Score the newest checkpoint of a run on a split of the data of ``composition``; print and return the tables.

    The numbers also go to ``report/evaluation.json`` of the run, and a sheet of targets, renders and masks to
    ``report/evaluation.png``; those of other data than the run's own to ``evaluation_NAME_...`` (:func:`report_name`),
    with the set's name under the key ``data``. The rows of single images go to ``rows_path``, if that is given. With an
    ``adaptation`` (``steps``, and ``save``, a file or None) the networks first go on learning from the test photos
    without labels, and the files are called ``evaluation_adapted``.

    Returns:
        ``{subset: {key: value}}``; lengths in mm, RMSE in 1/255.
    """
    from rich.console import Console

    from experiments.building import split_title
    from experiments.evaluation_table import evaluation_table, occluder_table
    from experiments.pictures import save_picture
    from lightning_modules.focus.evaluation_summary import summarise_subsets

    said = split_title(composition, split)
    title = f"{folder.title}, {said}"
    measured = measure(folder, composition, split, adaptation, columns)
    if adaptation is not None:
        title = f"{folder.title}, adapted to its photos, {said}"
    summary = summarise_subsets(measured.rows)

    console = Console(width=120, highlight=False)
    console.print(evaluation_table(summary, title, adapted=adaptation is not None))
    by_occluder = occluder_table(summary)
    if by_occluder is not None:
        console.print(by_occluder)
    own = is_own_data(folder, composition)
    name = report_name(composition, measured.set_name, own=own, split=split, adapted=adaptation is not None)
    data = {"data": {"name": composition.config.dataset, "split": split, "set": measured.set_name}}
    write_json(folder.report / f"{name}.json", summary if own else {**data, **summary})
    if not own:
        print(f"written to {folder.report / name}.json")
    if rows_path is not None:
        write_rows(rows_path, measured.rows, measured.set_name)
    batch = next(iter(measured.loader))
    shown = {key: value[:SHOWN_IMAGES] for key, value in batch.items() if key != "truth"}
    pictures = measured.module.pictures(shown)["reconstruction"]
    save_picture(pictures, Path(folder.report / f"{name}.png"), columns=4)
    return summary


def is_own_data(folder: RunFolder, composition: Composition) -> bool:
    """Return whether an evaluation reads the data that the run was made with, however they are loaded."""
    try:
        own = folder.composition().plain
    except SeethroughError:
        return False  # a network by itself need not say which data it learned from

    def which(plain: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in plain["data"].items() if key not in LOADING}

    return own["dataset"] == composition.plain["dataset"] and which(own) == which(composition.plain)


def report_name(composition: Composition, set_name: str, *, own: bool, split: Split, adapted: bool) -> str:
    """Return what an evaluation's files in ``report`` are called: no two sets of pictures share a name.

    ``evaluation``, of the run's own data; ``evaluation_ar_scarf_1f2e3d4c`` of others: their name, subset if one is
    chosen, and a digest of what tells the pictures apart. ``_validation`` and ``_adapted`` are added where they hold.
    """
    parts = ["evaluation"]
    if not own:
        subset = re.sub(r"[^A-Za-z0-9-]+", "-", getattr(composition.config.data, "subset", ""))
        told = set_name or repr(sorted(composition.plain["data"].items()))
        parts += [composition.config.dataset, *([subset] if subset else []), sha256(told.encode()).hexdigest()[:8]]
    parts += ["validation"] * (split == "validation") + ["adapted"] * adapted
    return "_".join(parts)


@dataclass(frozen=True)
class Measured:
    """What a run scored on a split.

    Attributes:
        rows: columns, one row an image, see
            :meth:`lightning_modules.focus.evaluation.FocusEvaluation.rows`.
        set_name: what tells these pictures from all others.
        module: the networks.
        loader: the pictures.
    """

    rows: dict[str, np.ndarray]
    set_name: str
    module: FocusModule
    loader: Iterable[dict[str, Any]]


def measure(
    folder: RunFolder,
    composition: Composition,
    split: Split = "test",
    adaptation: dict[str, Any] | None = None,
    columns: dict[str, bool] | None = None,
) -> Measured:
    """Score the newest checkpoint of a run on a split of the data of ``composition``; says what they are.

    Args:
        folder: the run.
        composition: whose data count.
        split: which pictures.
        adaptation: see :func:`evaluate`.
        columns: further ones, see :meth:`lightning_modules.focus.evaluation.FocusEvaluation.with_columns`.
    """
    from experiments.adapting import load_adapted, shuffled
    from experiments.building import build_data, data_summary, set_name, split_note, split_title
    from lightning_modules.focus.loading import load_focus_module

    data = build_data(composition)
    for said in (data_summary(data), split_note(data, split)):
        if said:
            print(said)
    # The loader alone: with the whole data module Lightning would have the training pictures rendered first.
    loader = data.test_dataloader() if split == "test" else data.val_dataloader()
    config = composition.config
    if adaptation is None:
        module = load_focus_module(folder.weights)
    else:
        module = load_adapted(
            folder.weights,
            shuffled(loader, config.seed),
            **adaptation,
            told=f"{folder.title}, {split_title(composition, split)}",
            seed=config.seed,
            accelerator=config.trainer.accelerator,
        )
    if columns:
        module.evaluation = module.evaluation.with_columns(**columns)
    _trainer(config.trainer.accelerator).test(module, loader, verbose=False)
    return Measured(module.evaluation.rows(), set_name(data, split), module, loader)


def write_rows(path: str | Path, rows: dict[str, np.ndarray], set_name: str) -> None:
    """Write the columns that have one value an image as arrays of one ``.npz`` file; it needs no pickle to be read.

    A further column ``set`` holds ``set_name`` in every row, so that rows of other pictures are not taken for these.

    Raises:
        SeethroughError: the file cannot be written.
    """
    import numpy as np

    columns: dict[str, Any] = {name: values for name, values in rows.items() if values.ndim == 1}
    columns["set"] = np.full(len(rows["id"]), set_name)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **columns)
    except OSError as error:
        raise SeethroughError(
            f"the rows cannot be written to {path} ({error.strerror}): choose another place"
        ) from None


def refuse_other_networks(folder: RunFolder, composition: Composition) -> None:
    """Refuse settings of the method other than the run's: its networks come from its checkpoint as they are.

    Raises:
        SeethroughError: names the first such setting.
    """
    from experiments.resuming import changed

    own, asked = folder.networks(), {key: composition.plain[key] for key in ("method", "model")}
    for key, before, _ in changed(own, asked, free=()):
        source = composition.sources.get(key, "the defaults")
        raise SeethroughError(
            f"'{key}' in {source} cannot be changed for an evaluation: {folder.title} was trained with {before!r}"
        )


def _trainer(accelerator: str) -> pl.Trainer:
    """Return what runs the test on one device: the run's kind of device, or the CPU where there is none of it."""
    import pytorch_lightning as pl
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    from experiments.lightning_messages import quieten_lightning

    quieten_lightning()
    settings: dict[str, Any] = {
        "devices": 1, "logger": False, "enable_checkpointing": False, "enable_model_summary": False,
        "use_distributed_sampler": False,
    }  # fmt: skip
    try:
        return pl.Trainer(accelerator=accelerator, **settings)
    except MisconfigurationException:
        print(f"there is no device for trainer.accelerator={accelerator} here: evaluating on the CPU")
        return pl.Trainer(accelerator="cpu", **settings)


if __name__ == "__main__":
    run(main)
