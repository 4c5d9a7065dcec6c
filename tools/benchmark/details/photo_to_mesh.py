"""Section ``photo_to_mesh``: each stage of ``reconstruct --detail`` over some photos in one process, after a first one.

Of one photo three more are made by mirroring and turning, so that no two have the same crop, mask or visible vertices,
and nothing that is kept for a set of these helps. All files are written, and thrown away. Peak memory is known of all
stages together, libraries and models included.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from PIL import Image

from experiments.reconstruction.completion_stages import CompletionStages
from experiments.reconstruction.detail_stages import DetailStages
from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.filled_bump import HoleFiller
from experiments.reconstruction.foundations import FoundationSource
from experiments.reconstruction.manifest import Manifest
from experiments.reconstruction.photo_to_mesh import PhotoToMesh
from experiments.reconstruction.stage_range import StageRange
from experiments.reconstruction.stages import STAGES
from tools.benchmark.measuring import Measurement, Times, summarise
from tools.benchmark.registry import Case

TURNS = (0.0, 4.0, -6.0, 9.0)
"""Degrees by which the photos are turned; every second one is mirrored. The first is not timed."""

WHOLE = "a photo, all stages"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section: all stages together, and each of them."""
    return {name: partial(_measured, name) for name in (WHOLE, *STAGES)}


def _measured(name: str) -> Measurement:
    return summarise("photo_to_mesh", name, _times()[name], Times())


@cache
def _times() -> dict[str, Times]:
    """Reconstruct all photos with the networks that come along; every stage's seconds, photo by photo."""
    from lightning_modules.bump.loading import load_translator
    from seethrough.photos import load_detector

    with tempfile.TemporaryDirectory() as folder:
        photos = _photos(Path(folder))
        estimator, translator = FaceEstimator(Path("default")), load_translator("default")
        completion = CompletionStages(StageRange(), HoleFiller())
        detail = DetailStages(FoundationSource(translator.foundation), translator, completion=completion)
        settings: dict[str, object] = {"checkpoint": "default", "weights": estimator.weights}
        manifest = Manifest(Path(folder) / "out")
        reconstruct = PhotoToMesh(load_detector("dlib"), estimator, manifest, "largest", 60, settings, detail)
        times = {name: Times() for name in (WHOLE, *STAGES)}
        for place, photo in enumerate(photos):
            whole = Times()
            rows = []
            whole.take(lambda photo=photo, rows=rows: rows.extend(reconstruct(photo)))
            if rows[0]["status"] != "ok":
                raise AssertionError(f"{photo.name}: {rows[0]['reason']}")
            if place == 0:
                continue
            for name, row in rows[0]["stages"].items():
                times[name].cpu.append(row["cpu_seconds"])
                times[name].wall.append(row["seconds"])
            times[WHOLE].add(whole)
    return times


def _photos(folder: Path) -> list[Path]:
    import skimage.data

    picture = Image.fromarray(skimage.data.astronaut())
    paths = []
    for number, degrees in enumerate(TURNS):
        changed = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if number % 2 else picture
        paths.append(folder / f"photo{number}.png")
        changed.rotate(degrees, Image.Resampling.BICUBIC).save(paths[-1])
    return paths
