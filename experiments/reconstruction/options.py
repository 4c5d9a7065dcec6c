"""The command line of ``experiments.reconstruct``; read without waiting for torch."""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.reconstruction.detail_options import add_detail_options, refuse_swallowed
from seethrough.errors import SeethroughError

PROGRAM = "python -m experiments.reconstruct"
REFINE_STEPS = 60


def read_options(arguments: list[str]) -> argparse.Namespace:
    """Read the command line.

    Raises:
        SeethroughError: options that exclude one another.
    """
    options = _parser().parse_args(arguments)
    _refuse_contradictions(options)
    return options


def _refuse_contradictions(options: argparse.Namespace) -> None:
    refuse_swallowed(options)
    if (options.video is None) == (not options.photos):
        raise SeethroughError("name photos, or one video with --video, and not both")
    if Path(options.out).exists() and not Path(options.out).is_dir():
        raise SeethroughError(f"--out {options.out} is a file: name a folder for the results")
    if options.video is None:
        for name in ("every", "smoothing"):
            if getattr(options, name) is not None:
                raise SeethroughError(f"--{name} is about videos: add --video FILE|FOLDER")
    elif options.faces != "largest":
        raise SeethroughError("--video tracks one person: leave --faces out")
    if options.misfit_prior and options.refine:
        raise SeethroughError(
            "--misfit-prior corrects what the network itself predicts, and the fit to the photo has moved on from "
            "there: give --refine 0 too"
        )
    if options.misfit_prior and options.adapt:
        raise SeethroughError("--misfit-prior was measured for the networks before --adapt changes them: give one")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description="Reconstruct the faces of photos as coloured meshes.")
    parser.add_argument("photos", nargs="*", metavar="PHOTO|FOLDER|LIST.txt", help="what to reconstruct")
    parser.add_argument(
        "--video", metavar="FILE|FOLDER", help="instead of photos: one person through a video, or a folder of frames"
    )
    parser.add_argument("--every", type=_frames, metavar="N", help="of N frames of the video the first one")
    parser.add_argument(
        "--smoothing", type=_bandwidth, metavar="FRAMES", help="over which the track is smoothed; 0: not at all (2.5)"
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where the results go, a folder for each face")
    parser.add_argument(
        "--checkpoint",
        metavar="RUN",
        help="run folder, checkpoint file, none (fit the photo alone), or default (where nothing is said)",
    )
    parser.add_argument(
        "--refine",
        type=_steps,
        default=REFINE_STEPS,
        metavar="N",
        help="steps of the fit to each photo; 0: none (%(default)s)",
    )
    parser.add_argument(
        "--adapt",
        type=_steps,
        default=0,
        metavar="N",
        help="first train the network N more steps on these photos, without labels",
    )
    parser.add_argument(
        "--misfit-prior", action="store_true", help="subtract the network's mean error from the meshes; with --refine 0"
    )
    parser.add_argument("--faces", choices=("largest", "all"), default="largest", help="which faces of a photo")
    parser.add_argument("--detector", choices=("dlib", "insightface"), default="dlib", help="what finds the faces")
    parser.add_argument(
        "--level", type=int, metavar="N", help="fineness of the meshes, 0 to 3; the open face model only"
    )
    add_detail_options(parser)
    parser.add_argument("--json", metavar="PATH", help="also write this command's manifest rows as one JSON list")
    return parser


def _steps(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of steps (0, 1, 2, ...)")
    return int(text)


def _frames(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of frames (1, 2, ...)")
    return int(text)


def _bandwidth(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of frames between 0 and 100")
    return value
