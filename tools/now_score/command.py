"""Score predicted meshes as the NoW challenge does.

python -m tools.now_score NoW_Dataset predictions --json scores.json
python -m tools.now_score NoW_Dataset predictions --metrical --unit m --out report

DATASET holds imagepathsvalidation.txt (or imagepathstest.txt), scans/ and scans_lmks_onlypp/. PREDICTIONS holds, for
each line SUBJECT/CHALLENGE/IMAGE.jpg of that list, the whole neutral mesh SUBJECT/CHALLENGE/IMAGE.obj or .ply, and its
seven landmarks in a .npy or .txt file of the same name: corners of the eyes from the person's right to the left, base
of the nose, right and left corner of the mouth.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.command_line import write_json
from seethrough.errors import SeethroughError
from seethrough.processors import usable_cores

PROGRAM = "python -m tools.now_score"
_SHOWN = 10


def main(arguments: list[str]) -> int:
    """Parse, score, print."""
    options = _parser().parse_args(arguments)
    from datamodules.now.challenge import challenge_images
    from datamodules.now.scoring import Protocol, score_all
    from tools.now_score.report import as_json, results_table, write_report

    if options.jobs is not None and options.jobs < 1:
        raise SeethroughError(f"--jobs {options.jobs} must be at least 1")
    if options.unit is not None and not options.metrical:
        raise SeethroughError("--unit only counts with --metrical: otherwise meshes are measured at any size")
    dataset, predictions = Path(options.dataset), Path(options.predictions)
    images = challenge_images(dataset, options.split)
    if not predictions.is_dir():
        raise SeethroughError(f"there is no folder {predictions}: it should hold {images[0].stem}.obj and the like")
    from tqdm import tqdm

    with tqdm(total=len(images), desc="scoring", unit="mesh", disable=None) as bar:
        protocol = Protocol(options.metrical, options.unit or "mm")
        scores = score_all(dataset, predictions, images, protocol, options.jobs or usable_cores(), bar.update)
    if not scores.distances:
        path, reason = next(iter(sorted(scores.missing.items())))
        raise SeethroughError(f"none of {len(images)} images has a prediction in {predictions}; {path}: {reason}")

    from rich.console import Console

    title = f"NoW{', metrical' if options.metrical else ''}: {predictions}"
    Console(width=110, highlight=False).print(results_table(scores, title))
    _print_missing(scores.missing)
    _print_warnings(scores.warnings)
    if options.out:
        write_report(Path(options.out), scores, title)
    if options.json:
        write_json(options.json, as_json(scores))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", metavar="DATASET", help="the NoW data set")
    parser.add_argument("predictions", metavar="PREDICTIONS", help="folder of meshes in the official layout")
    parser.add_argument("--split", choices=("validation", "test"), help="default: the list that is there")
    parser.add_argument("--metrical", action="store_true", help="keep the size of the meshes")
    parser.add_argument("--unit", choices=("mm", "cm", "m"), help="unit of the meshes, with --metrical; default mm")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes; default: one a processor")
    parser.add_argument("--json", metavar="PATH", help="also write all numbers as JSON")
    parser.add_argument("--out", metavar="FOLDER", help="also write scores.md, cumulative_error.png, distances.npz")
    return parser


def _print_missing(missing: dict[str, str]) -> None:
    if missing:
        print(f"{len(missing)} images without a score, left out of the numbers:")
        for path, reason in sorted(missing.items())[:_SHOWN]:
            print(f"  {path}: {reason}")
        if len(missing) > _SHOWN:
            print(f"  ... and {len(missing) - _SHOWN} more: --json lists them all")


def _print_warnings(warnings: dict[str, dict[str, str]]) -> None:
    for kind in sorted({kind for each in warnings.values() for kind in each}):
        concerned = [path for path, each in sorted(warnings.items()) if kind in each]
        others = f" and {len(concerned) - 1} more" if len(concerned) > 1 else ""
        print(f"warning: {concerned[0]}{others}: {warnings[concerned[0]][kind]}")
