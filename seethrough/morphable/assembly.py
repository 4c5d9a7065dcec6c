"""From the arrays of somebody's model file to a FaceModel: what every loader does at its end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.landmark_regions import regions_from_landmarks
from seethrough.morphable.mesh_landmarks import NOW_FROM_IBUG
from seethrough.morphable.mirror_map import mirror_map

# The Basel models and ICT-FaceKit measure from a point between the ears; FOCUS moves it 100 mm forward into the face.
BETWEEN_THE_EARS = np.array([0.0, 0.0, -100.0])


def assemble_face_model(
    *,
    name: str,
    source: str,
    mean: np.ndarray,
    identity_basis: np.ndarray,
    expression_basis: np.ndarray,
    albedo_mean: np.ndarray,
    albedo_basis: np.ndarray,
    triangles: np.ndarray,
    landmarks: np.ndarray,
    now_landmarks: np.ndarray | None = None,
    uv: np.ndarray | None = None,
    regions: Mapping[str, np.ndarray] | None = None,
    expression_units: Mapping[str, np.ndarray] | None = None,
    provenance: str = "",
) -> FaceModel:
    """Check the arrays, turn the triangles outward, and add the mirror map, texture coordinates and regions.

    Args:
        name: what the model is called in logs.
        source: the file, for error messages.
        mean: (V, 3) mm, model frame (already moved by 100 mm, see ``BETWEEN_THE_EARS``).
        identity_basis: (I, V, 3) mm per standard deviation.
        expression_basis: (E, V, 3) mm per standard deviation.
        albedo_mean: (V, 3) RGB, [0, 1].
        albedo_basis: (A, V, 3) RGB per standard deviation.
        triangles: (T, 3) vertex indices from 0, either orientation.
        landmarks: (68,) vertex indices.
        now_landmarks: (7,) vertex indices; by default the iBUG points with the same meaning.
        uv: (V, 2) texture coordinates; by default a cylinder around the head.
        regions: masks to keep beside those drawn around the landmarks.
        expression_units: name -> (E,) coefficients.
        provenance: where the data come from, and their licence.

    Raises:
        SeethroughError: numbers that are not finite, or triangles that point outside the mesh.
    """
    arrays = {"mean shape": mean, "identity basis": identity_basis, "expression basis": expression_basis}
    arrays |= {"mean colour": albedo_mean, "colour basis": albedo_basis}
    for label, array in arrays.items():
        require_finite(array, label, source)
    if triangles.size == 0 or triangles.min() < 0 or triangles.max() >= len(mean):
        raise SeethroughError(f"{source}: the triangles do not fit the {len(mean)} vertices; is the file damaged?")
    masks = {"face": np.ones(len(mean), np.float32), **regions_from_landmarks(mean, landmarks), **(regions or {})}
    return FaceModel(
        name=name,
        mean=_tensor(mean),
        identity_basis=_tensor(identity_basis),
        expression_basis=_tensor(expression_basis),
        albedo_mean=_tensor(albedo_mean),
        albedo_basis=_tensor(albedo_basis),
        triangles=torch.from_numpy(outward_triangles(mean, triangles).astype(np.int32)),
        landmarks=torch.from_numpy(np.asarray(landmarks, dtype=np.int64)),
        now_landmarks=torch.from_numpy(
            np.asarray(landmarks[list(NOW_FROM_IBUG)] if now_landmarks is None else now_landmarks, dtype=np.int64)
        ),
        mirror=torch.from_numpy(mirror_map(mean)),
        uv=_tensor(cylindrical_uv(mean) if uv is None else uv),
        regions={key: _tensor(value) for key, value in masks.items()},
        expression_units={key: _tensor(value) for key, value in (expression_units or {}).items()},
        provenance=provenance,
    )


def require_finite(array: np.ndarray, label: str, source: str) -> None:
    """Raise a SeethroughError that names the array and its file if it holds NaN or infinity."""
    # A sum is not finite as soon as one number is not, and needs no second array of the size of a basis.
    with np.errstate(invalid="ignore", over="ignore"):
        total = array.sum(dtype=np.float64)
    if not np.isfinite(total):
        raise SeethroughError(f"{source}: the {label} holds numbers that are not finite; is the file damaged?")


def outward_triangles(mean: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (T, 3) triangles whose counter-clockwise side faces away from the middle of the (V, 3) mesh.

    Files disagree about the order (BFM 2009 is known in both); all triangles of one file agree, so the sign of the flux
    through the whole surface decides.
    """
    corners = np.asarray(mean, dtype=np.float64)[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flux = (normals * (corners.mean(1) - mean.mean(0))).sum()
    return triangles if flux >= 0 else np.ascontiguousarray(triangles[:, ::-1])


def cylindrical_uv(mean: np.ndarray) -> np.ndarray:
    """Project (V, 3) vertices onto a cylinder around the line between the ears: (V, 2) in [0, 1], v up."""
    offset = np.asarray(mean, dtype=np.float64) - BETWEEN_THE_EARS
    angle = np.arctan2(offset[:, 0], offset[:, 2])
    height = offset[:, 1] - offset[:, 1].min()
    u = 0.5 + angle / (2 * max(float(np.abs(angle).max()), 1e-9))
    return np.stack([u, height / max(float(height.max()), 1e-9)], axis=1)


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
