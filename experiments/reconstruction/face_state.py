"""What stages leave for later runs: the fitted face, its bump map, the filled bump map; one file each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from experiments.reconstruction.estimator import FaceEstimate, FaceEstimator
from experiments.reconstruction.filled_bump import FilledBump
from experiments.reconstruction.manifest import printable
from experiments.reconstruction.writing import Reconstruction
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters
from seethrough.photos import CropTransform, DetectedFace

VERSION = 1
FILES = {name: f"state_{name}.npz" for name in ("face", "bump", "fill")}
_AGAIN = "run the command again without --stages"


def photo_hash(path: Path) -> str:
    """Return what tells whether a photo is still the same file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_face(folder: Path, result: Reconstruction, settings: dict[str, Any]) -> Path:
    """Keep a fitted face; what was kept of its later stages goes."""
    told = {"photo": photo_hash(result.path), "checkpoint": settings["checkpoint"], "size": result.crop.size}
    arrays = {f"parameters_{f.name}": getattr(result.estimate.parameters, f.name) for f in fields(FaceParameters)}
    arrays |= {"landmarks": result.face.landmarks, "box": result.face.box, "score": result.face.score}
    arrays |= {"scale": result.crop.scale, "centre": result.crop.centre}
    if result.estimate.mask is not None:
        arrays["mask"] = result.estimate.mask
    return _write(folder, "face", told, arrays, ("bump", "fill"))


def read_face(
    folder: Path, path: Path, photo: np.ndarray, estimator: FaceEstimator, settings: dict[str, Any]
) -> Reconstruction:
    """Return the face that an earlier run fitted to the same photo with the same network.

    Raises:
        SeethroughError: nothing kept, damaged, or of another photo or network.
    """
    told, arrays = _read(folder, "face")
    if told["photo"] != photo_hash(path):
        raise SeethroughError(f"the photo is another file than the one of {folder / FILES['face']}; {_AGAIN}")
    if told["checkpoint"] != settings["checkpoint"]:
        raise SeethroughError(
            f"{folder / FILES['face']} was made with --checkpoint {told['checkpoint'] or 'none'}, this is "
            f"{settings['checkpoint'] or 'none'}; name that one, or {_AGAIN}"
        )
    values = {f.name: torch.from_numpy(arrays[f"parameters_{f.name}"]) for f in fields(FaceParameters)}
    mask = torch.from_numpy(arrays["mask"]) if "mask" in arrays else None
    estimate = FaceEstimate(FaceParameters(**values), mask)
    x, y = arrays["centre"].tolist()
    crop = CropTransform(float(arrays["scale"]), (x, y), int(told["size"]))
    left, top, right, bottom = arrays["box"].tolist()
    face = DetectedFace(arrays["landmarks"], (left, top, right, bottom), float(arrays["score"]))
    rendering = estimator.render(estimate)
    fitted = rendering.landmarks[0].numpy().astype(np.float64)
    return Reconstruction(path, photo, face, crop, estimate, fitted, rendering.mask[0, 0].numpy())


def write_bump_state(folder: Path, detail: FaceDetail, settings: dict[str, Any]) -> Path:
    """Keep a bump map before its holes are filled; an earlier filling goes."""
    arrays = {"bump": detail.bump.float(), "known": detail.known, "visible": detail.face.visible}
    return _write(folder, "bump", settings | {"along": detail.along}, arrays, ("fill",))


def read_bump_settings(folder: Path) -> dict[str, Any]:
    """Return how a kept bump map was made."""
    return _read(folder, "bump")[0]


def read_bump_state(folder: Path, face: DetailFoundation) -> FaceDetail:
    """Return the bump map that an earlier run made of a face."""
    told, arrays = _read(folder, "bump")
    bump, known = torch.from_numpy(arrays["bump"]), torch.from_numpy(arrays["known"])
    if bump.shape != face.depth.shape or bool((known & (face.covered <= 0.5)).any()):
        raise SeethroughError(f"{folder / FILES['bump']} lies on another foundation; start at the stage bump")
    return FaceDetail(replace(face, visible=torch.from_numpy(arrays["visible"])), bump, known, told["along"])


def write_fill(folder: Path, filled: FilledBump) -> Path:
    """Keep a filled bump map."""
    arrays = {"bump": filled.bump, "trusted": filled.trusted, "hole": filled.hole}
    return _write(folder, "fill", filled.report, arrays, ())


def read_fill(folder: Path) -> FilledBump:
    """Return the filled bump map that an earlier run made."""
    told, arrays = _read(folder, "fill")
    told.pop("version")
    return FilledBump(arrays["bump"], arrays["trusted"], arrays["hole"], told)


def _write(folder: Path, name: str, told: dict[str, Any], arrays: dict[str, Any], outdated: tuple[str, ...]) -> Path:
    path = folder / FILES[name]
    plain = {key: np.asarray(value) for key, value in arrays.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for other in outdated:
            (folder / FILES[other]).unlink(missing_ok=True)
        text = json.dumps(told | {"version": VERSION}, default=printable)
        np.savez(path, told=np.array(text), **plain)
    except OSError as error:
        raise SeethroughError(f"{path}: cannot be written ({error.strerror}); is the disk full?") from None
    return path


def _read(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    path = folder / FILES[name]
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        told = json.loads(str(arrays.pop("told")))
    except FileNotFoundError:
        raise SeethroughError(f"{path}: no earlier run with --detail has got so far; {_AGAIN}") from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise SeethroughError(f"{path}: damaged ({type(error).__name__}); {_AGAIN}") from None
    if told.get("version") != VERSION:
        raise SeethroughError(f"{path}: of another version; {_AGAIN}")
    return told, arrays
