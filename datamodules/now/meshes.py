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
    return read_vertices(scan), read_picked_points(marks)


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


def read_vertices(path: Path) -> np.ndarray:
    """Return the vertices alone, which is all that counts of a scan."""
    content = _obj_content(path)
    plain = None if content is None else _plain_vertices(content)
    return read_mesh(path).vertices if plain is None else plain


def read_shape(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and triangles; plain OBJ files, which may have hundreds of thousands of lines, quickly."""
    content = _obj_content(path)
    vertices = None if content is None else _plain_vertices(content)
    triangles = None if content is None or vertices is None else _plain_triangles(content, len(vertices))
    if vertices is None or triangles is None:
        mesh = read_mesh(path)
        return mesh.vertices, mesh.triangles
    return vertices, triangles


def _obj_content(path: Path) -> bytes | None:
    """Return the bytes of an OBJ file without continued lines; None of another file."""
    if path.suffix.lower() != ".obj":
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeethroughError(f"{path} cannot be read: {error.strerror}") from None
    return None if b"\\" in content else content


def _plain_vertices(content: bytes) -> np.ndarray | None:
    """Read lines ``v x y z``; None where a vertex has anything else."""
    words = _words(content, b"v")
    try:
        if words is None:
            return None
        vertices = np.stack([np.array(words[axis::4], dtype=np.float64) for axis in (1, 2, 3)], axis=1)
    except ValueError:
        return None
    return vertices if len(vertices) and np.isfinite(vertices).all() else None


def _plain_triangles(content: bytes, vertices: int) -> np.ndarray | None:
    """Read lines ``f a b c`` (or ``a/..``) with positive numbers; None where a face has anything else."""
    words = _words(content, b"f")
    if words is None:
        return None
    if len(words) > 1 and b"/" in words[1]:
        words = [word.partition(b"/")[0] for word in words]
    try:
        corners = [np.array(words[corner::4], dtype=bytes).astype(np.int64) for corner in (1, 2, 3)]
    except ValueError:
        return None
    triangles = np.stack(corners, axis=1) - 1
    if triangles.size and not 0 <= triangles.min() <= triangles.max() < vertices:
        return None
    return triangles


def _words(content: bytes, kind: bytes) -> list[bytes] | None:
    """Return the words of all lines of a kind one after the other; None unless each line has three besides its kind."""
    lines = [line for line in content.splitlines() if line.startswith((kind + b" ", kind + b"\t"))]
    words = b" ".join(lines).split()
    # A list of lists would be as clear, but takes ten times as long to be collected as garbage.
    if len(words) != 4 * len(lines) or words[::4].count(kind) != len(lines):
        return None
    return words


def _first(folder: Path, stem: str, suffixes: tuple[str, ...]) -> Path | None:
    return next((path for suffix in suffixes if (path := folder / f"{stem}{suffix}").is_file()), None)
