"""What a program without this project has to know of crops, cameras, light and face models, as text in a file.

Values that are numbers are JSON, so that a program can read them; the others are sentences and formulas.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from seethrough.five_points import FIVE_POINTS
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.loading import OPEN
from seethrough.morphable.open_model import DEFAULT_LEVEL, open_model_path
from seethrough.photos.alignment import REFERENCE_SIZE, RESCALE_FACTOR, TEMPLATE
from seethrough.rendering.camera import REST_DISTANCE, Camera

_PHOTO = (
    "Photo px count from the upper left corner of the photo as it is looked at (turned as its EXIF says), x right, y "
    "down; the centre of the first pixel is (0.5, 0.5). Never rotated; bicubic (Pillow's), widened where it shrinks; "
    "black outside the photo"
)
_HARMONICS = (
    "0.2820948, -0.4886025 y, 0.4886025 z, -0.4886025 x, 1.0925484 x y, -1.0925484 y z, 0.3153916 (3 z z - 1), "
    "-1.0925484 x z, 0.5462742 (x x - y y)"
)


def face_crop(size: int) -> dict[str, str]:
    """Return how the square crop of FOCUS is found from 68 landmarks, see :func:`seethrough.photos.alignment.align`."""
    return {
        "crop": (
            "P (5 x 2): the means of the rows 'crop_points' of the 68 landmarks in iBUG order, photo px. Least "
            "squares: P = [X, -Y, Z, 1] M with X, Y, Z the columns of 'crop_template', M (4 x 2). s = mean of the "
            "lengths of the two columns of M's first three rows. "
            f"crop_px = {RESCALE_FACTOR * size / REFERENCE_SIZE:.9g} / s * "
            f"(photo_px - M's last row) + {size / 2:g}, a square of {size} px. {_PHOTO}"
        ),
        "crop_points": json.dumps(FIVE_POINTS),
        "crop_template": json.dumps(TEMPLATE.tolist()),
    }


def detail_crop(extents: tuple[float, float, float, float], size: int) -> str:
    """Return how the square crop of bump maps is found, see :func:`seethrough.details.detail_crop.detail_crop`."""
    left, top, right, bottom = extents
    return (
        f"The tight box of the 68 landmarks has a middle and a larger side; h is half of that side. The crop reaches "
        f"{left} h to the left of the middle, {top} h up, {right} h to the right and {bottom} h down, which is a "
        f"square, resampled to {size} px. {_PHOTO}"
    )


def face_parameters(camera: Camera, ambient: float) -> dict[str, str]:
    """Return what the six outputs of an encoder mean."""
    x, y = camera.principal_point
    return {
        "units": (
            "identity, expression, albedo: standard deviations of the face model, one a mode; rotation: rad; "
            "translation: mm; illumination: 9 coefficients for red, 9 for green, 9 for blue"
        ),
        "shape": "model_mm = mean + sum_k identity_k identity_basis_k + sum_k expression_k expression_basis_k, "
        "x to the viewer's right, y up, z towards the viewer",
        "rotation": (
            "camera_mm = diag(1, -1, -1) Rx(r0) Ry(r1) Rz(r2) model_mm + translation + "
            f"(0, 0, {REST_DISTANCE:g}), each R right-handed about its axis of the model; x right, y down, z forward"
        ),
        "camera": f"crop_px = {camera.focal:.9g} * (x, y) / z + ({x:g}, {y:g}) with x, y, z of camera_mm",
        "illumination": (
            f"colour = albedo * ({ambient:.9g} + sum_k c_k Y_k(n)) for each of red, green and blue, then cut to "
            f"[0, 1]; albedo = mean + sum_k albedo_k albedo_basis_k; n = (x, y, z): the vertex's unit normal out of "
            f"the face in the camera frame; Y = {_HARMONICS}"
        ),
    }


def face_model(source: str, model: FaceModel, level: int | None) -> str:
    """Return which face model the coefficients are of; of the open one, where it lies and what it is."""
    sizes = model.sizes
    modes = f"the first {sizes.identity} identity, {sizes.expression} expression and {sizes.albedo} albedo modes of"
    if source != OPEN:
        return f"{modes} {Path(source).name}"  # where it lies on this machine is nobody's business
    file, level = open_model_path(), DEFAULT_LEVEL if level is None else level
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return (
        f"{modes} {file.name}, CC0, which comes with Seethrough in seethrough/morphable/data (its README says "
        f"what the arrays are); trained and rendered on its subdivision level {level}; sha256 {digest}"
    )
