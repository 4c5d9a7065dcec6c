"""The runs that a protocol compares, the data they are measured on, and the published rows that they repeat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.config.composition import Composition
from experiments.config.registry import DATA_SETS
from experiments.protocols.sheets import file_stem
from experiments.run_folder import RunFolder, open_run
from seethrough.errors import SeethroughError

NONE = "-"
# What AR's protocols are about, and where README prepares it.
_OWN_SETTINGS = {"ar": ("data.masked_only=true", "data.other=false", "data.prepared=data/prepared/ar_masks")}
_DATA_KEY = re.compile(r"(?<![\w./-])data\.(?=[a-z_]+\b(?!/))")


@dataclass(frozen=True)
class ComparedRun:
    """A run in a table.

    Attributes:
        folder: the run; None for a folder of meshes that another method has made.
        label: in tables.
        row: of the paper, which the run repeats; None where there is none.
        meshes: folder of meshes in the layout of NoW, in the place of a run.
    """

    folder: RunFolder | None
    label: str
    row: str | None
    meshes: Path | None = None

    @property
    def run(self) -> RunFolder:
        """The run; raises ``SeethroughError`` for a folder of meshes."""
        if self.folder is None:
            raise SeethroughError(f"{self.label} holds meshes, this protocol needs a run: runs/NAME, or `default`")
        return self.folder

    def published(self, table: Mapping[str, Any], prior: bool = False) -> Any:
        """Return what the paper's table has for this run (with its misfit prior), or None."""
        return table.get(f"{self.row}{'-MP' if prior else ''}") if self.row else None


def open_runs(
    words: Sequence[str], beside: Sequence[str], rows: Iterable[str], meshes: bool = False
) -> list[ComparedRun]:
    """Open the runs that a user has named.

    Args:
        words: run folders, checkpoint files, ``default``.
        beside: published row of each of them, ``-`` for none; where it is empty they are told from the settings.
        rows: published rows that there are.
        meshes: take a folder that is no run for one of meshes.

    Raises:
        SeethroughError: none named, no run there, an unknown row, or as many rows as there are not runs.
    """
    if not words:
        raise SeethroughError("name at least one run: runs/NAME, a checkpoint file, or `default`")
    known = [row.removesuffix("-MP") for row in rows]
    if beside and len(beside) != len(words):
        raise SeethroughError(f"--beside names {len(beside)} published rows for {len(words)} runs; - stands for none")
    for row in beside:
        if row != NONE and row not in known:
            raise SeethroughError(f"--beside {row}: the table has {', '.join(dict.fromkeys(known))}; - stands for none")
    runs: list[ComparedRun] = []
    for place, word in enumerate(words):
        path = Path(word)
        if meshes and path.is_dir() and not (path / "config.yaml").is_file():
            row = beside[place] if beside else NONE
            runs.append(ComparedRun(None, word, None if row == NONE else row, path))
            continue
        folder = open_run(word)
        row = beside[place] if beside else published_row(folder.networks()["model"]) or NONE
        runs.append(ComparedRun(folder, folder.title, None if row == NONE else row))
    stems = [file_stem(run.label) for run in runs]
    for run, stem in zip(runs, stems, strict=True):
        if stems.count(stem) > 1:
            raise SeethroughError(f"{run.label} is named twice, or its files would have another run's names")
    return runs


def published_row(model: Mapping[str, Any]) -> str | None:
    """Return the row of FOCUS' tables whose settings a run has, or None."""
    supervision, weights = model["supervision"], model["loss"]["weights"]
    if supervision["throughout"] or model["schedule"]["supervised_steps"]:
        return None  # true coefficients taught it, which no row of the paper had
    if model["mask"] == "truth":
        kind = model["augmentation"]["kind"]
        return f"Backbone-{kind}" if kind in ("cutmix", "cutout") else "Backbone-Supervised"
    if model["mask"] == "none":
        return "MoFA" if model["perceptual"] == "none" else "Backbone"
    if model["mask"] != "segmentation" or model["segmentation_labels"] != "preliminary":
        return None
    if not model["segmentation_in_em"]:
        return "Pretrained"
    if not weights["distance"] and not weights["preserve"]:
        return "Baseline" if model["loss"]["neighbour_window"] == 1 else "Neighbor"
    return "FOCUS" if weights["neighbour"] else "Perceptual"


def split_overrides(overrides: Sequence[str], data_sets: Sequence[str]) -> dict[str, list[str]]:
    """Return the overrides of each data set: ``ar.root=DIR`` is ``data.root=DIR`` of ``ar`` alone.

    Raises:
        SeethroughError: a key of a data set that the protocol does not use, or a place that all of several data sets
            would share.
    """
    given: dict[str, list[str]] = {name: [] for name in data_sets}
    for override in overrides:
        key = override.partition("=")[0]
        group, _, rest = key.partition(".")
        if group in DATA_SETS and group not in data_sets:
            raise SeethroughError(f"{override}: this protocol reads {', '.join(data_sets) or 'no data'}, not {group}")
        if key in ("data.root", "data.prepared") and len(data_sets) > 1:
            which = " or ".join(f"{name}.{rest}" for name in data_sets)
            raise SeethroughError(f"{override}: of which data set? Write {which}")
        for name in data_sets if group not in DATA_SETS else (group,):
            given[name].append(f"data.{override.partition('.')[2]}" if group in DATA_SETS else override)
    return given


def composed(run: ComparedRun, data_set: str, overrides: Sequence[str]) -> Composition:
    """Return a run's experiment on another data set; raises ``SeethroughError`` where its networks would change."""
    from experiments.evaluation.measuring import refuse_other_networks

    with told_for(data_set):
        composition = run.run.composition([f"data/{data_set}"], [*_OWN_SETTINGS.get(data_set, ()), *overrides])
    refuse_other_networks(run.run, composition)
    return composition


@contextmanager
def told_for(data_set: str) -> Iterator[None]:
    """Have errors in the block name settings as a protocol's user types them: ``ar.root`` for ``data.root``.

    Commands in backticks, which are other programs', stay as they are.
    """
    try:
        yield
    except SeethroughError as error:
        pieces = str(error).split("`")
        pieces[::2] = [_DATA_KEY.sub(f"{data_set}.", piece) for piece in pieces[::2]]
        error.args = ("`".join(pieces),)
        raise
