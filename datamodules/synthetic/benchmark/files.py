"""The files of one picture of the benchmark, and their lines in the manifest and the table of landmarks."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from datamodules.photos.mask_file import MASK_SUFFIX
from datamodules.synthetic.families import OCCLUDER_NAMES
from datamodules.synthetic.generator import SyntheticFace
from datamodules.synthetic.pool_spec import PoolSpec
from seethrough.morphable import FaceParameters, ParameterSizes
from seethrough.rendering.camera import REST_DISTANCE, focus_camera


def sample_name(spec: PoolSpec, row: int) -> str:
    """Return the id of a picture, which its files begin with."""
    return f"{spec.name}-{row:06d}"


def picture_files(
    spec: PoolSpec, row: int, face: SyntheticFace, sizes: ParameterSizes, geometry: dict[str, np.ndarray] | None
) -> dict[str, bytes]:
    """Return file name -> content of one picture: the same bytes whenever and wherever they are made."""
    name = sample_name(spec, row)
    files = {
        f"{name}.png": _png(face.image.transpose(1, 2, 0)),
        f"{name}{MASK_SUFFIX}": _png(face.mask.astype(np.uint8) * 255),
        f"{name}_truth.npz": _npz(_truth(spec, row, face, sizes)),
    }
    if geometry is not None:
        files[f"{name}_geometry.npz"] = _npz(geometry)
    return files


def _truth(spec: PoolSpec, row: int, face: SyntheticFace, sizes: ParameterSizes) -> dict[str, Any]:
    parameters = FaceParameters.from_vector(torch.from_numpy(face.coefficients)[None], sizes)
    names = list(FaceParameters.__dataclass_fields__)
    return {
        **{name: value[0].numpy() for name, value in zip(names, parameters, strict=True)},
        "camera": np.array(
            [focus_camera(spec.scene.image_size).focal, *[spec.scene.image_size / 2] * 2, REST_DISTANCE]
        ),
        "landmarks": face.landmarks,
        "true_landmarks": face.true_landmarks,
        "landmark_visible": face.landmark_visible,
        "full_face": face.full_face,
        "occluder": np.int64(face.occluder),
        "occluder_name": np.str_(OCCLUDER_NAMES[face.occluder]),
        "person": np.int64(spec.person(row)),
        "subset": np.str_(spec.subset(face.occluder)),
        "twin": np.str_(sample_name(spec, row ^ 1) if spec.twins else ""),
    }


def landmark_line(spec: PoolSpec, row: int, face: SyntheticFace) -> str:
    """Return a line of FOCUS's table: file name and the pixels of 68 detected landmarks, 137 fields, whole numbers."""
    pixels = np.floor(face.landmarks).astype(int).ravel().tolist()
    return ",".join([f"{sample_name(spec, row)}.png", *map(str, pixels)]) + "\n"


def manifest_line(path: str, content: bytes) -> str:
    """Return a line of the manifest: path from the folder of the benchmark, length and SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    return json.dumps({"path": path, "bytes": len(content), "sha256": digest}) + "\n"


def write_file(path: Path, content: bytes) -> None:
    """Write a file under another name first, so that under its own it is always whole."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.rename(path)


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def _npz(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
