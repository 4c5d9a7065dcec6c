"""A coloured triangle mesh, and the choice of a file format by its suffix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.meshes.surface_normals import vertex_normals


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh.

    Attributes:
        vertices: (V, 3) float64, mm, usually in the model frame (x to the viewer's right, y up, z towards the viewer).
        triangles: (T, 3) int64, counter-clockwise seen from outside.
        colours: (V, 3) float64 RGB in [0, 1] as a screen shows it (sRGB), or None.
        uv: (V, 2) texture coordinates in [0, 1], v up, or None.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    colours: np.ndarray | None = None
    uv: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Convert to double precision and check that the parts fit together."""
        object.__setattr__(self, "vertices", np.asarray(self.vertices, dtype=np.float64).reshape(-1, 3))
        object.__setattr__(self, "triangles", np.asarray(self.triangles, dtype=np.int64).reshape(-1, 3))
        count = len(self.vertices)
        for name, width in (("colours", 3), ("uv", 2)):
            value = getattr(self, name)
            if value is None:
                continue
            value = np.asarray(value, dtype=np.float64)
            if value.shape != (count, width):
                raise ValueError(f"{name} has shape {value.shape}, expected ({count}, {width})")
            object.__setattr__(self, name, value)
        if self.triangles.size and (self.triangles.min() < 0 or self.triangles.max() >= count):
            raise ValueError(f"a triangle points outside the {count} vertices")

    def normals(self) -> np.ndarray:
        """Return (V, 3) unit normals, area-weighted over the triangles around; (0, 0, 1) where there is none."""
        return vertex_normals(self.vertices, self.triangles, (0.0, 0.0, 1.0))


def mesh_from_file(path: Path, vertices: np.ndarray, triangles: np.ndarray, **parts: np.ndarray | None) -> Mesh:
    """Build a mesh from what a file said; what does not fit together is the file's fault.

    Raises:
        SeethroughError: not finite vertices, indices out of range, parts of different lengths.
    """
    if not np.isfinite(vertices).all():
        raise SeethroughError(f"{path}: the mesh has vertices that are not finite; export it again")
    try:
        return Mesh(vertices, triangles, **parts)
    except ValueError as error:
        raise SeethroughError(f"{path}: {error}; export it again") from error


def fan(polygon: list[int]) -> list[tuple[int, int, int]]:
    """Split a polygon's vertex indices into triangles around its first vertex."""
    return [(polygon[0], polygon[k], polygon[k + 1]) for k in range(1, len(polygon) - 1)]


def write_mesh(path: str | Path, mesh: Mesh) -> Path:
    """Write a mesh as PLY (binary), OBJ or GLB, by the path's suffix; folders are made, an old file is replaced.

    Raises:
        SeethroughError: another suffix, or a path that cannot be written.
    """
    from seethrough.meshes import FORMATS

    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise SeethroughError(f"{path}: unknown mesh format; choose from {' '.join(FORMATS)}")
    content = FORMATS[path.suffix.lower()][1](mesh)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise SeethroughError(
            f"{path}: the mesh cannot be written ({error.strerror}); check folder and space"
        ) from error
    return path


def read_mesh(path: str | Path) -> Mesh:
    """Read a PLY, OBJ or GLB file; lengths come back in mm for GLB (which counts metres), unchanged for the others.

    Raises:
        SeethroughError: missing, of another format, truncated, or inconsistent.
    """
    from seethrough.meshes import FORMATS

    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise SeethroughError(f"{path}: unknown mesh format; choose from {' '.join(FORMATS)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeethroughError(f"{path}: the mesh cannot be read ({error.strerror}); check the path") from error
    try:
        return FORMATS[path.suffix.lower()][0](path, content)
    except SeethroughError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        kind = path.suffix[1:].upper()
        raise SeethroughError(
            f"{path}: damaged or no {kind} file ({type(error).__name__}: {error}); export it again"
        ) from error
