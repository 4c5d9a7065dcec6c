"""Put the study together: people, recognisers, references, descriptors, tables."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command_line import write_json
from experiments.provenance import commit
from experiments.recognition_study.options import PROGRAM, parsed
from experiments.studies.running.record import machine
from seethrough.counting import counted
from seethrough.errors import SeethroughError

SHOWN_FACES = 5


def main(arguments: list[str]) -> None:
    """Parse, train, fill, verify, print."""
    options = parsed(arguments)
    import torch

    torch.set_num_threads(1)
    start = time.process_time()
    made = {"command": f"{PROGRAM} {' '.join(arguments)}", "commit": commit(), "machine": machine()}
    from experiments.recognition_study.material import photo_material, rendered_material

    material = rendered_material(options) if options.folder is None else photo_material(options)
    folder = options.out / (options.split if options.folder is None else "photos")
    result: dict[str, Any] = {
        **made,
        "split": options.split,
        "bumps": options.bumps,
        "seeds": options.seeds,
        "references": len(material.fillers.searches["default"].references),
        "faces": len(material.subjects.ids),
        "pairs": len(material.subjects.pairs.same),
        "squares": {},
    }
    text = [f"`{made['command']}`, commit {made['commit']}, {made['machine']}.", ""]
    for count in options.squares:
        text += _of_squares(options, material, count, folder, result)
    result["cpu_seconds"] = _spent(options.out, time.process_time() - start, material.training_seconds)
    write_json(folder / "numbers.json", result)
    try:
        (folder / "table.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {folder}/table.md: {error.strerror}") from None
    print(folder / "table.md")


def _of_squares(
    options: argparse.Namespace, material: Any, count: int, folder: Path, result: dict[str, Any]
) -> list[str]:
    """Describe, verify and tell one number of squares; returns Markdown."""
    from rich.console import Console

    from experiments.recognition_study import pictures, reporting
    from experiments.recognition_study.describing import FOUNDATION, FOUNDATION_COVERED, describe_all
    from experiments.recognition_study.scoring import Resampling, descriptors_of, verified

    subjects = material.subjects
    columns = describe_all(
        subjects, material.faces, count, material.fillers, material.describer, material.estimator,
        options.out / "pieces", material.told, seed=0,
    )  # fmt: skip
    ids = columns["id"].tolist()
    found = descriptors_of(columns)
    ways = {name: verified(each, ids, subjects.pairs) for name, each in found.items()}
    ways = {name: ways[name] for name in (FOUNDATION, FOUNDATION_COVERED, *ways)}
    errors = {
        name.partition("/")[2]: float(np.nanmean(values))
        for name, values in columns.items()
        if name.startswith("error_mm/")
    }
    errors[reporting.BLACK] = float("nan")
    resampling = Resampling(subjects.people)
    numbers: dict[str, Any] = {
        "hidden_part_of_face": float(columns["gap"].mean()),
        "ways": reporting.numbers_of(ways, errors, resampling),
    }
    sheets = [
        reporting.score_sheet(_title(count, columns), ways, errors, resampling),
        reporting.difference_sheet(f"Differences, {counted(count, 'square')}: people resampled", ways, resampling),
    ]
    curves = {name: ways[name].curve for name in (FOUNDATION, FOUNDATION_COVERED)}
    if options.folder is not None:
        occluded = set(columns["id"][columns["hidden"] > options.hidden_share].tolist())
        subset_sheet, told, more = reporting.subset_sheet(found, ids, subjects.pairs, occluded)
        sheets.append(subset_sheet)
        numbers |= {"occluded_photos": len(occluded), "subsets": told}
        curves |= more
    console = Console(width=210, highlight=False)
    for sheet in sheets:
        console.print(sheet.rich())
    title = f"Bump maps, {counted(count, 'square')} of 75 px in 500, {subjects.title}"
    reporting.draw_bump_rocs(folder / f"roc_bumps_{count}.png", ways, title)
    reporting.draw_foundation_rocs(folder / f"roc_foundation_{count}.png", curves, f"Foundation, {subjects.title}")
    pictures.write_strips(folder / f"faces_{count}.png", material.strips(count, SHOWN_FACES))
    result["squares"][str(count)] = numbers
    return [sheet.markdown() for sheet in sheets]


def _title(count: int, columns: dict[str, np.ndarray]) -> str:
    share = 100 * float(columns["gap"].mean())
    return f"{counted(count, 'square')}, {share:.0f} % of the face: %, mean ± deviation over folds"


def _spent(out: Path, here: float, training: float) -> dict[str, float]:
    """Add up the CPU seconds of all calls that made what lies in a folder."""
    path = out / "cpu_seconds.json"
    before = json.loads(path.read_text(encoding="utf-8"))["other"] if path.is_file() else 0.0
    spent = {"training": training, "other": before + here}
    write_json(path, spent)
    return spent
