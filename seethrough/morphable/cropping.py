"""Cut a face model down to some of its vertices."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial import KDTree

from seethrough.errors import SeethroughError
from seethrough.morphable.assembly import BETWEEN_THE_EARS
from seethrough.morphable.face_model import FaceModel

_LANDMARK_REACH = 10.0


def face_region(mean: np.ndarray) -> np.ndarray:
    """Choose the vertices that FOCUS's first release trained on: a union of three ellipses in perspective.

    The recipe reads (x / z, y / z) seen from the point between the ears, and drops what lies less than 20 mm in front
    of it. It is written for the Basel models and fits any head of that size in the model frame.

    Args:
        mean: (V, 3) mean shape, mm, model frame.

    Returns:
        (V,) bool: the face without ears, neck and back of the head.
    """
    x, y, z = (np.asarray(mean, dtype=np.float64) - BETWEEN_THE_EARS).T
    in_front = z + 0.05 * y > 20
    depth = np.where(in_front & (z > 0), z, np.inf)

    def ellipse(lift: float, wide: float, tall: float) -> np.ndarray:
        return (x / depth / wide) ** 2 + ((y + lift) / depth / tall) ** 2 <= 1

    return in_front & (z > 0) & (ellipse(0, 100, 0.75) | ellipse(18, 100, 0.62) | ellipse(-25, 3.2, 0.92))


def crop_to_face(model: FaceModel) -> FaceModel:
    """Return the model without ears, neck and back of the head (see :func:`face_region`)."""
    return restrict_face_model(model, face_region(model.mean.numpy()))


def restrict_face_model(model: FaceModel, keep: np.ndarray) -> FaceModel:
    """Return the model on the vertices that are kept and still belong to a triangle.

    A landmark that is cut off moves to the nearest vertex that is left; a vertex whose mirror partner is cut off
    becomes its own partner.

    Args:
        model: any face model.
        keep: (V,) bool.

    Raises:
        SeethroughError: nothing is left, or a landmark would have to move more than 10 mm.
    """
    triangles = model.triangles.numpy()
    triangles = triangles[np.asarray(keep)[triangles].all(axis=1)]
    kept = np.unique(triangles)
    if not len(kept):
        raise SeethroughError(f"{model.name}: no vertex of the mesh lies in the part that is to be kept")
    index = np.full(model.vertex_count, -1, dtype=np.int64)
    index[kept] = np.arange(len(kept))

    mean = model.mean.numpy()
    nearest = KDTree(mean[kept])

    def moved(landmarks: np.ndarray) -> torch.Tensor:
        distance, place = nearest.query(mean[landmarks])
        if distance.max() > _LANDMARK_REACH:
            raise SeethroughError(
                f"{model.name}: landmark {int(distance.argmax())} lies {distance.max():.0f} mm outside the part to keep"
            )
        return torch.from_numpy(np.where(index[landmarks] >= 0, index[landmarks], place))

    partner = index[model.mirror.numpy()[kept]]
    rows = torch.from_numpy(kept)
    return FaceModel(
        name=model.name,
        mean=model.mean[rows],
        identity_basis=model.identity_basis[:, rows],
        expression_basis=model.expression_basis[:, rows],
        albedo_mean=model.albedo_mean[rows],
        albedo_basis=model.albedo_basis[:, rows],
        triangles=torch.from_numpy(index[triangles]),
        landmarks=moved(model.landmarks.numpy()),
        now_landmarks=moved(model.now_landmarks.numpy()),
        mirror=torch.from_numpy(np.where(partner >= 0, partner, np.arange(len(kept)))),
        uv=model.uv[rows],
        regions={name: mask[rows] for name, mask in model.regions.items()},
        expression_units=model.expression_units,
        provenance=model.provenance,
    )
