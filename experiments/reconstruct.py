"""Reconstruct the faces of photos: overlay, mask, coloured mesh, parameters, and on demand details.

python -m experiments.reconstruct photo.jpg folder/ list.txt --out out/
python -m experiments.reconstruct group.jpg --out out/ --faces all --checkpoint runs/NAME
python -m experiments.reconstruct album/ --out out/ --adapt 100
python -m experiments.reconstruct photo.jpg --out out/ --refine 0 --misfit-prior
python -m experiments.reconstruct photo.jpg --out out/ --bump default
python -m experiments.reconstruct photo.jpg --out out/ --shading
python -m experiments.reconstruct photo.jpg --out out/ --detail --references data/references
python -m experiments.reconstruct photo.jpg --out out/ --detail --stages fill.. --references data/others
python -m experiments.reconstruct --video clip.mp4 --out out/ --every 2
python -m experiments.reconstruct --video frames/ --out out/ --detail
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Before NumPy is loaded: on arrays as small as a face's the threads of its matrix products only wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from experiments.command_line import EXIT_FAILED, run, write_json
from experiments.reconstruction.options import read_options
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.reconstruction.detail_stages import DetailStages
    from experiments.reconstruction.manifest import Row
    from experiments.reconstruction.photo_to_mesh import PhotoToMesh
    from experiments.reconstruction.video_frames import VideoFrames
    from lightning_modules.focus.lightning_model import FocusModule
    from seethrough.photos import FaceDetector


def main(arguments: list[str]) -> int:
    """Reconstruct every photo; returns 1 if one of them failed."""
    options = read_options(arguments)

    from seethrough.photos import find_photos, load_detector

    video = None
    if options.video is not None:
        from experiments.reconstruction.video_frames import video_frames

        video = video_frames(options.video, Path(options.out) / "frames", options.every or 1)
        photos = video.paths
    else:
        photos = [path for path in find_photos(options.photos) if not _is_result(path, options.photos)]
    if not photos:
        raise SeethroughError(f"{' '.join(options.photos)}: only pictures that this command made; name the photos")
    if options.stages is None and not any(photo.exists() for photo in photos):  # a few of many are told in their turn
        more = f" and {len(photos) - 1} more" if len(photos) > 1 else ""
        raise SeethroughError(f"{photos[0]}{more}: no such file; check the path")

    # Imported here: a mistake in the command need not wait for networks and renderer.
    import torch

    from experiments.reconstruction.checkpoints import choose_checkpoint
    from experiments.reconstruction.chosen_details import chosen_details
    from experiments.reconstruction.estimator import FaceEstimator
    from experiments.reconstruction.manifest import Manifest
    from experiments.reconstruction.photo_to_mesh import PhotoToMesh
    from seethrough.rendering import tell_of_compiling

    detail = chosen_details(options)
    if video is not None and detail is not None and detail.reuses_face:
        raise SeethroughError("--video tracks anew each time: leave --stages out, or let it start with face")
    if detail is not None and (len(photos) > 1 or options.faces != "largest"):
        _refuse_one_for_several(options, detail)
    detector = None if detail is not None and detail.reuses_face else load_detector(options.detector)
    checkpoint = choose_checkpoint(options.checkpoint)
    adapted = _adapted(options, checkpoint, photos, detector) if options.adapt and detector is not None else None
    tell_of_compiling()
    # A step of the fit is too small to be shared out: the second core writes files, or does another process's photos.
    torch.set_num_threads(1)
    estimator = FaceEstimator(checkpoint, options.level, adapted)
    if options.misfit_prior and estimator.misfit_identity is None:
        raise SeethroughError(
            f"--misfit-prior: {checkpoint or 'a fit without network'} has none; python -m tools.misfit_prior builds one"
        )
    if detail is not None:
        detail.check(estimator)
    manifest = Manifest(options.out)
    settings = {
        "checkpoint": None if checkpoint is None else str(checkpoint),
        "weights": estimator.weights,
        "adapted_steps": options.adapt,
        "refine_steps": options.refine,
        "misfit_prior": options.misfit_prior,
        "detector": options.detector,
    }
    reconstruct = PhotoToMesh(detector, estimator, manifest, options.faces, options.refine, settings, detail)
    rows: list[Row] = []
    try:
        for found in _results(reconstruct, photos, video, options.smoothing):
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


def _results(
    reconstruct: PhotoToMesh, photos: list[Path], video: VideoFrames | None, smoothing: float | None
) -> Iterator[list[Row]]:
    """Yield the rows of one photo after the other."""
    if video is None:
        yield from map(reconstruct, photos)
        return
    from experiments.reconstruction.video_to_meshes import BANDWIDTH, VideoToMeshes

    for row in VideoToMeshes(reconstruct, video, BANDWIDTH if smoothing is None else smoothing)():
        yield [row]


def _refuse_one_for_several(options: argparse.Namespace, detail: DetailStages) -> None:
    if detail.source is not None and detail.source.single:
        raise SeethroughError(
            f"--foundation {options.foundation}: one file is of one face; for several, name a folder of files that are "
            "called as the photos are (photo.json, photo_face2.json)"
        )
    if detail.mask_of_one_photo:
        raise SeethroughError(f"--mask {options.mask}: a mask is of one photo and one face; name a single photo")


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


def _is_result(path: Path, sources: list[str]) -> bool:
    """Tell whether a picture that was found in a folder is one that this command made there earlier."""
    if not (path.parent / "parameters.json").is_file():
        return False
    return any(path != Path(source) and path.is_relative_to(source) for source in sources)


def _report(row: dict) -> None:
    if row["status"] == "failed":
        print(f"{row['photo']}: {row['reason']}", file=sys.stderr, flush=True)
        return
    hidden = row["occluded_fraction"]
    parts = [f"landmarks within {row['landmark_error_px']:.2f} px"]
    parts += [] if hidden is None else [f"{100 * hidden:.0f} % hidden"]
    parts += [f"{row['seconds']:.1f} s", *{str(Path(path).parent) for path in row["outputs"].values()}]
    print(f"{row['photo']}: {', '.join(parts)}", flush=True)


if __name__ == "__main__":
    run(main)
