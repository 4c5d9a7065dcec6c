"""Wavefront OBJ with vertex colours (``v x y z r g b``) and texture coordinates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.meshes.mesh import Mesh, fan, mesh_from_file
from seethrough.meshes.text_rows import rows_as_text


def encode_obj(mesh: Mesh, material: tuple[str, str] | None = None) -> bytes:
    """Encode a mesh; coordinates with a tenth of a micrometre, colours with four digits behind each vertex.

    Args:
        mesh: the mesh.
        material: a material file beside this one, and the name of the material in it that all faces have.
    """
    head = "# millimetres; x to the viewer's right, y up, z towards the viewer\n"
    head += "" if material is None else f"mtllib {material[0]}\nusemtl {material[1]}\n"
    vertices = mesh.vertices
    if mesh.colours is not None:
        vertices = np.concatenate([vertices, mesh.colours.clip(0, 1)], axis=1)
    width = vertices.shape[1]
    parts = [head.encode("utf-8"), rows_as_text(vertices, ["v ", *[" "] * (width - 1)], [4] * width)]
    corners = mesh.triangles + 1
    if mesh.uv is None:
        parts.append(rows_as_text(corners, ["f ", " ", " "], [0] * 3))
    else:
        parts.append(rows_as_text(mesh.uv, ["vt ", " "], [6] * 2))
        parts.append(rows_as_text(np.repeat(corners, 2, axis=1), ["f ", "/", " ", "/", " ", "/"], [0] * 6))
    return b"".join(parts)


def decode_obj(path: Path, content: bytes) -> Mesh:
    """Decode a mesh: ``v`` with or without colours, ``vt``, and ``f`` with polygons and negative indices.

    Texture coordinates are kept where every vertex has exactly one; seams would need more vertices, so such
    coordinates are left out. Everything else in the file is passed over.
    """
    rows: list[list[float]] = []
    texture: list[list[float]] = []
    triangles: list[tuple[int, int, int]] = []
    texture_of: dict[int, int] = {}
    seam = False
    text = content.decode("utf-8", "replace").replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            if words[0] == "v":
                rows.append([float(word) for word in words[1:7]])
            elif words[0] == "vt":
                texture.append([float(word) for word in words[1:3]])
            elif words[0] == "f":
                corners = [_corner(word, len(rows), len(texture)) for word in words[1:]]
                if len(corners) < 3:
                    raise ValueError("a face needs three vertices")
                triangles += fan([vertex for vertex, _ in corners])
                for vertex, coordinate in corners:
                    seam |= coordinate is not None and texture_of.setdefault(vertex, coordinate) != coordinate
        except ValueError as error:
            raise SeethroughError(f"{path}:{number}: '{line.strip()[:60]}' cannot be read ({error})") from error
    if not rows:
        raise SeethroughError(f"{path}: no vertices; is this an OBJ file?")
    length = min(len(row) for row in rows)
    if length < 3:
        raise SeethroughError(f"{path}: a vertex with fewer than three coordinates; export it again")
    values = np.array([row[: 6 if length >= 6 else 3] for row in rows])
    colours = values[:, 3:] if length >= 6 else None
    if colours is not None and colours.max() > 1:
        colours = colours / 255
    uv = None
    if len(texture_of) == len(rows) and not seam:
        uv = np.array([texture[texture_of[vertex]] for vertex in range(len(rows))])
    return mesh_from_file(
        path, values[:, :3], np.array(triangles, dtype=np.int64).reshape(-1, 3), colours=colours, uv=uv
    )


def _corner(word: str, vertices: int, textures: int) -> tuple[int, int | None]:
    parts = word.split("/")
    coordinate = _index(parts[1], textures) if len(parts) > 1 and parts[1] else None
    return _index(parts[0], vertices), coordinate


def _index(word: str, count: int) -> int:
    index = int(word)
    index = index - 1 if index > 0 else count + index
    if not 0 <= index < count:
        raise ValueError(f"index {word} of {count}")
    return index
