"""Measure how well soft symmetry finds what the camera does not see of turned faces.

python -m experiments.symmetry_study
python -m experiments.symmetry_study --seeds 0 1 2 --faces 2 --yaws 25 50 --modes 30 8 --json t.json --picture p.png
python -m experiments.symmetry_study --methods "foundation only" "plain mirroring" default
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from experiments.command_line import write_json
from experiments.symmetry_study.faces import TurnedFace, turned_faces
from experiments.symmetry_study.methods import METHODS
from experiments.symmetry_study.pictures import write_picture
from experiments.symmetry_study.scoring import MEASURES, score, summarise
from seethrough.errors import SeethroughError

_HEADINGS = ("CPU s", "hidden mm", "hidden deg", "across mm", "across deg", "seen mm", "gain mm")


def main(arguments: list[str]) -> None:
    """Make the faces, complete them, print the table, and write it as JSON and a picture if asked to."""
    options = _parser().parse_args(arguments)
    unknown = [name for name in options.methods if name not in METHODS]
    if unknown:
        raise SeethroughError(f"--methods: unknown method {unknown[0]!r}: choose from {'; '.join(METHODS)}")
    for name, least in (("faces", 1), ("size", 64), ("threads", 1)):
        if getattr(options, name) < least:
            raise SeethroughError(f"--{name} {getattr(options, name)} must be at least {least}")
    for yaw in options.yaws:
        if not 0 <= yaw <= 90:
            raise SeethroughError(f"--yaws {yaw:g}: degrees from 0 to 90")
    if min(options.modes) < 0:
        raise SeethroughError(f"--modes {min(options.modes)} must not be negative; 0 is all")
    for path in filter(None, (options.json, options.picture)):
        if not path.resolve().parent.is_dir():
            raise SeethroughError(f"cannot write {path}: its folder does not exist")
    torch.set_num_threads(options.threads)
    rows, shown = _measure(options)
    table = summarise(rows, ("modes", "yaw", "method"))
    Console(width=150, highlight=False).print(_as_table(table))
    if options.json is not None:
        setting = {name: getattr(options, name) for name in ("seeds", "faces", "yaws", "size", "modes", "threads")}
        write_json(options.json, {**setting, "table": table, "rows": rows})
    if options.picture is not None:
        write_picture(options.picture, shown)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.symmetry_study",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    parser.add_argument("--faces", type=int, default=2, help="people of each seed (default 2)")
    parser.add_argument("--yaws", type=float, nargs="+", default=[25.0, 50.0], metavar="DEGREES", help="default 25 50")
    parser.add_argument(
        "--modes", type=int, nargs="+", default=[30, 8], help="identity modes of the foundation; 0 is all (30 and 8)"
    )
    parser.add_argument("--size", type=int, default=500, help="px (default 500)")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), metavar="NAME", help="default: all")
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the table and the rows of all faces")
    parser.add_argument("--picture", type=Path, metavar="PATH", help="draw one face of each seed from its hidden side")
    return parser


def _measure(options: argparse.Namespace) -> tuple[list[dict[str, object]], list[TurnedFace]]:
    rows: list[dict[str, object]] = []
    shown: list[TurnedFace] = []
    total = len(options.modes) * len(options.seeds) * options.faces * len(options.yaws)
    with tqdm(total=total, unit="face", disable=None) as bar:
        for modes in options.modes:
            for seed in options.seeds:
                for number, face in enumerate(turned_faces(seed, options.faces, options.yaws, options.size, modes)):
                    if modes == options.modes[-1] and number == len(options.yaws) - 1:
                        shown.append(face)
                    for name in options.methods:
                        place = {"modes": modes, "yaw": face.yaw, "method": name, "seed": seed, "face": face.name}
                        rows.append({**place, **score(face, METHODS[name])})
                    bar.update()
    return rows, shown


def _as_table(lines: list[dict[str, object]]) -> Table:
    table = Table(title="mean over seeds ± standard deviation over seeds")
    for heading in ("modes", "yaw", "method", *_HEADINGS):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "method" else "right")
    for line in lines:
        cells = [f"{line[name]:.2f} ± {line[name + '_deviation']:.2f}" for name in (*MEASURES, "gain_mm")]
        first = (str(line["modes"]), f"{line['yaw']:g}", str(line["method"]))
        table.add_row(*first, *(cell.replace("nan", "-") for cell in cells))
    return table
