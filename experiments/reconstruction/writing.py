"""Everything that is written for one face."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from experiments.command_line import write_json
from experiments.reconstruction.drawing import FaceDrawing
from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.manifest import printable
from experiments.reconstruction.reconstructed_face import Reconstruction
from experiments.reconstruction.side_by_side import side_by_side
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh, write_mesh
from seethrough.morphable import FaceParameters
from seethrough.picture_files import DRAWN_PNG, SMOOTH_PNG
from seethrough.rendering import REST_DISTANCE

LARGEST_RENDER = 1024
GROUPS = {"jaw": (0, 17), "brows": (17, 27), "nose": (27, 36), "eyes": (36, 48), "mouth": (48, 68)}


def write_reconstruction(
    result: Reconstruction, estimator: FaceEstimator, folder: Path, settings: dict[str, Any]
) -> dict[str, str]:
    """Write pictures, meshes and parameters of one face.

    Args:
        result: the reconstruction.
        estimator: knows the face model.
        folder: where to; it is made.
        settings: what ``parameters.json`` says of how it was made.

    Returns:
        ``{name: path}``.

    Raises:
        SeethroughError: the folder cannot be written.
    """
    model, parameters = estimator.written_model, result.estimate.parameters
    drawing = FaceDrawing(model, estimator.renderer.camera, parameters, estimator.ambient)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = _write_pictures(result, drawing, folder)
    except OSError as error:
        raise SeethroughError(
            f"{folder}: the pictures cannot be written ({error.strerror}); is the disk full?"
        ) from None
    shown, misfit = parameters, {}
    if settings.get("misfit_prior") and estimator.misfit_identity is not None:
        shown = parameters.with_changes(identity=parameters.identity - estimator.misfit_identity)
        misfit = {
            "identity_misfit": {
                "unit": "standard deviations, subtracted from the identity for the meshes alone (FOCUS Sec. 3.4)",
                "values": estimator.misfit_identity.tolist(),
            }
        }
    paths |= _write_meshes(drawing, shown, folder)
    paths["parameters"] = folder / "parameters.json"
    write_json(paths["parameters"], settings | _parameters(result, estimator) | misfit)
    return {name: str(path) for name, path in paths.items()}


def _write_pictures(result: Reconstruction, drawing: FaceDrawing, folder: Path) -> dict[str, Path]:
    photo, crop = result.photo, result.crop
    left, _, right, _ = crop.box
    # As fine as the photo, so that the overlay is neither blurred nor wasted.
    fine = crop.resized(int(np.clip(math.ceil(right - left), crop.size, LARGEST_RENDER)))
    overlay = drawing.photo_like(fine.size).over_photo(photo, fine)
    mask = crop.to_photo_mask(result.visible.astype(np.float32), *photo.shape[:2])
    sheet = side_by_side(
        photo,
        crop,
        drawing,
        result.face.landmarks,
        crop.to_photo(result.fitted),
        None if result.estimate.mask is None else result.estimate.mask[0, 0].numpy(),
    )
    pictures = {
        "overlay": Image.fromarray(overlay),
        "mask": Image.fromarray(np.rint(mask * 255).astype(np.uint8)),
        "side_by_side": sheet,
    }
    paths = {name: folder / f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        picture.save(paths[name], **(SMOOTH_PNG if name == "overlay" else DRAWN_PNG))
    return paths


@torch.no_grad()
def _write_meshes(drawing: FaceDrawing, parameters: FaceParameters, folder: Path) -> dict[str, Path]:
    model = drawing.model
    parts = (model.triangles.numpy(), drawing.albedo[0].numpy(), model.uv.numpy())
    mesh = Mesh(model.shape(parameters.identity, parameters.expression)[0].numpy(), *parts)
    paths = {f"mesh_{suffix}": write_mesh(folder / f"mesh.{suffix}", mesh) for suffix in ("obj", "ply", "glb")}
    paths["neutral_ply"] = write_mesh(folder / "neutral.ply", Mesh(model.neutral(parameters)[0].numpy(), *parts))
    return paths


def _parameters(result: Reconstruction, estimator: FaceEstimator) -> dict[str, Any]:
    camera, crop, model = estimator.renderer.camera, result.crop, estimator.written_model
    parameters = result.estimate.parameters
    deviations = "standard deviations of the face model"

    def entry(kind: str, unit: str, **more: Any) -> dict[str, Any]:
        return {"unit": unit, **more, "values": getattr(parameters, kind)[0].tolist()}

    height, width = result.photo.shape[:2]
    return {
        "photo": {"path": printable(result.path), "width_px": width, "height_px": height},
        "face_model": {
            "name": model.name,
            "mesh_vertices": model.vertex_count,
            "frame": "mesh files: model frame in mm (GLB: metres), x to the viewer's right, y up, z towards the viewer",
        },
        "crop": {
            "formula": "crop_px = scale * (photo_px - centre_px) + size_px / 2",
            "pixels": "x to the right, y down, the centre of the top left pixel is (0.5, 0.5)",
            "scale": crop.scale,
            "centre_px": crop.centre,
            "size_px": crop.size,
        },
        "camera": {
            "formula": "camera_mm = R(rotation) model_mm + translation + (0, 0, rest_distance_mm), "
            "R = diag(1, -1, -1) Rx Ry Rz; crop_px = focal_px * (x, y) / z + principal_point_px",
            "focal_px": camera.focal,
            "principal_point_px": [camera.width / 2, camera.height / 2],
            "size_px": camera.width,
            "rest_distance_mm": REST_DISTANCE,
        },
        "identity": entry("identity", deviations),
        "expression": entry("expression", deviations),
        "albedo": entry("albedo", deviations),
        "illumination": entry(
            "illumination",
            "spherical-harmonics coefficients of the light, 9 red, 9 green, 9 blue, camera frame",
            ambient=estimator.ambient,
        ),
        "rotation": entry("rotation", "rad, about x, y, z"),
        "translation": entry("translation", "mm, camera frame"),
        "detection": {"box_px": result.face.box, "score": result.face.score},
        "landmarks": {
            "unit": "px of the photo, 68 iBUG points",
            "detected": result.face.landmarks,
            "fitted": crop.to_photo(result.fitted),
        },
        "landmark_error_px": result.landmark_error,
        "landmark_error_by_group_px": {
            name: float(result.distances[start:end].mean()) for name, (start, end) in GROUPS.items()
        },
        "occluded_fraction": result.occluded_fraction,
    }
