"""Measure shape from shading on rendered faces whose relief is known.

python -m experiments.shading_study
python -m experiments.shading_study --seeds 0 1 2 --faces 2 --size 500 --json table.json --table table.md
python -m experiments.shading_study --sets nothing kinect default --picture faces.png
python -m experiments.shading_study --table table.md
"""

from __future__ import annotations

import argparse

import torch
from tqdm import tqdm

from experiments.shading_study.faces import FOUNDATIONS, StudyFace, study_faces
from experiments.shading_study.parameter_sets import PARAMETER_SETS, SHOWN
from experiments.shading_study.pictures import write_picture
from experiments.shading_study.scoring import FINE_MM, MEASURES, score, summarise
from experiments.study_command import (
    check_study,
    mean_cell,
    print_study,
    study_parser,
    study_setting,
    write_study,
)

STUDY = "shading_study"
HEADINGS = ("foundation", "parameters", "CPU s", "correlation", "RMSE mm", "fine corr.", "fine RMSE mm")
MEANS = "mean over seeds ± standard deviation over seeds"


def main(arguments: list[str]) -> None:
    """Render, refine, print the table, and write it as JSON, Markdown and pictures if asked to."""
    parser = study_parser(STUDY, __doc__, faces=2)
    parser.add_argument("--size", type=int, default=500, help="px (default 500)")
    parser.add_argument("--sets", nargs="+", default=list(PARAMETER_SETS), metavar="NAME", help="default: all")
    options = parser.parse_args(arguments)
    check_study(options, least={"size": 64}, known={"sets": PARAMETER_SETS})
    setting = study_setting(STUDY, arguments, options, "size")
    torch.set_num_threads(options.threads)
    rows, shown = _measure(options)
    table = summarise(rows, ("foundation", "parameters"))
    cells = [[str(line["foundation"]), str(line["parameters"]), *(mean_cell(line, name, 3) for name in MEASURES)]
             for line in table]  # fmt: skip
    print_study(MEANS, HEADINGS, cells, 2)
    notes = [f"{MEANS}; fine: less the mean around each pixel, {FINE_MM:g} mm"]
    results = {"table": table, "rows": rows}
    write_study(options, setting, results, "Shape from shading on known relief", notes, [(HEADINGS, cells, 2)])
    if options.picture is not None:
        write_picture(options.picture, shown, {name: PARAMETER_SETS[name] for name in options.sets if name in SHOWN})


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
