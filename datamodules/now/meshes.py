"""What the NoW challenge compares: scans with their landmarks, predictions with theirs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from datamodules.now.challenge import ChallengeImage, scan_files
from seethrough.errors import SeethroughError
from seethrough.meshes import read_mesh
from seethrough.metrics.scan_to_mesh import LANDMARKS

_POINT = re.compile(r"<point\b([^>]*)>")
_COORDINATE = {axis: re.compile(rf'\b{axis}\s*=\s*["\']([^"\']+)["\']') for axis in "xyz"}


class MissingPredictionError(Exception):
    """There is nothing to score for an image; the message says why."""


def read_scan(dataset: Path, subject: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices of a person's scan and its seven landmarks, mm.

    Raises:
        SeethroughError: one of them is missing or damaged.
    """
    scan, marks = scan_files(dataset, subject)
    return read_shape(scan)[0], read_picked_points(marks)


def read_picked_points(path: Path) -> np.ndarray:
    """Return the (7, 3) points that MeshLab has saved, in their order; attributes may come in any order."""
    points = []
    for attributes in _POINT.findall(path.read_text(encoding="utf-8", errors="replace")):
        found = [pattern.search(attributes) for pattern in _COORDINATE.values()]
        try:
            points.append([float(match.group(1)) for match in found if match is not None])
        except ValueError as error:
            raise SeethroughError(f"{path}: point {len(points)} cannot be read ({error}): download it again") from None
    if len(points) != LANDMARKS or any(len(point) != 3 for point in points):
        raise SeethroughError(f"{path} holds {len(points)} points, expected {LANDMARKS} with x, y and z")
    return np.array(points)


def read_prediction(predictions: Path, image: ChallengeImage) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vertices, triangles and landmarks of a prediction.

    Raises:
        MissingPredictionError: the mesh or its landmarks are not there or cannot be read.
    """
    mesh = _first(predictions, image.stem, (".obj", ".ply"))
    landmarks = _first(predictions, image.stem, (".npy", ".txt"))
    if mesh is None:
        raise MissingPredictionError("no .obj or .ply")
    if landmarks is None:
        raise MissingPredictionError("no .npy or .txt with its landmarks")
    try:
        vertices, triangles = read_shape(mesh)
        if not len(triangles):
            raise MissingPredictionError(f"{mesh.name} has no triangles")
        return vertices, triangles, read_landmarks(landmarks)
    except SeethroughError as error:
        raise MissingPredictionError(str(error)) from None


def read_landmarks(path: Path) -> np.ndarray:
    """Return (7, 3) landmarks from ``.npy`` ((7, 3) or (1, 7, 3)) or ``.txt`` (seven lines of x y z).

    Raises:
        SeethroughError: another shape, or no numbers.
    """
    try:
        if path.suffix == ".npy":
            values = np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
        else:
            words = path.read_text(encoding="utf-8").replace(",", " ").split()
            values = np.array(words, dtype=np.float64)
    except (ValueError, OSError, EOFError, UnicodeDecodeError) as error:
        raise SeethroughError(f"{path}: no landmarks ({str(error).splitlines()[0][:80]}): write them again") from None
    if values.size != 3 * LANDMARKS or (values.ndim > 1 and values.shape[-2:] != (LANDMARKS, 3)):
        raise SeethroughError(f"{path} has the shape {values.shape}, expected ({LANDMARKS}, 3)")
    if not np.isfinite(values).all():
        raise SeethroughError(f"{path} holds numbers that are not finite")
    return values.reshape(LANDMARKS, 3)


def read_shape(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and triangles; plain OBJ files, of which a scan has hundreds of thousands of lines, quickly."""
    if path.suffix.lower() == ".obj":
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SeethroughError(f"{path} cannot be read: {error.strerror}") from None
        plain = _plain_obj(content)
        if plain is not None:
            return plain
    mesh = read_mesh(path)
    return mesh.vertices, mesh.triangles


def _plain_obj(content: bytes) -> tuple[np.ndarray, np.ndarray] | None:
    """Read ``v x y z`` and ``f a b c`` (or ``a/..``) with positive numbers; None where the file holds anything else."""
    lines = content.splitlines()
    corners = [line[2:].split() for line in lines if line.startswith(b"f ")]
    places = [line[2:] for line in lines if line.startswith(b"v ")]
    if b"\\" in content or any(len(corner) != 3 for corner in corners):
        return None
    try:
        vertices = np.array(b" ".join(places).split(), dtype=np.float64)
        if vertices.size != 3 * len(places) or not vertices.size:
            return None
        if b"/" in b"".join(corner for face in corners[:1] for corner in face):
            corners = [[corner.partition(b"/")[0] for corner in face] for face in corners]
        triangles = np.array(corners, dtype=object).astype(np.int64).reshape(-1, 3) - 1
    except ValueError:
        return None
    if not np.isfinite(vertices).all() or (
        triangles.size and not 0 <= triangles.min() <= triangles.max() < len(places)
    ):
        return None
    return vertices.reshape(-1, 3), triangles


def _first(folder: Path, stem: str, suffixes: tuple[str, ...]) -> Path | None:
    return next((path for suffix in suffixes if (path := folder / f"{stem}{suffix}").is_file()), None)
