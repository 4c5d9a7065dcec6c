"""Measure how well soft symmetry finds what the camera does not see of turned faces.

python -m experiments.symmetry_study
python -m experiments.symmetry_study --seeds 0 1 2 --faces 2 --yaws 25 50 --modes 30 8 --json t.json --picture p.png
python -m experiments.symmetry_study --methods "foundation only" "plain mirroring" default
"""

from __future__ import annotations

import argparse

import torch
from tqdm import tqdm

from experiments.study_command import (
    check_study,
    mean_cell,
    print_study,
    study_parser,
    study_setting,
    write_study,
)
from experiments.symmetry_study.faces import TurnedFace, turned_faces
from experiments.symmetry_study.methods import METHODS
from experiments.symmetry_study.pictures import write_picture
from experiments.symmetry_study.scoring import MEASURES, faces_won, score, summarise
from seethrough.errors import SeethroughError

STUDY = "symmetry_study"
HEADINGS = ("method", "modes", "yaw", "CPU s", "hidden mm", "hidden deg", "across mm", "across deg", "seen mm",
            "gain mm")  # fmt: skip
MEANS = "mean over seeds ± standard deviation over seeds"


def main(arguments: list[str]) -> None:
    """Make the faces, complete them, print the table, and write it as JSON, Markdown and a picture if asked to."""
    options = _parser().parse_args(arguments)
    check_study(options, least={"size": 64}, known={"methods": METHODS})
    for yaw in options.yaws:
        if not 0 <= yaw <= 90:
            raise SeethroughError(f"--yaws {yaw:g}: degrees from 0 to 90")
    if min(options.modes) < 0:
        raise SeethroughError(f"--modes {min(options.modes)} must not be negative; 0 is all")
    setting = study_setting(STUDY, arguments, options, "yaws", "size", "modes")
    torch.set_num_threads(options.threads)
    rows, shown = _measure(options)
    table, won = summarise(rows, ("modes", "yaw", "method")), faces_won(rows)
    cells = []
    for line in table:
        place = [str(line["method"]), str(line["modes"]), f"{line['yaw']:g}"]
        cells.append([*place, *(mean_cell(line, name, 2) for name in (*MEASURES, "gain_mm"))])
    print_study(MEANS, HEADINGS, cells, 1)
    notes = [
        f"{MEANS}; people of each seed: {options.faces}",
        "hidden: all of the face that is not seen; across: the part of it whose other side is seen; deg: degrees "
        "between normals; gain: of across mm over the foundation only, face by face",
    ]
    told = (["default closer than", "faces across", "of"], [[*map(str, line.values())] for line in won], 1)
    print_study("across mm, face by face", *told)
    results = {"table": table, "faces_won": won, "rows": rows}
    tables = [(HEADINGS, cells, 1), *([told] if won else [])]
    write_study(options, setting, results, "Soft symmetry on turned faces", notes, tables)
    if options.picture is not None:
        write_picture(options.picture, shown)


def _parser() -> argparse.ArgumentParser:
    parser = study_parser(STUDY, __doc__, faces=2)
    parser.add_argument("--yaws", type=float, nargs="+", default=[25.0, 50.0], metavar="DEGREES", help="default 25 50")
    parser.add_argument(
        "--modes", type=int, nargs="+", default=[30, 8], help="identity modes of the foundation; 0 is all (30 and 8)"
    )
    parser.add_argument("--size", type=int, default=500, help="px (default 500)")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), metavar="NAME", help="default: all")
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
