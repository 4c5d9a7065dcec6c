"""The Basel Face Models 2017 and 2019, statismo HDF5 files."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

from seethrough.errors import SeethroughError
from seethrough.morphable.assembly import BETWEEN_THE_EARS, assemble_face_model, require_finite
from seethrough.morphable.cropping import face_region
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.mesh_landmarks import (
    BFM2017_NOMOUTH,
    BFM2017_NOMOUTH_NOW,
    landmark_file_of,
    landmarks_from_named_points,
    no_landmarks,
    read_landmarks,
)

WHERE = "request it from the University of Basel (faces.dmi.unibas.ch/bfm) and give the .h5 file"

# Vertex count -> name, for the files that Basel hands out.
_NAMES = {
    53149: "BFM 2017 (nomouth)",
    28588: "BFM 2017 (face12)",
    47439: "BFM 2019",
    27657: "BFM 2019 (face12)",
    58203: "BFM 2019 (full head)",
}


def load_bfm2017(
    path: str | Path, *, landmarks: str | Path | None = None, add_expression_mean: bool = False
) -> FaceModel:
    """Read a Basel Face Model 2017 or 2019, whichever cut (``nomouth``, ``face12``, ``bfm``, ``fullHead``).

    The file holds, for ``shape``, ``expression`` and ``color``, a mean (3V,) interleaved xyz, an orthonormal basis
    (3V, K) and its variances (K,), in mm and RGB of [0, 1]; the bases are scaled by the standard deviations here, and
    the origin moves 100 mm forward as in FOCUS. The file's expression model has a mean of its own, which is not zero:
    the model returned leaves it out, so that zero coefficients are the neutral face.

    Args:
        path: the ``.h5`` file.
        landmarks: a text file of 68 vertex indices. Without it: ``<model>.landmarks.txt`` beside the model if it is
            there, else FOCUS's published indices for the 53,149-vertex mesh, else the file's named points with a bent
            template for the rest (5 to 10 mm, see :func:`landmarks_from_named_points`).
        add_expression_mean: make the zero of the expression coefficients the mean expression, as FOCUS trained with.

    Raises:
        SeethroughError: not such a file, truncated, inconsistent, or no landmarks known for it.
    """
    path = Path(path)
    try:
        with h5py.File(path, "r") as file:
            mean, identity = _linear_model(file, path, "shape")
            expression_mean, expression = _linear_model(file, path, "expression", len(mean))
            albedo_mean, albedo = _linear_model(file, path, "color", len(mean))
            triangles = _triangles(file, path)
            named = _named_points(file, path)
    except FileNotFoundError:
        raise SeethroughError(f"{path}: no such Basel Face Model file; {WHERE}") from None
    except OSError as error:
        raise SeethroughError(
            f"{path}: not a readable HDF5 file, truncated or of another kind ({error}); {WHERE}"
        ) from error
    if albedo_mean.max() > 2:
        albedo_mean, albedo = albedo_mean / 255, albedo / 255
    if add_expression_mean:
        mean = mean + expression_mean
    mean = mean + BETWEEN_THE_EARS
    require_finite(mean, "mean shape", str(path))
    count = len(mean)
    ids, now_ids = _landmarks(path, mean, {name: point + BETWEEN_THE_EARS for name, point in named.items()}, landmarks)
    return assemble_face_model(
        name=_NAMES.get(count, f"Basel Face Model ({count} vertices)"),
        source=str(path),
        mean=mean,
        identity_basis=identity,
        expression_basis=expression,
        albedo_mean=albedo_mean,
        albedo_basis=albedo,
        triangles=triangles,
        landmarks=ids,
        now_landmarks=now_ids,
        regions={"face": face_region(mean).astype(np.float32)},
        provenance=f"{path.name}: Basel Face Model, University of Basel, under its licence; not to be passed on",
    )


def _linear_model(file: h5py.File, path: Path, part: str, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    mean = _array(file, path, f"{part}/model/mean").reshape(-1)
    basis = _array(file, path, f"{part}/model/pcaBasis")
    variance = _array(file, path, f"{part}/model/pcaVariance").reshape(-1)
    rows, modes = len(mean), len(variance)
    if rows == 0 or rows % 3 or (count is not None and rows != 3 * count):
        wanted = "a multiple of 3" if count is None else f"3 x {count}"
        raise SeethroughError(f"{path}: {part}/model/mean has {rows} numbers, expected {wanted}; {WHERE}")
    if basis.shape == (modes, rows) and modes != rows:
        basis = basis.T
    if basis.shape != (rows, modes):
        raise SeethroughError(
            f"{path}: {part}/model/pcaBasis has shape {basis.shape}, but mean and variances say ({rows}, {modes})"
        )
    if modes and variance.min() < 0:
        raise SeethroughError(f"{path}: {part}/model/pcaVariance has negative variances; is the file damaged?")
    scaled = (basis * np.sqrt(variance)).T.reshape(modes, rows // 3, 3)
    return mean.reshape(-1, 3), scaled


def _triangles(file: h5py.File, path: Path) -> np.ndarray:
    cells = np.asarray(_array(file, path, "shape/representer/cells", integers=True))
    if cells.ndim == 2 and cells.shape[0] == 3:
        return cells.T
    if cells.ndim == 2 and cells.shape[1] == 3:
        return cells
    raise SeethroughError(f"{path}: shape/representer/cells has shape {cells.shape}, expected (3, triangles)")


def _array(file: h5py.File, path: Path, key: str, integers: bool = False) -> np.ndarray:
    node = file.get(key)
    if not isinstance(node, h5py.Dataset):
        raise SeethroughError(f"{path}: no {key} in the file; expected a Basel Face Model 2017 or 2019; {WHERE}")
    try:
        return node[()].astype(np.int64 if integers else np.float32)
    except (TypeError, ValueError, AttributeError):
        raise SeethroughError(f"{path}: {key} does not hold numbers; is the file damaged?") from None


def _named_points(file: h5py.File, path: Path) -> dict[str, np.ndarray]:
    """Read metadata/landmarks/json: a list of {"id", "coordinates"}, or a mapping from id to coordinates."""
    node = file.get("metadata/landmarks/json")
    if not isinstance(node, h5py.Dataset):
        return {}
    value = node[()]
    # The string is stored as a scalar, as an array of one string, or as an array of characters.
    if isinstance(value, np.ndarray) and value.dtype.kind == "O" and value.size:
        value = value.ravel()[0]
    text = value if isinstance(value, (str, bytes)) else np.asarray(value).tobytes().rstrip(b"\0")
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            content = {point["id"]: point["coordinates"] for point in content}
        points = {str(name): np.asarray(position, dtype=np.float64) for name, position in content.items()}
    except (ValueError, TypeError, KeyError):
        raise SeethroughError(
            f"{path}: metadata/landmarks/json is not a list of points with id and coordinates"
        ) from None
    return {name: point for name, point in points.items() if point.shape == (3,)}


def _landmarks(
    path: Path, mean: np.ndarray, named: dict[str, np.ndarray], given: str | Path | None
) -> tuple[np.ndarray, np.ndarray | None]:
    file = Path(given) if given is not None else landmark_file_of(path)
    if given is not None or file.is_file():
        return read_landmarks(file, len(mean)), None
    if len(mean) == 53149:
        return np.array(BFM2017_NOMOUTH), np.array(BFM2017_NOMOUTH_NOW)
    found = landmarks_from_named_points(mean, named)
    if found is None:
        raise no_landmarks(path, len(mean))
    return found, None
