"""The Basel Face Model 2009, ``01_MorphableModel.mat``, with the expressions that others published for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.morphable.assembly import BETWEEN_THE_EARS, assemble_face_model, require_finite
from seethrough.morphable.bfm2009_expressions import read_expressions
from seethrough.morphable.cropping import face_region
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.matlab_files import read_matlab_arrays
from seethrough.morphable.mesh_landmarks import BFM2009, landmark_file_of, no_landmarks, read_landmarks

WHERE = "request BFM 2009 from the University of Basel (faces.dmi.unibas.ch/bfm) and give 01_MorphableModel.mat"

_KEYS = ("shapeMU", "shapePC", "shapeEV", "texMU", "texPC", "texEV", "tl")
_MILLIMETRES = 1e-3
_VERTICES = 53490


def load_bfm2009(
    path: str | Path,
    *,
    expression: str | Path | None = None,
    landmarks: str | Path | None = None,
    add_expression_mean: bool = False,
) -> FaceModel:
    """Read the Basel Face Model 2009, optionally with an expression basis.

    The file is in micrometres, with interleaved xyz; ``shapeEV`` and ``texEV`` are standard deviations already, colours
    run to 255 and the triangle list counts from 1. The origin moves 100 mm forward, as for BFM 2017. With an expression
    basis, which exists for 53,215 of the 53,490 vertices only, the model is cut to those.

    Args:
        path: ``01_MorphableModel.mat``.
        expression: ``Model_Expression.mat`` (3DDFA, 29 modes) or ``Exp_Pca.bin`` (Guo et al., 79 modes, with
            ``std_exp.txt`` beside it), or a folder with one of them; the index map ``BFM_exp_idx.mat`` or
            ``model_info.mat`` lies beside it or beside the model. None: no expression modes.
        landmarks: a text file of 68 vertex indices **of the file's own mesh** (before the cut). Without it:
            ``01_MorphableModel.landmarks.txt`` beside the model if it is there, else the known indices of the
            53,490-vertex mesh.
        add_expression_mean: add the expression file's mean to the mean face; by default zero coefficients are neutral.

    Raises:
        SeethroughError: not such a file, truncated, inconsistent, an index map missing, or no landmarks known.
    """
    path = Path(path)
    arrays = read_matlab_arrays(path, _KEYS, f"Basel Face Model 2009; {WHERE}")
    mean, identity = _linear_model(arrays, path, "shape", _MILLIMETRES)
    albedo_mean, albedo = _linear_model(arrays, path, "tex", 1 / 255)
    count = len(mean)
    if len(albedo_mean) != count:
        raise SeethroughError(
            f"{path}: texMU covers {len(albedo_mean)} vertices, shapeMU {count}; is the file damaged?"
        )
    triangles = arrays["tl"].astype(np.int64)
    if triangles.ndim != 2 or triangles.shape[1] != 3 or triangles.min() < 1 or triangles.max() > count:
        raise SeethroughError(f"{path}: tl must be (triangles, 3) with vertices counted from 1 to {count}")
    require_finite(mean, "mean shape", str(path))
    triangles = triangles - 1
    ids = _landmarks(path, count, landmarks)

    modes = np.zeros((0, count, 3), dtype=np.float32)
    if expression is not None:
        found = read_expressions(Path(expression), path.parent, count)
        if found.vertices is not None:
            kept = found.vertices
            index = np.full(count, -1, dtype=np.int64)
            index[kept] = np.arange(len(kept))
            triangles = index[triangles]
            triangles = triangles[(triangles >= 0).all(axis=1)]
            ids = _kept_landmarks(ids, index, mean, kept)
            mean, identity = mean[kept], identity[:, kept]
            albedo_mean, albedo = albedo_mean[kept], albedo[:, kept]
        modes = found.basis
        if add_expression_mean:
            mean = mean + found.mean
    mean = mean + BETWEEN_THE_EARS
    return assemble_face_model(
        name="BFM 2009" if expression is None else f"BFM 2009 + {Path(expression).name}",
        source=str(path),
        mean=mean,
        identity_basis=identity,
        expression_basis=modes,
        albedo_mean=albedo_mean,
        albedo_basis=albedo,
        triangles=triangles,
        landmarks=ids,
        regions={"face": face_region(mean).astype(np.float32)},
        provenance=f"{path.name}: Basel Face Model 2009, University of Basel, under its licence; not to be passed on",
    )


def _linear_model(arrays: dict[str, np.ndarray], path: Path, part: str, unit: float) -> tuple[np.ndarray, np.ndarray]:
    mean = arrays[f"{part}MU"].astype(np.float32).reshape(-1)
    basis, deviation = arrays[f"{part}PC"], arrays[f"{part}EV"].astype(np.float32).reshape(-1)
    rows, modes = len(mean), len(deviation)
    if rows == 0 or rows % 3 or basis.shape != (rows, modes):
        raise SeethroughError(
            f"{path}: {part}MU, {part}PC, {part}EV have shapes {arrays[f'{part}MU'].shape}, {basis.shape}, "
            f"{arrays[f'{part}EV'].shape}; expected (3V, 1), (3V, K), (K, 1)"
        )
    scaled = basis.astype(np.float32) * (deviation * np.float32(unit))
    return mean.reshape(-1, 3) * np.float32(unit), scaled.T.reshape(modes, rows // 3, 3)


def _landmarks(path: Path, count: int, given: str | Path | None) -> np.ndarray:
    file = Path(given) if given is not None else landmark_file_of(path)
    if given is not None or file.is_file():
        return read_landmarks(file, count)
    if count != _VERTICES:
        raise no_landmarks(path, count)
    return np.array(BFM2009)


def _kept_landmarks(ids: np.ndarray, index: np.ndarray, mean: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Re-number landmarks after the cut; one on a vertex that is cut off goes to the nearest that is left."""
    nearest = [int(np.argmin(((mean[kept] - mean[i]) ** 2).sum(1))) if index[i] < 0 else int(index[i]) for i in ids]
    return np.array(nearest, dtype=np.int64)
