"""ICT-FaceKit (light), a folder of Wavefront OBJ files under the MIT licence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.morphable.assembly import BETWEEN_THE_EARS, assemble_face_model, cylindrical_uv, require_finite
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.landmark_regions import regions_from_landmarks
from seethrough.morphable.mesh_landmarks import read_landmarks
from seethrough.morphable.procedural_albedo import procedural_albedo
from seethrough.morphable.wavefront import read_textured_mesh, read_vertex_positions

WHERE = "clone github.com/ICT-VGL/ICT-FaceKit and give its FaceXModel folder"

FACE_VERTICES = 9409
_NEUTRAL = "generic_neutral_mesh.obj"
_INDICES = "vertex_indices.json"
_MILLIMETRES = 10.0
# An action is on by a quarter, give or take, in a face caught at random; left and right mostly move together.
_ACTIVATION_DEVIATION = 0.25
_SIDES_CORRELATION = 0.8


def load_ict_facekit(
    folder: str | Path, *, landmarks: str | Path | None = None, face_vertices: int = FACE_VERTICES
) -> FaceModel:
    """Read ICT-FaceKit: the face area (first 9,409 vertices), identity modes, 53 ARKit actions, 68 landmarks.

    The files are in centimetres; an identity file is the neutral mesh plus one standard deviation. The actions are
    blendshapes of weight 0 to 1, not directions of a Gaussian: the expression basis holds the principal axes of
    random activations (deviation 1/4, left and right correlated .8), scaled to standard deviations and spanning the
    same space, and ``expression_units`` gives the coefficients of every action at weight 1, exactly. There is no albedo
    in the data; :func:`procedural_albedo` makes one.

    Args:
        folder: ``FaceXModel``, or the folder of the repository around it.
        landmarks: a text file of 68 vertex indices instead of those in ``vertex_indices.json``.
        face_vertices: how many of the first vertices to keep; 6,706 is the kit's narrow face area.

    Raises:
        SeethroughError: no such folder, or files in it that are missing, truncated or inconsistent.
    """
    folder = Path(folder)
    if not (folder / _NEUTRAL).is_file() and (folder / "FaceXModel" / _NEUTRAL).is_file():
        folder = folder / "FaceXModel"
    if not (folder / _NEUTRAL).is_file():
        raise SeethroughError(f"{folder}: no {_NEUTRAL} in it; expected ICT-FaceKit: {WHERE}")
    names, indices = _read_indices(folder / _INDICES)
    mesh = read_textured_mesh(folder / _NEUTRAL, face_vertices)
    mean = mesh.vertices * _MILLIMETRES + BETWEEN_THE_EARS
    require_finite(mean, "mean shape", str(folder / _NEUTRAL))
    ids = read_landmarks(Path(landmarks), face_vertices) if landmarks is not None else indices
    if ids.min() < 0 or ids.max() >= face_vertices:
        raise SeethroughError(
            f"{folder / _INDICES}: landmark vertex {ids.max()} lies outside the face's {face_vertices}"
        )

    def delta(path: Path) -> np.ndarray:
        return ((read_vertex_positions(path, face_vertices) - mesh.vertices) * _MILLIMETRES).astype(np.float32)

    identity = np.stack([delta(path) for path in _identity_files(folder)])
    actions = np.stack([delta(folder / f"{name}.obj") for name in names])
    expression, units = principal_expressions(actions, names)
    albedo_mean, albedo = procedural_albedo(cylindrical_uv(mean), regions_from_landmarks(mean, ids))
    return assemble_face_model(
        name="ICT-FaceKit light",
        source=str(folder),
        mean=mean,
        identity_basis=identity,
        expression_basis=expression,
        albedo_mean=albedo_mean,
        albedo_basis=albedo,
        triangles=mesh.triangles,
        landmarks=ids,
        uv=mesh.uv if mesh.uv.any() else None,
        expression_units=units,
        provenance="ICT-FaceKit light, USC Institute for Creative Technologies, MIT licence; procedural albedo",
    )


def principal_expressions(actions: np.ndarray, names: list[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Turn blendshapes into an expression basis in standard deviations.

    With activations of covariance L L^T the displacements are D L z, z ~ N(0, I); rotating z by the eigenvectors W of
    their Gram matrix gives axes D L W, strongest first, and the action k is W^T L^-1 e_k.

    Args:
        actions: (E, V, 3) displacement of each action at weight 1, mm.
        names: their names; ``x_L`` and ``x_R`` are taken as the two sides of one action.

    Returns:
        Basis (E, V, 3) mm per standard deviation, and name -> (E,) coefficients.
    """
    count = len(names)
    correlation = np.eye(count)
    for i, name in enumerate(names):
        if name.endswith("_L") and (other := f"{name[:-2]}_R") in names:
            j = names.index(other)
            correlation[i, j] = correlation[j, i] = _SIDES_CORRELATION
    spread = _ACTIVATION_DEVIATION * np.linalg.cholesky(correlation)
    flat = spread.T @ actions.reshape(count, -1).astype(np.float64)
    _, axes = np.linalg.eigh(flat @ flat.T)
    axes = axes[:, ::-1]
    # The sign of an eigenvector is arbitrary: fix it, so that every machine builds the same model.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(count)])
    basis = (axes.T @ flat).reshape(actions.shape).astype(np.float32)
    weights = axes.T @ np.linalg.inv(spread)
    return basis, {name: weights[:, k].astype(np.float32) for k, name in enumerate(names)}


def _identity_files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.glob("identity*.obj") if re.fullmatch(r"identity\d+\.obj", path.name))
    expected = [f"identity{k:03d}.obj" for k in range(len(files))]
    if not files or [path.name for path in files] != expected:
        absent = sorted(set(expected or ["identity000.obj"]) - {path.name for path in files})[0]
        raise SeethroughError(f"{folder}: {absent} is missing from the identity files; {WHERE}")
    return files


def _read_indices(path: Path) -> tuple[list[str], np.ndarray]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names = [str(name) for name in content["expressions"]]
        landmarks = np.array(content["idx_to_landmark_verts"], dtype=np.int64)
    except OSError:
        raise SeethroughError(f"{path}: no such file; it belongs to ICT-FaceKit: {WHERE}") from None
    except (ValueError, KeyError, TypeError):
        raise SeethroughError(f"{path}: expected a JSON with expressions and idx_to_landmark_verts; {WHERE}") from None
    if landmarks.shape != (68,) or not names:
        raise SeethroughError(f"{path}: expected 68 landmark vertices and named expressions, found {len(landmarks)}")
    return names, landmarks
