"""The command line of reference sets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import write_json
from experiments.option_values import count
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from tools.reference_index.face_source import FaceSource

PROGRAM = "python -m tools.reference_index"
DESCRIPTION = """\
Make the set of faces from which hole filling borrows hidden details: bump map, mask, landmarks, viewpoint, recognition
feature and person of each. A run that was killed goes on when the same command is given again.

  %(prog)s data/bump --out data/references                       # bump targets of tools.bump_targets
  %(prog)s data/detail --out data/references                     # rendered faces with known relief
  %(prog)s data/detail data.scene.image_size=500 data.size=12000 --out data/references
  %(prog)s data/references --check                               # read all of a finished set
"""
EPILOGUE = """\
exit code: 0; 2 for a mistake in the command or a damaged set.
"""


def main(arguments: list[str]) -> None:
    """Make or check the set that the arguments name."""
    options = _parser().parse_intermixed_args(arguments)
    if options.check:
        _check(options)
        return
    if not options.out:
        raise SeethroughError("say where the references go, by --out DIR")
    from tools.reference_index.building import build_references
    from tools.reference_index.features import FeatureReader

    features = FeatureReader(options.feature)
    source = _source(options)
    out = Path(options.out)
    writer = build_references(source, features, out, overwrite=options.overwrite, say=lambda line: print(line))
    print(f"{writer.rows} references, {writer.skipped} faces left out: {out}")
    if options.json:
        counts = {"references": writer.rows, "left_out": writer.skipped, "people": _people(out), "folder": str(out)}
        write_json(options.json, {**counts, "crop_size_px": source.crop_size, "feature": features.name})


def _check(options: argparse.Namespace) -> None:
    from seethrough.details.filling import ReferenceSet

    if len(options.source) > 1 or options.out:
        raise SeethroughError("--check takes the folder of one finished set and nothing else")
    references = ReferenceSet(options.source[0])
    references.check_maps()
    print(f"{len(references)} references of {references.size} px: as they were written")


def _people(folder: Path) -> int:
    from seethrough.details.filling import ReferenceSet

    identities = ReferenceSet(folder).identities
    return len({identity for identity in identities if identity is not None})


def _source(options: argparse.Namespace) -> FaceSource:
    from experiments.config.arguments import split_words
    from experiments.config.sources import config_names
    from experiments.config.suggestions import did_you_mean
    from tools.bump_targets.prepared_photos import prepared_folder_of

    names, overrides = split_words(options.source)
    folder = prepared_folder_of(names[0]) if len(names) == 1 else None
    if folder is not None:
        if overrides:
            raise SeethroughError(f"{overrides[0]}: a folder of bump targets takes no settings")
        from tools.reference_index.target_faces import TargetFaces

        return TargetFaces(folder, options.checkpoint, options.limit, options.split)
    if Path(options.out).exists() and any(Path(name).resolve() == Path(options.out).resolve() for name in names):
        raise SeethroughError(f"--out {options.out} is the source itself: choose another folder")
    known = [name for name in config_names() if name.startswith("data/")]
    for name in names:
        if name not in known and not name.endswith(".yaml"):
            what = "a folder without bump targets" if Path(name).is_dir() else "no such folder or data config"
            raise SeethroughError(
                f"{name}: {what}{did_you_mean(name, known)}; name a folder of `python -m tools.bump_targets`, or "
                "data/detail"
            )
    from datamodules.detail.datamodule import DetailDataModule
    from experiments.building import build_data
    from experiments.config.choosing import selected
    from experiments.config.composition import compose
    from tools.reference_index.rendered_faces import RenderedFaces

    data = None
    if selected(["bump", *names], overrides)[1] == "detail":
        data = build_data(compose(["bump", *names], overrides))
    if not isinstance(data, DetailDataModule):
        raise SeethroughError(
            f"{' '.join(names)}: has no bump maps; make them by `python -m tools.bump_targets`, or name data/detail"
        )
    return RenderedFaces(data, options.split or "train", options.limit)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM, description=DESCRIPTION, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="a folder of bump targets, or data/detail with key=value overrides; with --check, a finished set",
    )
    parser.add_argument("--out", metavar="DIR", help="folder of the set")
    parser.add_argument(
        "--feature",
        default="dlib",
        metavar="NAME",
        help="dlib, the path of an ArcFace backbone.pth, identity (coefficients of the face model), or none",
    )
    parser.add_argument("--split", metavar="NAME", help="only these faces; rendered faces: train unless said")
    parser.add_argument("--limit", type=count, default=0, metavar="N", help="only the first N faces")
    parser.add_argument(
        "--checkpoint", default="default", metavar="RUN", help="FOCUS, for photos: run folder, checkpoint file, or none"
    )
    parser.add_argument("--check", action="store_true", help="read a finished set and compare it with its checksums")
    parser.add_argument("--overwrite", action="store_true", help="remove an earlier set from DIR first")
    parser.add_argument("--json", metavar="PATH", help="also write the counts as JSON")
    return parser
