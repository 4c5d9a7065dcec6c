"""What stages leave for later runs: the fitted face, its bump map, the filled bump map; one file each."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from experiments.reconstruction.estimator import FaceEstimate, FaceEstimator
from experiments.reconstruction.filled_bump import FilledBump
from experiments.reconstruction.manifest import printable
from experiments.reconstruction.reconstructed_face import Reconstruction
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters
from seethrough.photos import CropTransform, DetectedFace

VERSION = 2
FILES = {name: f"state_{name}.npz" for name in ("face", "bump", "fill")}
_AGAIN = "run the command again without --stages"


def photo_hash(path: Path) -> str:
    """Return what tells whether a photo is still the same file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_face(folder: Path, result: Reconstruction, settings: dict[str, Any]) -> Path:
    """Keep a fitted face; what was kept of its later stages goes."""
    forget(folder, "face", "bump", "fill")
    told = {"photo": photo_hash(result.path), "size": result.crop.size}
    told |= {name: settings[name] for name in ("checkpoint", "weights")}
    arrays = {f"parameters_{f.name}": getattr(result.estimate.parameters, f.name) for f in fields(FaceParameters)}
    arrays |= {"landmarks": result.face.landmarks, "box": result.face.box, "score": result.face.score}
    arrays |= {"scale": result.crop.scale, "centre": result.crop.centre}
    if result.estimate.mask is not None:
        arrays["mask"] = result.estimate.mask
    return _write(folder, "face", told, arrays)


def read_face(
    folder: Path, path: Path, photo: np.ndarray, estimator: FaceEstimator, settings: dict[str, Any]
) -> Reconstruction:
    """Return the face that an earlier run fitted to the same photo with the same weights, wherever they lie.

    Raises:
        SeethroughError: nothing kept, damaged, or of another photo or network.
    """
    told, arrays = _read(folder, "face")
    if told["photo"] != photo_hash(path):
        raise SeethroughError(f"the photo is another file than the one of {folder / FILES['face']}; {_AGAIN}")
    if told["weights"] != settings["weights"]:
        named, now = told["checkpoint"] or "none", settings["checkpoint"] or "none"
        other = "which has other weights by now" if named == now else f"this is {now}; name that one"
        raise SeethroughError(f"{folder / FILES['face']} was made with --checkpoint {named}, {other}, or {_AGAIN}")
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
    """Keep a bump map before its holes are filled; call it once the files of the map are written."""
    arrays = {"bump": detail.bump.float(), "known": detail.known, "visible": detail.face.visible}
    return _write(folder, "bump", settings | {"along": detail.along}, arrays)


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
    """Keep a filled bump map; call it once its files are written."""
    arrays = {"bump": filled.bump, "trusted": filled.trusted, "hole": filled.hole}
    return _write(folder, "fill", filled.report, arrays)


def read_fill(folder: Path) -> FilledBump:
    """Return the filled bump map that an earlier run made."""
    told, arrays = _read(folder, "fill")
    told.pop("version")
    return FilledBump(arrays["bump"], arrays["trusted"], arrays["hole"], told)


def forget(folder: Path, *names: str) -> None:
    """Take away what is kept of stages whose files are about to be written anew; with ``face``, its parameter file too.

    A state vouches for the files of its stage: a run that is killed between them must leave none.
    """
    files = [FILES[name] for name in names] + (["parameters.json"] if "face" in names else [])
    for file in files:
        try:
            (folder / file).unlink(missing_ok=True)
        except OSError as error:
            raise SeethroughError(f"{folder / file}: cannot be replaced ({error.strerror})") from None


def _write(folder: Path, name: str, told: dict[str, Any], arrays: dict[str, Any]) -> Path:
    path = folder / FILES[name]
    partial = path.with_suffix(".partial")
    plain: dict[str, Any] = {key: np.asarray(value) for key, value in arrays.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(told | {"version": VERSION}, default=printable)
        with partial.open("wb") as file:
            np.savez(file, told=np.array(text), **plain)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
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
