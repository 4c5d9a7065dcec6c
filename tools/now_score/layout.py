"""The folders of the NoW challenge: image lists, scans with their landmarks, predictions with theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.meshes import read_mesh
from seethrough.metrics.scan_to_mesh import LANDMARKS

SPLITS = ("validation", "test")
_POINT = re.compile(r"<point\b([^>]*)>")
_COORDINATE = {axis: re.compile(rf'\b{axis}\s*=\s*["\']([^"\']+)["\']') for axis in "xyz"}


class MissingPredictionError(Exception):
    """There is nothing to score for an image; the message says why."""


@dataclass(frozen=True)
class ChallengeImage:
    """One photo of the challenge, ``SUBJECT/CHALLENGE/NAME.jpg``."""

    path: str

    @property
    def subject(self) -> str:
        """The person."""
        return self.path.split("/")[0]

    @property
    def challenge(self) -> str:
        """What is difficult: ``multiview_neutral``, ``multiview_expressions``, ``multiview_occlusions``, ``selfie``."""
        return self.path.split("/")[1]

    @property
    def stem(self) -> str:
        """The path without its suffix: where the prediction lies below the predictions."""
        return self.path.rsplit(".", 1)[0]


def challenge_images(dataset: Path, split: str | None = None) -> list[ChallengeImage]:
    """Return the photos of a split; without one named, of the first whose list is there.

    Raises:
        SeethroughError: no list, or a line in it that is no path of a photo.
    """
    if not dataset.is_dir():
        raise SeethroughError(f"there is no folder {dataset}: name the NoW data set, with its scans")
    lists = [dataset / f"imagepaths{name}.txt" for name in ([split] if split else SPLITS)]
    found = [path for path in lists if path.is_file()]
    if not found:
        names = " or ".join(path.name for path in lists)
        raise SeethroughError(f"{dataset} has no {names}: is it the NoW data set?")
    images = []
    for number, line in enumerate(found[0].read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        path = line.strip().replace("\\", "/")
        parts = path.split("/")
        if path and (len(parts) != 3 or "." not in parts[2] or ".." in parts):
            raise SeethroughError(f"{found[0]}:{number}: '{path[:60]}' is not SUBJECT/CHALLENGE/IMAGE.jpg")
        if path:
            images.append(ChallengeImage(path))
    if not images:
        raise SeethroughError(f"{found[0]} names no images")
    return images


def read_scan(dataset: Path, subject: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices of a person's scan and its seven landmarks, mm.

    Raises:
        SeethroughError: one of them is missing or damaged.
    """
    scan = _only_file(dataset / "scans" / subject, (".obj", ".ply"))
    marks = _only_file(dataset / "scans_lmks_onlypp" / subject, (".pp",))
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


def _only_file(folder: Path, suffixes: tuple[str, ...]) -> Path:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in suffixes) if folder.is_dir() else []
    if len(found) != 1:
        kinds = " or ".join(suffixes)
        raise SeethroughError(f"{folder} holds {len(found)} {kinds} files, expected 1: download the data set again")
    return found[0]
