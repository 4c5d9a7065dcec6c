"""Measure shape from shading on rendered faces whose relief is known.

python -m experiments.shading_study
python -m experiments.shading_study --seeds 0 1 2 --faces 2 --size 500 --json table.json --table table.md
python -m experiments.shading_study --sets nothing kinect default --picture faces.png
python -m experiments.shading_study --table table.md
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import torch
from rich.console import Console
from tqdm import tqdm

from experiments.command_line import write_json
from experiments.provenance import commit
from experiments.shading_study.faces import FOUNDATIONS, StudyFace, study_faces
from experiments.shading_study.parameter_sets import PARAMETER_SETS, SHOWN
from experiments.shading_study.pictures import write_picture
from experiments.shading_study.scoring import score, summarise
from experiments.shading_study.tables import markdown_table, terminal_table
from experiments.studies.running.record import machine
from seethrough.errors import SeethroughError


def main(arguments: list[str]) -> None:
    """Render, refine, print the table, and write it as JSON, Markdown and pictures if asked to."""
    options = _parser().parse_args(arguments)
    unknown = [name for name in options.sets if name not in PARAMETER_SETS]
    if unknown:
        raise SeethroughError(f"--sets: unknown parameter set {unknown[0]!r}: choose from {'; '.join(PARAMETER_SETS)}")
    for name, least in (("faces", 1), ("size", 64), ("threads", 1)):
        if getattr(options, name) < least:
            raise SeethroughError(f"--{name} {getattr(options, name)} must be at least {least}")
    for path in filter(None, (options.json, options.table, options.picture)):
        if not path.resolve().parent.is_dir():
            raise SeethroughError(f"cannot write {path}: its folder does not exist")
    torch.set_num_threads(options.threads)
    rows, shown = _measure(options)
    table = summarise(rows, ("foundation", "parameters"))
    Console(width=130, highlight=False).print(terminal_table(table))
    setting = {
        "command": " ".join(["python -m experiments.shading_study", *map(shlex.quote, arguments)]),
        "commit": commit(),
        "machine": machine(),
        **{name: getattr(options, name) for name in ("seeds", "faces", "size", "threads")},
    }
    if options.json is not None:
        write_json(options.json, {**setting, "table": table, "rows": rows})
    if options.table is not None:
        options.table.write_text(markdown_table(table, setting), encoding="utf-8")
    if options.picture is not None:
        write_picture(options.picture, shown, {name: PARAMETER_SETS[name] for name in options.sets if name in SHOWN})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.shading_study",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    parser.add_argument("--faces", type=int, default=2, help="people of each seed (default 2)")
    parser.add_argument("--size", type=int, default=500, help="px (default 500)")
    parser.add_argument("--sets", nargs="+", default=list(PARAMETER_SETS), metavar="NAME", help="default: all")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the table and the rows of all faces")
    parser.add_argument("--table", type=Path, metavar="PATH", help="write the table as Markdown")
    parser.add_argument("--picture", type=Path, metavar="PATH", help="draw one face of each seed as relief")
    return parser


def _measure(options: argparse.Namespace) -> tuple[list[dict[str, object]], list[StudyFace]]:
    rows: list[dict[str, object]] = []
    shown: list[StudyFace] = []
    with tqdm(total=len(FOUNDATIONS) * len(options.seeds) * options.faces, unit="face", disable=None) as bar:
        for foundation, modes in FOUNDATIONS.items():
            for seed in options.seeds:
                for number, face in enumerate(study_faces(seed, options.faces, options.size, modes)):
                    if foundation == "exact" and number == 0:
                        shown.append(face)
                    for name in options.sets:
                        place = {"foundation": foundation, "parameters": name, "seed": seed, "face": face.name}
                        rows.append({**place, **score(face, PARAMETER_SETS[name])})
                    bar.update()
    return rows, shown
