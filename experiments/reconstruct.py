"""Reconstruct the faces of photos: overlay, mask, coloured mesh, parameters, and on demand details.

python -m experiments.reconstruct photo.jpg folder/ list.txt --out out/
python -m experiments.reconstruct group.jpg --out out/ --faces all --checkpoint runs/NAME
python -m experiments.reconstruct album/ --out out/ --adapt 100
python -m experiments.reconstruct photo.jpg --out out/ --refine 0 --misfit-prior
python -m experiments.reconstruct photo.jpg --out out/ --bump default
python -m experiments.reconstruct photo.jpg --out out/ --shading
python -m experiments.reconstruct photo.jpg --out out/ --detail --references data/references
python -m experiments.reconstruct photo.jpg --out out/ --detail --stages fill.. --references data/others
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import EXIT_FAILED, run, write_json
from experiments.reconstruction.detail_options import add_detail_options
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.reconstruction.detail_stages import DetailStages
    from lightning_modules.focus.lightning_model import FocusModule
    from seethrough.photos import FaceDetector

PROGRAM = "python -m experiments.reconstruct"
REFINE_STEPS = 60


def main(arguments: list[str]) -> int:
    """Reconstruct every photo; returns 1 if one of them failed."""
    options = _parser().parse_args(arguments)
    _refuse_contradictions(options)

    from seethrough.photos import find_photos, load_detector

    photos = [path for path in find_photos(options.photos) if not _is_result(path, options.photos)]
    if not photos:
        raise SeethroughError(f"{' '.join(options.photos)}: only pictures that this command made; name the photos")

    # Imported here: a mistake in the command need not wait for networks and renderer.
    from experiments.reconstruction.checkpoints import choose_checkpoint
    from experiments.reconstruction.chosen_details import chosen_details
    from experiments.reconstruction.estimator import FaceEstimator
    from experiments.reconstruction.manifest import Manifest, Row
    from experiments.reconstruction.photo_to_mesh import PhotoToMesh

    detail = chosen_details(options)
    if detail is not None and (len(photos) > 1 or options.faces != "largest"):
        _refuse_one_for_several(options, detail)
    detector = None if detail is not None and detail.reuses_face else load_detector(options.detector)
    checkpoint = choose_checkpoint(options.checkpoint)
    adapted = _adapted(options, checkpoint, photos, detector) if options.adapt and detector is not None else None
    estimator = FaceEstimator(checkpoint, options.level, adapted)
    if options.misfit_prior and estimator.misfit_identity is None:
        raise SeethroughError(
            f"--misfit-prior: {checkpoint or 'a fit without network'} has none; python -m tools.misfit_prior builds one"
        )
    manifest = Manifest(options.out)
    settings = {
        "checkpoint": None if checkpoint is None else str(checkpoint),
        "adapted_steps": options.adapt,
        "refine_steps": options.refine,
        "misfit_prior": options.misfit_prior,
        "detector": options.detector,
    }
    reconstruct = PhotoToMesh(detector, estimator, manifest, options.faces, options.refine, settings, detail)
    rows: list[Row] = []
    try:
        for path in photos:
            found = reconstruct(path)
            manifest.record(found)
            rows += found
            for row in found:
                _report(row)
    finally:  # Ctrl-C keeps what is done
        if options.json:
            write_json(options.json, rows)
    failed = sum(row["status"] == "failed" for row in rows)
    if len(rows) > 1:
        print(f"{len(rows) - failed} of {len(rows)} reconstructed; {manifest.path}")
    return EXIT_FAILED if failed else 0


def _refuse_one_for_several(options: argparse.Namespace, detail: DetailStages) -> None:
    if detail.source is not None and detail.source.single:
        raise SeethroughError(
            f"--foundation {options.foundation}: one file is of one face; for several, name a folder of files that are "
            "called as the photos are (photo.json, photo_face2.json)"
        )
    if detail.mask_of_one_photo:
        raise SeethroughError(f"--mask {options.mask}: a mask is of one photo and one face; name a single photo")


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.misfit_prior and options.refine:
        raise SeethroughError(
            "--misfit-prior corrects what the network itself predicts, and the fit to the photo has moved on from "
            "there: give --refine 0 too"
        )
    if options.misfit_prior and options.adapt:
        raise SeethroughError("--misfit-prior was measured for the networks before --adapt changes them: give one")


def _adapted(
    options: argparse.Namespace, checkpoint: Path | None, photos: list[Path], detector: FaceDetector
) -> FocusModule:
    """Return the networks after some EM steps on the photos' own faces."""
    if checkpoint is None:
        raise SeethroughError("--adapt needs a network: name one with --checkpoint RUN")

    from experiments.adapting import load_adapted
    from experiments.lightning_messages import quieten_lightning
    from experiments.reconstruction.photo_crops import PhotoCrops
    from lightning_modules.checkpoint_reading import read_checkpoint
    from lightning_modules.focus.loading import checkpoint_config, newest_checkpoint
    from lightning_modules.focus.torch_model import load_model

    quieten_lightning()
    file = newest_checkpoint(checkpoint)
    config = checkpoint_config(read_checkpoint(file), file)
    skin = load_model(config.face_model).albedo_mean.mean(0).numpy()
    crops = PhotoCrops(photos, detector, options.faces, config.image_size, skin)
    return load_adapted(checkpoint, crops, options.adapt, told=f"{len(photos)} photos")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description="Reconstruct the faces of photos as coloured meshes.")
    parser.add_argument("photos", nargs="+", metavar="PHOTO|FOLDER|LIST.txt", help="what to reconstruct")
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


def _is_result(path: Path, sources: list[str]) -> bool:
    """Tell whether a picture that was found in a folder is one that this command made there earlier."""
    if not (path.parent / "parameters.json").is_file():
        return False
    return any(path != Path(source) and path.is_relative_to(source) for source in sources)


def _report(row: dict) -> None:
    if row["status"] == "failed":
        print(f"{row['photo']}: {row['reason']}", file=sys.stderr, flush=True)
        return
    seconds = sum(stage["seconds"] for stage in row["stages"].values())
    hidden = row["occluded_fraction"]
    parts = [f"landmarks within {row['landmark_error_px']:.2f} px"]
    parts += [] if hidden is None else [f"{100 * hidden:.0f} % hidden"]
    parts += [f"{seconds:.1f} s", str(Path(row["outputs"]["parameters"]).parent)]
    print(f"{row['photo']}: {', '.join(parts)}", flush=True)


if __name__ == "__main__":
    run(main)
