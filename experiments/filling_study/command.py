"""Measure hole filling on rendered people whom the references do not show.

python -m tools.reference_index data/detail --out data/references
python -m experiments.filling_study data/references --choose --table choice.md     # settings, on validation people
python -m experiments.filling_study data/references --table table.md               # ways to fill, on test people
python -m experiments.filling_study data/references --bumps true default           # and with a translator's bumps
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from experiments.filling_study.cases import SPLITS, TRUE, Case, cases, study_source
from experiments.filling_study.holes import HOLES
from experiments.filling_study.measuring import (
    Ranked,
    choices,
    chosen_fills,
    compared_fills,
    errors,
    measured,
)
from experiments.filling_study.pictures import strip, write_strips
from experiments.filling_study.summary import CHOSEN, COMPARED, chosen, chosen_cells, compared, compared_cells
from experiments.study_command import check_study, print_study, study_parser, study_setting, write_study
from seethrough.details.filling import ReferenceSearch, ReferenceSet
from seethrough.details.filling.search import NEAREST
from seethrough.errors import SeethroughError
from tools.reference_index.features import FeatureReader

STUDY = "filling_study"
MEANS = "mean over seeds of the holes ± standard deviation over seeds; differences: mean and 95 % interval over people"
DRAWN = 6


def main(arguments: list[str]) -> None:
    """Fill, print the table, and write it as JSON, Markdown and a picture if asked to."""
    options = _parser().parse_intermixed_args(arguments)
    _check(options)
    setting = study_setting(STUDY, arguments, options, "split", "bumps")
    torch.set_num_threads(options.threads)
    references = ReferenceSet(options.references)
    features = FeatureReader(references.description.feature_network)
    source = study_source(references, options.split, options.pools, options.settings)
    if options.faces > len(source):
        raise SeethroughError(f"--faces {options.faces}: the {options.split} set has {len(source)}")
    k = min(NEAREST, len(references))
    setting |= {"references": len(references), "short list": k, "size px": references.size,
                "features": references.description.feature_network}  # fmt: skip
    every = cases(source, options.faces, options.seeds, options.bumps, features)
    total = options.faces * len(options.seeds) * len(HOLES) * len(options.bumps)
    every = tqdm(every, total=total, unit="hole", disable=None)
    if options.choose:
        lines, best = chosen(_chosen_rows(every, references, k))
        cells, headings, results = [chosen_cells(line) for line in lines], CHOSEN, {"best": best, "table": lines}
        title = "Settings of hole filling, compared on validation people"
    else:
        rows, strips = _compared_rows(every, references, k)
        lines = compared(rows)
        cells, headings, results = [compared_cells(line) for line in lines], COMPARED, {"table": lines}
        title = f"Hole filling on {options.split} people"
        if options.picture is not None:
            write_strips(options.picture, strips)
    print_study(MEANS, headings, cells, 3)
    kept = {name.replace(" ", "_"): value for name, value in setting.items()}
    write_study(options, kept, results, title, [MEANS], [(headings, cells, 3)])


def _parser() -> argparse.ArgumentParser:
    parser = study_parser(STUDY, __doc__, faces=32)
    parser.add_argument("references", metavar="DIR", help="a set of python -m tools.reference_index data/detail")
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE", help="of data/detail, as the set was made with")
    parser.add_argument("--pools", default="data/pools", metavar="DIR", help="folder of rendered pools")
    parser.add_argument("--split", choices=SPLITS, help="whose faces: test, or validation with --choose")
    parser.add_argument(
        "--bumps", nargs="+", default=[TRUE], metavar="SOURCE", help="true (default), or a translator: default, or RUN"
    )
    parser.add_argument("--choose", action="store_true", help="compare settings of the mixture, not ways to fill")
    return parser


def _check(options: argparse.Namespace) -> None:
    if options.choose and options.split == "test":
        raise SeethroughError("--choose compares settings, which is done on validation people: leave out --split test")
    options.split = options.split or ("validation" if options.choose else "test")
    if options.choose and options.bumps != [TRUE]:
        raise SeethroughError("--choose compares settings with true bumps: leave out --bumps")
    if options.choose and options.picture is not None:
        raise SeethroughError("--choose draws nothing: leave out --picture")
    check_study(options, least={"faces": 2}, known={"bumps": options.bumps})
    for name in options.bumps:
        if name != TRUE:
            from lightning_modules.bump.loading import newest_checkpoint

            newest_checkpoint(name)


def _chosen_rows(every: tqdm[Case], references: ReferenceSet, k: int) -> list[dict[str, Any]]:
    search, rows = ReferenceSearch(references), []
    for case in every:
        ranked = Ranked(case, search, k)
        for choice, bump in chosen_fills(case, ranked, references, choices(k), k):
            numbers = errors(bump, case.face.bump, case.gap)
            rows.append({**choice.as_row(), "face": case.face.id, "hole": case.hole, "seed": case.seed, **numbers})
    return rows


def _compared_rows(
    every: tqdm[Case], references: ReferenceSet, k: int
) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    searches = {preset: ReferenceSearch(references, preset) for preset in ("default", "paper")}
    rows: list[dict[str, Any]] = []
    strips: list[np.ndarray] = []
    for case in every:
        if not rows:
            compared_fills(case, searches, k)["default, mixed"]()  # compiled loops are loaded; that takes its time
        place = {"bumps": case.bumps, "hole": case.hole, "seed": case.seed, "face": case.face.id}
        filled = {}
        for name, fill in compared_fills(case, searches, k).items():
            filled[name], numbers = measured(case, fill)
            rows.append({**place, "fill": name, **numbers})
        if len(strips) < DRAWN and case.place % len(HOLES) == HOLES.index(case.hole) and case.place == len(strips):
            strips.append(strip(case, filled))
    return rows, strips
