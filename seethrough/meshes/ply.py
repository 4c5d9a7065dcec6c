"""The Stanford polygon format, text and both binary byte orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.meshes.mesh import Mesh, fan, mesh_from_file

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass
class _Element:
    name: str
    count: int
    scalars: list[tuple[str, str]] = field(default_factory=list)  # (property, numpy type)
    lists: list[tuple[str, str, str]] = field(default_factory=list)  # (property, count type, item type)


def encode_ply(mesh: Mesh, *, binary: bool = True) -> bytes:
    """Encode a mesh: float vertices, ``red green blue`` as uchar, ``s t`` as float, faces as int lists."""
    columns = [("x", "f4"), ("y", "f4"), ("z", "f4")]
    columns += [] if mesh.uv is None else [("s", "f4"), ("t", "f4")]
    columns += [] if mesh.colours is None else [("red", "u1"), ("green", "u1"), ("blue", "u1")]
    names = {"f4": "float", "u1": "uchar"}
    header = [
        "ply",
        f"format {'binary_little_endian' if binary else 'ascii'} 1.0",
        f"element vertex {len(mesh.vertices)}",
    ]
    header += [f"property {names[kind]} {name}" for name, kind in columns]
    header += [f"element face {len(mesh.triangles)}", "property list uchar int vertex_indices", "end_header", ""]
    rows = np.zeros(len(mesh.vertices), dtype=[(name, "<" + kind) for name, kind in columns])
    parts = [mesh.vertices, mesh.uv, None if mesh.colours is None else np.rint(mesh.colours.clip(0, 1) * 255)]
    values = np.concatenate([part for part in parts if part is not None], axis=1)
    for column, (name, _) in enumerate(columns):
        rows[name] = values[:, column]
    head = "\n".join(header).encode("ascii")
    if binary:
        faces = np.zeros(len(mesh.triangles), dtype=[("count", "u1"), ("corners", "<i4", 3)])
        faces["count"], faces["corners"] = 3, mesh.triangles
        return head + rows.tobytes() + faces.tobytes()
    lines = [" ".join(f"{value:.9g}" for value in row.tolist()) for row in rows]
    lines += [f"3 {a} {b} {c}" for a, b, c in mesh.triangles]
    return head + "\n".join([*lines, ""]).encode("ascii")


def decode_ply(path: Path, content: bytes) -> Mesh:
    """Decode a mesh; polygons are split into triangles, unknown elements and properties are passed over."""
    order, elements, body = _header(path, content)
    reader = _TextReader(body) if order == "=" else _BinaryReader(body, order)
    vertices = triangles = colours = uv = None
    for element in elements:
        columns, lists = reader.read(path, element)
        if element.name == "vertex":
            if not {"x", "y", "z"} <= columns.keys():
                raise SeethroughError(f"{path}: the vertices have no x, y and z; export it again")
            vertices = np.stack([columns[name] for name in "xyz"], axis=1).astype(np.float64)
            colours, uv = _colours(columns), _texture(columns)
        elif element.name == "face":
            polygons = next((lists[name] for name in ("vertex_indices", "vertex_index") if name in lists), None)
            if polygons is not None:
                triangles = _triangles(polygons)
    if vertices is None:
        raise SeethroughError(f"{path}: the file has no vertices; export it again")
    if triangles is None:
        triangles = np.zeros((0, 3), dtype=np.int64)
    return mesh_from_file(path, vertices, triangles, colours=colours, uv=uv)


def _header(path: Path, content: bytes) -> tuple[str, list[_Element], bytes]:
    end = content.find(b"end_header")
    if not content.startswith(b"ply") or end < 0:
        raise SeethroughError(f"{path}: not a PLY file (no 'ply ... end_header'); export it again")
    start = content.find(b"\n", end)
    order, elements = None, []
    for line in content[:end].decode("ascii", "replace").splitlines():
        words = line.split()
        if not words or words[0] in ("ply", "comment", "obj_info"):
            continue
        if words[0] == "format":
            order = _ORDERS[words[1]]
        elif words[0] == "element":
            elements.append(_Element(words[1], int(words[2])))
        elif words[0] == "property" and words[1] == "list":
            elements[-1].lists.append((words[4], _TYPES[words[2]], _TYPES[words[3]]))
        elif words[0] == "property":
            elements[-1].scalars.append((words[2], _TYPES[words[1]]))
    if order is None or start < 0:
        raise SeethroughError(f"{path}: the PLY header names no format; export it again")
    for element in elements:
        if element.count < 0 or (element.lists and element.scalars):
            raise SeethroughError(f"{path}: element {element.name} mixes lists and numbers, which is not read here")
    return order, elements, content[start + 1 :]


Columns = dict[str, np.ndarray]
Polygons = dict[str, Any]  # property -> (T, 3) array, or a list of index lists of any length


class _BinaryReader:
    def __init__(self, body: bytes, order: str) -> None:
        self.body, self.order, self.position = body, order, 0

    def read(self, path: Path, element: _Element) -> tuple[Columns, Polygons]:
        if not element.lists:
            rows = self._rows([(name, self.order + kind) for name, kind in element.scalars], element.count)
            return {name: rows[name] for name, _ in element.scalars}, {}
        if len(element.lists) == 1:
            name, length, item = element.lists[0]
            start = self.position
            rows = self._triangle_rows(length, item, element.count)
            if rows is not None:
                return {}, {name: rows}
            self.position = start
        found: Polygons = {name: [] for name, _, _ in element.lists}
        for _ in range(element.count):
            for name, length, item in element.lists:
                count = int(self._rows([("n", self.order + length)], 1)["n"][0])
                values = self._rows([("v", self.order + item)], count)["v"]
                found[name].append(values.tolist())
        return {}, found

    def _triangle_rows(self, length: str, item: str, count: int) -> np.ndarray | None:
        """Read all faces at once where each is a triangle, the usual case; None where one is not."""
        layout = [("n", self.order + length), ("v", self.order + item, 3)]
        if count * np.dtype(layout).itemsize > len(self.body) - self.position:
            return None
        rows = self._rows(layout, count)
        return rows["v"] if (rows["n"] == 3).all() else None

    def _rows(self, layout: list, count: int) -> np.ndarray:
        kind = np.dtype(layout)
        if count * kind.itemsize > len(self.body) - self.position:
            raise ValueError("the file ends too early")
        rows = np.frombuffer(self.body, kind, count, self.position)
        self.position += count * kind.itemsize
        return rows


class _TextReader:
    def __init__(self, body: bytes) -> None:
        self.lines = [line for line in body.decode("ascii").splitlines() if line.strip()]
        self.position = 0

    def read(self, path: Path, element: _Element) -> tuple[Columns, Polygons]:
        lines = self.lines[self.position : self.position + element.count]
        if len(lines) < element.count:
            raise ValueError("the file ends too early")
        self.position += element.count
        words = [line.split() for line in lines]
        if not element.lists:
            values = np.array(words, dtype=np.float64).reshape(element.count, len(element.scalars))
            return {name: values[:, column] for column, (name, _) in enumerate(element.scalars)}, {}
        found: Polygons = {name: [] for name, _, _ in element.lists}
        for row in words:
            start = 0
            for name, _, _ in element.lists:
                count = int(row[start])
                values = [int(float(word)) for word in row[start + 1 : start + 1 + count]]
                if len(values) < count:
                    raise ValueError("a face names fewer vertices than it counts")
                found[name].append(values)
                start += 1 + count
        return {}, found


def _triangles(polygons: np.ndarray | list) -> np.ndarray:
    if isinstance(polygons, np.ndarray):
        return polygons.astype(np.int64)
    return np.array([part for polygon in polygons for part in fan(polygon)], dtype=np.int64).reshape(-1, 3)


def _colours(columns: Columns) -> np.ndarray | None:
    if not {"red", "green", "blue"} <= columns.keys():
        return None
    values = np.stack([columns[name] for name in ("red", "green", "blue")], axis=1)
    # Text files lose the type: numbers above one can only be bytes.
    bytes_given = values.dtype == np.uint8 or (values.size > 0 and values.max() > 1)
    return values.astype(np.float64) / (255 if bytes_given else 1)


def _texture(columns: Columns) -> np.ndarray | None:
    for u, v in (("s", "t"), ("u", "v"), ("texture_u", "texture_v")):
        if u in columns and v in columns:
            return np.stack([columns[u], columns[v]], axis=1)
    return None
