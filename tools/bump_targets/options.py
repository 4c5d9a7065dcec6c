"""What the command line of bump targets offers."""

from __future__ import annotations

import argparse

from experiments.option_values import count
from experiments.reconstruction.detail_options import add_foundation_options

PROGRAM = "python -m tools.bump_targets"
DESCRIPTION = """\
Make bump maps of photos as the Extreme 3D paper made its training set: FOCUS gives each face a foundation, shape from
shading refines its depth, the difference is the bump. What looks wrong is left out, with a picture of it. A run that
was killed goes on when the same command is given again, and ends with the same bytes.

  %(prog)s data/prepared/photos --out data/bump
  %(prog)s album/ --out data/bump --checkpoint runs/NAME
  %(prog)s data/vgg_casia data.root=/data/CASIA-WebFace --out data/bump --jobs 16
  python -m experiments.train bump data/bump data.prepared=data/bump
"""
EPILOGUE = """\
MANIFEST is a prepared folder of tools.prepare_photos (its landmarks, masks, people and splits are taken over; the
photos themselves must still lie where they were, because stored crops are too coarse for detail), or photos as that
command takes them.
written into DIR: manifest.jsonl (a row a face), bumps/ (PNG; mm = (code - 127) / 9.6 in 8 bits, (code / 256 - 127) /
9.6 in 16 bits, out of the face positive), masks/ (where the bump says something), crops/, preparation.json,
skipped.jsonl (who was left out and why), rejected/ (a picture of each face that quality control left out),
bump_sheet.jpg and contact_sheet.jpg.
exit code: 0; 1 if a photo was skipped, unless --skip-bad; 2 for a mistake in the command.
"""


def options_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "manifest",
        nargs="+",
        metavar="MANIFEST",
        help="a prepared folder; or a folder of photos, a photo, a .txt list, a data config with key=value overrides",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the targets")
    parser.add_argument(
        "--checkpoint", default="default", metavar="RUN", help="FOCUS: run folder, checkpoint file, default, or none"
    )
    add_foundation_options(parser, "focus")
    parser.add_argument(
        "--refine", type=_whole, default=60, metavar="N", help="steps of the fit to each photo, 0: none (%(default)s)"
    )
    parser.add_argument(
        "--shading",
        default="default",
        metavar="PRESET",
        help="parameters of shape from shading: default, kinect, ivcam",
    )
    parser.add_argument("--along", default="z", metavar="AXIS", help="bumps along z (release) or ray (paper)")
    parser.add_argument("--size", type=count, default=500, metavar="PX", help="side of crops and maps (%(default)s)")
    parser.add_argument("--bits", type=count, default=16, metavar="N", help="of the maps: 16, or 8 as published")
    parser.add_argument(
        "--detector", choices=("dlib", "insightface"), default="dlib", help="for photos without landmarks (%(default)s)"
    )
    parser.add_argument("--jobs", type=count, default=0, metavar="N", help="processes that work; default: one a core")
    parser.add_argument("--skip-bad", action="store_true", help="go on without faulty records; skipped photos are fine")
    parser.add_argument("--overwrite", action="store_true", help="remove earlier targets from DIR first")
    parser.add_argument("--json", metavar="PATH", help="also write the counts as JSON")
    parser.add_argument("--devices", type=count, default=1, metavar="N", help="share the work by Lightning: N a node")
    parser.add_argument("--nodes", type=count, default=1, metavar="M", help="and M nodes; start the command on each")
    parser.add_argument(
        "--accelerator",
        choices=("cpu", "gpu"),
        default="cpu",
        help="of --devices; for shape from shading (%(default)s)",
    )
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(text)
