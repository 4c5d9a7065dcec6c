"""Other people's coefficients of a face from a file: the paper's own 99 of shape, 29 of expression, 6 of pose.

A file holds one face. ``.json`` (an object) and ``.npz`` (arrays) have the same keys:

========================  ==========================================================================================
``shape``                 up to 99 (or as many as the face model has), standard deviations
``expression``            up to 29, standard deviations of the expression file; optional
``expression_scale``      one number, or one for each expression, that the expressions are multiplied with; optional.
                          The release's own are deviations of another table: give that table over ``sigma_exp``.
``rotation``              3 angles about x, y, z in radians, R = Rx Ry Rz; or 3 x 3, a rotation matrix; or give
``rotation_vector``       3, axis times angle in radians
``translation``           3, mm
``frame``                 ``opengl`` (x right, y up, the camera looks along -z: released code and FacePoseNet, the
                          default) or ``opencv`` (x right, y down, the camera looks along z); optional
``origin``                3, mm: where our model frame's origin lies in the model that the pose is for; optional.
                          Without it (0, 0, 100): the Basel model's own file, whose origin lies 100 mm behind ours; the
                          release moves it to (0.231, 0, 100).
``focal``                 px; optional, 1000
``size``                  px of the square picture that the focal length is for; optional, 500
``crop``                  scale, centre x, centre y of that picture in the photo: picture = scale * (photo - centre) +
                          size / 2; optional, the crop of the photo's landmarks
========================  ==========================================================================================

``.txt`` holds 99 + 29 + 6 numbers between blanks or commas: shape, expression, angles, translation, and nothing else.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from seethrough.errors import SeethroughError
from seethrough.morphable.assembly import BETWEEN_THE_EARS
from seethrough.photos.alignment import CropTransform

SHAPE, EXPRESSION, POSE = 99, 29, 6
SUFFIXES = (".json", ".npz", ".txt")
FRAMES = ("opengl", "opencv")

_TURN = np.diag([1.0, -1.0, -1.0])  # between the two frames
_LENGTHS = {"translation": (3,), "rotation_vector": (3,), "origin": (3,), "focal": (), "size": (), "crop": (3,)}
_KEYS = ("shape", "expression", "expression_scale", "rotation", "frame", *_LENGTHS)


@dataclass(frozen=True)
class FaceCoefficients:
    """What a coefficient file says, in our frames.

    Attributes:
        source: the file, for messages.
        shape: (S,) standard deviations.
        expression: (E,) standard deviations.
        rotation: (3, 3) from the model to our camera frame.
        translation: (3,) mm, our camera frame: camera = R (model + origin) + translation.
        origin: (3,) mm, added to vertices of our model frame before they are turned.
        focal: px.
        size: px of the square picture.
        crop: where that picture lies in the photo; None for the crop of its landmarks.
    """

    source: str
    shape: np.ndarray
    expression: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    origin: np.ndarray
    focal: float = 1000.0
    size: int = 500
    crop: CropTransform | None = None


def read_coefficients(path: str | Path) -> FaceCoefficients:
    """Read a coefficient file; this module's text says what is in it.

    Raises:
        SeethroughError: missing, of another kind, damaged, or a key that is unknown, missing or of the wrong size; the
            message names file and key.
    """
    path = Path(path)
    readers = {".json": _from_json, ".npz": _from_npz, ".txt": _from_text}
    if path.suffix.lower() not in readers:
        raise SeethroughError(f"{path}: unknown kind of coefficient file; expected {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise SeethroughError(f"{path}: no such coefficient file; check the path")
    try:
        content = readers[path.suffix.lower()](path)
    except SeethroughError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise SeethroughError(f"{path}: damaged, or no {path.suffix[1:]} file ({error})") from error
    return _coefficients(content, str(path))


def _from_json(path: Path) -> Mapping[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise SeethroughError(f"{path}: expected an object with the keys {', '.join(_KEYS)}")
    return content


def _from_npz(path: Path) -> Mapping[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def _from_text(path: Path) -> Mapping[str, Any]:
    words = path.read_text(encoding="utf-8").replace(",", " ").split()
    try:
        values = np.array([float(word) for word in words])
    except ValueError as error:
        raise SeethroughError(f"{path}: expected numbers only ({error})") from None
    if len(values) != SHAPE + EXPRESSION + POSE:
        raise SeethroughError(
            f"{path}: expected {SHAPE} + {EXPRESSION} + {POSE} numbers (shape, expression, angles and translation), "
            f"found {len(values)}; other sizes go into a .json or .npz"
        )
    shape, expression, rotation, translation = np.split(values, np.cumsum([SHAPE, EXPRESSION, 3]))
    return {"shape": shape, "expression": expression, "rotation": rotation, "translation": translation}


def _coefficients(content: Mapping[str, Any], source: str) -> FaceCoefficients:
    for key in content:
        if key not in _KEYS:
            raise SeethroughError(f"{source}: unknown key {key!r}; expected {', '.join(_KEYS)}")
    values = {key: _numbers(value, key, source) for key, value in content.items() if key != "frame"}
    for key in ("shape", "translation"):
        if key not in values:
            raise SeethroughError(f"{source}: the key {key!r} is missing")
    if ("rotation" in values) == ("rotation_vector" in values):
        raise SeethroughError(f"{source}: give either 'rotation' or 'rotation_vector'")
    for key, shape in _LENGTHS.items():
        if key in values and values[key].shape != shape:
            raise SeethroughError(f"{source}: {key} has shape {values[key].shape}, expected {shape or 'one number'}")
    for key in ("shape", "expression"):
        if key in values and values[key].ndim != 1:
            raise SeethroughError(f"{source}: {key} has shape {values[key].shape}, expected a list of numbers")
    expression, scale = values.get("expression", np.zeros(0)), values.get("expression_scale", np.ones(()))
    if scale.shape not in ((), expression.shape):
        raise SeethroughError(
            f"{source}: expression_scale has shape {scale.shape}, expected one number or {len(expression)}"
        )
    turn = _frame(content, source)
    focal, size = float(values.get("focal", 1000.0)), float(values.get("size", 500.0))
    if not focal > 0 or size < 1 or size != math.floor(size):
        raise SeethroughError(f"{source}: focal must be positive and size a whole number of px, got {focal}, {size}")
    return FaceCoefficients(
        source,
        values["shape"],
        expression * scale,
        turn @ _rotation(values, source),
        turn @ values["translation"],
        values.get("origin", -BETWEEN_THE_EARS),
        focal,
        int(size),
        _crop(values["crop"], int(size), source) if "crop" in values else None,
    )


def _numbers(value: Any, key: str, source: str) -> np.ndarray:
    try:
        numbers = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise SeethroughError(f"{source}: {key} must hold numbers only") from None
    if not np.isfinite(numbers).all():
        raise SeethroughError(f"{source}: {key} holds values that are not finite")
    return numbers.reshape(-1) if numbers.ndim == 2 and 1 in numbers.shape else numbers


def _rotation(values: Mapping[str, np.ndarray], source: str) -> np.ndarray:
    if "rotation_vector" in values:
        return Rotation.from_rotvec(values["rotation_vector"]).as_matrix()
    given = values["rotation"]
    if given.shape == (3,):
        return Rotation.from_euler("XYZ", given).as_matrix()
    if given.shape != (3, 3):
        raise SeethroughError(f"{source}: rotation has shape {given.shape}, expected 3 angles or a 3 x 3 matrix")
    if np.abs(given @ given.T - np.eye(3)).max() > 1e-3 or np.linalg.det(given) < 0:
        raise SeethroughError(f"{source}: rotation is not a rotation matrix; are its rows and its scale right?")
    return given


def _frame(content: Mapping[str, Any], source: str) -> np.ndarray:
    frame = str(content.get("frame", FRAMES[0]))
    if frame not in FRAMES:
        raise SeethroughError(f"{source}: frame is {frame!r}: choose one of {', '.join(FRAMES)}")
    return _TURN if frame == "opengl" else np.eye(3)


def _crop(values: np.ndarray, size: int, source: str) -> CropTransform:
    if not values[0] > 0:
        raise SeethroughError(f"{source}: crop has scale {values[0]}; it must be positive (crop px per photo px)")
    return CropTransform(float(values[0]), (float(values[1]), float(values[2])), size)
