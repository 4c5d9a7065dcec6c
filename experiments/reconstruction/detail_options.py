"""The options that ask for details and for what they lie on; read without waiting for torch."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from experiments.option_values import count
from seethrough.errors import SeethroughError


def add_detail_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ask for details."""
    parser.add_argument(
        "--detail",
        action="store_true",
        help="write the complete detailed face: bump map (--bump or --shading say by what), holes filled, the unseen "
        "side by soft symmetry, one textured mesh, pictures of all stages",
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--bump",
        metavar="RUN",
        help="also write details by a bump translator: run folder, checkpoint file, the authors' own, or default",
    )
    way.add_argument(
        "--shading",
        nargs="?",
        const="default",
        metavar="PRESET",
        help="also write details by shape from shading, without a translator: default, kinect, ivcam",
    )
    parser.add_argument("--references", metavar="FOLDER", help="fill holes from these faces (tools.reference_index)")
    parser.add_argument("--nearest", type=count, metavar="N", help="how many of them are compared in earnest (100)")
    parser.add_argument(
        "--mask",
        metavar="SOURCE",
        help="what hides the face is known from: focus, head (the translator's), a picture (white: visible), or a "
        "TorchScript network",
    )
    parser.add_argument(
        "--stages",
        metavar="FIRST..LAST",
        help="stop early, or start again from what an earlier run left: face, foundation, bump, fill, symmetry, "
        "stitch, texture, pictures",
    )
    add_foundation_options(parser, None)


def refuse_swallowed(options: argparse.Namespace) -> None:
    """Raise ``SeethroughError`` where an option that may stand alone has taken a photo for its value."""
    value = options.shading
    if value is not None and (Path(value).suffix or os.sep in value or Path(value).exists()):
        raise SeethroughError(f"{value} was taken for the preset of --shading; put photos before it")


def add_foundation_options(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Add the options that choose a foundation; ``default`` is what nothing said means."""
    parser.add_argument(
        "--foundation",
        default=default,
        metavar="PRESET|FILE",
        help="focus; release: pose refitted at f = 1000 px; or coefficients: .json, .npz, .txt, or a folder of them",
    )
    parser.add_argument(
        "--foundation-model", metavar="MODEL", help="face model of the coefficients, as 01_MorphableModel.mat"
    )
    parser.add_argument("--foundation-expressions", metavar="FILE", help="its expressions, where they are a file apart")
