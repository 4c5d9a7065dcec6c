"""What a triangle list says by itself: its index range and which triangles meet at an edge."""

from __future__ import annotations

import weakref

import numpy as np
import torch
from torch import Tensor

MOST_TRIANGLES = 1 << 24  # ids travel as float32, exact up to here


class MeshTopology:
    """A checked triangle list with what is derived from it once.

    Attributes:
        triangles: (T, 3) int32 contiguous tensor on its device.
        vertices_needed: one more than the largest index; 0 without triangles.
    """

    def __init__(self, triangles: Tensor) -> None:
        if not isinstance(triangles, Tensor):
            raise TypeError(f"triangles must be a tensor, got {type(triangles).__name__}")
        if triangles.dtype not in (torch.int32, torch.int64):
            raise TypeError(f"triangles must be int32 or int64, got {triangles.dtype}")
        if triangles.ndim != 2 or triangles.shape[1] != 3:
            raise ValueError(f"triangles must be (T, 3), got {tuple(triangles.shape)}")
        if triangles.shape[0] >= MOST_TRIANGLES:
            raise ValueError(f"{triangles.shape[0]} triangles: at most {MOST_TRIANGLES - 1} can be told apart")
        self.vertices_needed = 0
        if triangles.numel():
            smallest, largest = int(triangles.min()), int(triangles.max())
            if smallest < 0:
                raise ValueError(f"triangles hold the negative vertex index {smallest}")
            self.vertices_needed = largest + 1
        self.triangles = triangles.detach().to(torch.int32).contiguous()
        self._neighbours: Tensor | None = None

    def check_vertices(self, count: int) -> None:
        """Raise ``ValueError`` if some triangle needs more than ``count`` vertices."""
        if self.vertices_needed > count:
            raise ValueError(f"triangles use vertex {self.vertices_needed - 1}, but there are only {count} vertices")

    @property
    def neighbours(self) -> Tensor:
        """(T, 3) int32 on the device of the triangles, see :func:`neighbours_of`; built when first asked for."""
        if self._neighbours is None:
            table = neighbours_of(self.triangles.cpu().numpy())
            self._neighbours = torch.from_numpy(table).to(self.triangles.device)
        return self._neighbours

    @classmethod
    def of(cls, triangles: Tensor | MeshTopology) -> MeshTopology:
        """Return the topology of ``triangles``; the same tensor, unchanged, is checked only once."""
        if isinstance(triangles, MeshTopology):
            return triangles
        key = id(triangles)
        known = _known.get(key)
        if known is not None and known[0]() is triangles and known[1] == triangles._version:
            return known[2]
        topology = cls(triangles)
        _known[key] = (weakref.ref(triangles, lambda _: _known.pop(key, None)), triangles._version, topology)
        return topology


_known: dict[int, tuple[weakref.ref[Tensor], int, MeshTopology]] = {}


def neighbours_of(triangles: np.ndarray) -> np.ndarray:
    """Find the triangle across each edge of (T, 3) triangles.

    Returns:
        (T, 3) int32; entry k belongs to the edge that does not touch corner k. -1 on the border of the mesh and where
        more than two triangles meet (such an edge always counts as an outline); -2 - n where neighbour n runs the
        other way round.
    """
    count = len(triangles)
    if count == 0:
        return np.empty((0, 3), np.int32)
    corners = triangles.astype(np.int64)
    ends = np.stack([corners[:, [1, 2]], corners[:, [2, 0]], corners[:, [0, 1]]], 1).reshape(-1, 2)
    key = ends.min(1) * (int(corners.max()) + 1) + ends.max(1)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(ordered)])
    pairs = starts[lengths == 2]
    first, second = order[pairs], order[pairs + 1]
    alike = ends[first, 0] == ends[second, 1]  # neighbours of one orientation run along their edge in opposite ways
    neighbours = np.full(3 * count, -1, np.int32)
    neighbours[first] = np.where(alike, second // 3, -2 - second // 3)
    neighbours[second] = np.where(alike, first // 3, -2 - first // 3)
    return neighbours.reshape(count, 3)
