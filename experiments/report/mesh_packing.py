"""Meshes as the page's viewer reads them: whole numbers, differences to the neighbour before, deflated, base64."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

from experiments.report.mesh_reduction import reduced
from seethrough.meshes import Mesh

_STEPS = 65535
_NORMAL_STEPS = 1023
# About what a vertex and its two triangles take in the page, measured on detailed faces.
CHARACTERS_A_VERTEX = 17


def packed(mesh: Mesh, most_vertices: int) -> tuple[dict[str, Any], str]:
    """Return what is to be known of a mesh, and its numbers as text.

    The numbers are, in this order, deflated (RFC 1950) and in base64: x, y, z of the vertices in steps of ``step_mm``
    from ``low_mm``; two numbers of each normal, as points of an octahedron folded into a square of 0 to 1023 (Meyer et
    al., On floating-point normal vectors, 2010); red, green and blue from 0 to 255, where there are colours; the
    corners of the triangles, the first as it is, the others as differences to the first. Each of these columns is
    written as differences to the value before, zigzag (0, -1, 1, -2 ... are 0, 1, 2, 3 ...), all low bytes first, then
    the second ones, and so on, 2 bytes a value, or 4 for corners.

    Args:
        mesh: vertices in mm.
        most_vertices: a finer mesh is made coarser.
    """
    coarse, normals = reduced(mesh, most_vertices)
    order, triangles = _near_ones_together(coarse.vertices, coarse.triangles)
    vertices, normals = coarse.vertices[order], normals[order]
    low = vertices.min(0) if len(vertices) else np.zeros(3)
    step = max(float((vertices - low).max(initial=0.0)) / _STEPS, 1e-9)
    columns = [*np.rint((vertices - low) / step).astype(np.int64).T, *_octahedral(normals).T]
    if coarse.colours is not None:
        columns += list(np.rint(coarse.colours[order].clip(0, 1) * 255).astype(np.int64).T)
    first = triangles[:, 0]
    corners = [first, triangles[:, 1] - first, triangles[:, 2] - first]
    content = b"".join([_planes(column, 2) for column in columns] + [_planes(column, 4) for column in corners])
    told = {
        "vertices": len(vertices),
        "triangles": len(triangles),
        "low_mm": low.tolist(),
        "step_mm": step,
        "colours": coarse.colours is not None,
        "full_vertices": len(mesh.vertices),
    }
    return told, base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def _near_ones_together(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an order of the vertices along a Z-shaped curve through space, and the sorted triangles in its numbers."""
    spread = np.ptp(vertices, axis=0).max(initial=0.0) or 1.0
    cells = ((vertices - vertices.min(0, initial=0.0)) / spread * 1023).clip(0, 1023).astype(np.int64)
    key = np.zeros(len(vertices), dtype=np.int64)
    for bit in range(10):
        for axis in range(3):
            key |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    order = np.argsort(key, kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    renumbered = places[triangles]
    turn = renumbered.argmin(1)[:, None] if len(renumbered) else np.zeros((0, 1), dtype=np.int64)
    renumbered = np.take_along_axis(renumbered, (turn + np.arange(3)) % 3, axis=1)
    return order, renumbered[np.lexsort(renumbered.T[::-1])]


def _octahedral(normals: np.ndarray) -> np.ndarray:
    """Return (V, 2) whole numbers of unit normals."""
    folded = normals / np.abs(normals).sum(1, keepdims=True).clip(1e-12)
    x, y = folded[:, 0], folded[:, 1]
    below = folded[:, 2] < 0
    sign_x, sign_y = np.where(x < 0, -1, 1), np.where(y < 0, -1, 1)
    flat = np.stack(
        [np.where(below, (1 - np.abs(y)) * sign_x, x), np.where(below, (1 - np.abs(x)) * sign_y, y)], axis=1
    )  # fmt: skip
    return np.rint((flat * 0.5 + 0.5) * _NORMAL_STEPS).astype(np.int64)


def _planes(column: np.ndarray, width: int) -> bytes:
    """Return a column as zigzag differences, byte plane after byte plane."""
    half = 1 << (8 * width - 1)
    differences = (np.diff(column, prepend=0) + half) % (2 * half) - half  # a reader counts round the same circle
    zigzag = np.where(differences < 0, -2 * differences - 1, 2 * differences).astype("<u4")
    return np.ascontiguousarray(zigzag.view(np.uint8).reshape(-1, 4)[:, :width].T).tobytes()
