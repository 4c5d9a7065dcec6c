"""The command line of the study."""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.config.arguments import split_words
from seethrough.errors import SeethroughError

PROGRAM = "python -m experiments.recognition_study"
DESCRIPTION = """\
How well do bump maps tell people apart: whole, with the paper's squares, and with these filled in every way? Extreme 3D
faces, Table 1, Figs. 6 and 7. Everything is kept in --out; a run that was killed goes on when it is given again.

rendered people (renders them, trains recognisers, makes a reference set, fills, verifies):
  %(prog)s --out data/recognition
  %(prog)s --out data/recognition --split validation                 # choose settings here
  %(prog)s --out data/recognition_found --bumps default              # bumps that the translator finds on pictures

LFW, or any photos with a list of pairs in its form (after python -m tools.bump_targets PREPARED --out data/bump_lfw):
  %(prog)s data/bump_lfw --pairs LFW/pairs.txt --references data/references --recognisers runs/A runs/B runs/C \\
      --out data/recognition_lfw
"""
TRUE = "true"


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Return the options, with ``folder`` of bump targets or None, and ``settings`` of rendered people.

    Raises:
        SeethroughError: options that do not fit each other.
    """
    options = _parser().parse_intermixed_args(arguments)
    names, options.settings = split_words(options.words)
    options.folder = Path(names[0]) if names else None
    if len(names) > 1:
        raise SeethroughError(f"{names[1]}: name one folder of bump targets, or none for rendered people")
    for name, least in (("folds", 2), ("nearest", 1)):
        if getattr(options, name) < least:
            raise SeethroughError(f"--{name} {getattr(options, name)} must be at least {least}")
    for name in ("seeds", "squares"):
        if len(set(getattr(options, name))) < len(getattr(options, name)):
            raise SeethroughError(f"--{name}: one is named twice")
    if min(options.squares) < 1 or min(options.seeds) < 0:
        raise SeethroughError("--squares must be at least 1 and --seeds not negative")
    if not 0 < options.hidden_share < 1:
        raise SeethroughError(f"--hidden-share {options.hidden_share} must lie between 0 and 1")
    if options.folder is None:
        if options.pairs is not None:
            raise SeethroughError("--pairs is for photos: name the folder of their bump targets first")
        if options.references is not None:
            raise SeethroughError("--references is for photos: those of rendered people are the training people")
        return options
    for name, what in (("pairs", "PATH of LFW's pairs.txt"), ("references", "DIR"), ("recognisers", "RUN...")):
        if not getattr(options, name):
            raise SeethroughError(f"{options.folder}: photos also take --{name} {what}")
    if options.settings:
        raise SeethroughError(f"{options.settings[0]}: settings are of rendered people, a folder takes none")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "words", nargs="*", metavar="DIR|KEY=VALUE", help="bump targets of photos, or settings of data/people"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where everything goes")
    parser.add_argument("--split", choices=("test", "validation"), default="test", help="of rendered people (test)")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="SEED", help="of the recognisers (0 1 2)"
    )
    parser.add_argument(
        "--squares", type=int, nargs="+", default=[3], metavar="N", help="squares on a map; several for several tables"
    )
    parser.add_argument("--folds", type=int, default=10, help="of rendered people (10, as LFW)")
    parser.add_argument(
        "--bumps",
        default=TRUE,
        metavar="WHICH",
        help="true: those of the data; default, a run or a checkpoint: a translator's",
    )
    parser.add_argument(
        "--preset", default="preset/recognition_small", metavar="CONFIG", help="of the recognisers that are trained"
    )
    parser.add_argument(
        "--training", nargs="+", default=[], metavar="KEY=VALUE", help="further settings of the trainings alone"
    )
    parser.add_argument("--recognisers", nargs="+", default=[], metavar="RUN", help="instead of training")
    parser.add_argument("--references", metavar="DIR", help="a set of tools.reference_index, for photos")
    parser.add_argument("--pairs", type=Path, metavar="PATH", help="list of pairs of photos in LFW's form")
    parser.add_argument("--feature", default="dlib", metavar="NAME", help="recognition features of references (dlib)")
    parser.add_argument("--nearest", type=int, default=100, metavar="K", help="short list by viewpoint (100)")
    parser.add_argument("--focus", default="default", metavar="RUN", help="FOCUS: coefficients, and what hides a face")
    parser.add_argument(
        "--hidden-share", type=float, default=0.1, help="photos of which FOCUS' mask hides more are occluded (0.1)"
    )
    return parser
