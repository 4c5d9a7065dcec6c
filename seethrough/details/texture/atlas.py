"""Which point of a face model each texel of its texture shows."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

import numba
import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from seethrough.details.texture.bilinear import grid_of, read
from seethrough.morphable.face_model import FaceModel
from seethrough.rendering.backends import get_backend
from seethrough.rendering.topology import MeshTopology

_DEEPEST_MM = 1000.0


class Atlas:
    """The texels of a square texture over the ``uv`` of a face model.

    Where charts lie over one another, as the inside of a mouth over the cheeks, a texel shows the part that lies
    farther to the front: that is what is seen of a face.

    Args:
        model: the face model.
        size: texels of the texture's side.

    Attributes:
        size: of the texture.
        covered: (S, S) bool, texels that show something. Row 0 is at v = 1, as in picture files.
    """

    def __init__(self, model: FaceModel, size: int) -> None:
        device = torch.device("cpu")
        uv, front = model.uv.cpu(), model.mean.cpu()[:, 2]
        clip = torch.stack([uv[:, 0] * 2 - 1, 1 - uv[:, 1] * 2, -front / _DEEPEST_MM, torch.ones_like(front)], dim=-1)
        topology = MeshTopology(model.triangles.cpu())
        rast = get_backend("cpu", device).rasterize(clip[None].contiguous(), topology, size, size, False)[0].numpy()
        self.size = size
        self.covered = rast[..., 3] > 0
        self._texels = np.flatnonzero(self.covered)
        shown = rast.reshape(-1, 4)[self._texels]
        self._corners = topology.triangles.numpy()[shown[:, 3].astype(np.int64) - 1]
        self._shares = np.ascontiguousarray(shown[:, :2])
        self._across = model.uv.cpu()[model.mirror.cpu()].double().numpy()

    def of_vertices(self, values: np.ndarray) -> np.ndarray:
        """Interpolate (V, C) values of the model's vertices: (N, C) float32 of the covered texels, row by row.

        In memory channel after channel, as what is read from pictures: NumPy is slow with both orders mixed.
        """
        found = np.empty((values.shape[1], len(self._texels)), dtype=np.float32)
        _mix(np.ascontiguousarray(values, dtype=np.float32), self._corners, self._shares, found)
        return found.T

    def across(self, values: np.ndarray) -> np.ndarray:
        """Return (N, C) values of covered texels as they are on the other side of the face.

        Args:
            values: (N, C) of the covered texels, row by row.
        """
        return read(torch.from_numpy(self.planes(values)), self._grid_across)

    def planes(self, values: np.ndarray) -> np.ndarray:
        """Return the (C, S, S) float32 picture of (N, C) values, 0 around the charts."""
        planes = np.zeros((values.shape[1], self.size * self.size), dtype=np.float32)
        for plane, column in zip(planes, values.T, strict=True):
            plane[self._texels] = column
        return planes.reshape(-1, self.size, self.size)

    def enlarged(self, picture: Tensor) -> np.ndarray:
        """Return (N, C) values of the covered texels of a coarser picture (C, s, s) of the same square, bilinear."""
        return read(picture, self._grid)

    def picture(self, values: np.ndarray) -> np.ndarray:
        """Return the (S, S, C) picture of (N, C) values; texels around the charts take the nearest colour."""
        return np.ascontiguousarray(values, dtype=np.float32)[self._nearest]

    @cached_property
    def _grid(self) -> Tensor:
        """Where the covered texels lie."""
        row, column = np.divmod(self._texels, self.size)
        return grid_of(np.stack([column, row], axis=1) + 0.5, self.size, self.size)

    @cached_property
    def _grid_across(self) -> Tensor:
        """Where what each covered texel shows lies on the other side."""
        return grid_of(self.of_vertices(self._across) * [1, -1] + [0, 1], 1, 1)

    @cached_property
    def _nearest(self) -> np.ndarray:
        """(S, S) number of the covered texel that is nearest to each, row by row."""
        number = np.zeros(self.covered.shape, dtype=np.int32)
        number[self.covered] = np.arange(int(self.covered.sum()))
        if self.covered.all():
            return number
        nearest = ndimage.distance_transform_edt(~self.covered, return_distances=False, return_indices=True)
        assert isinstance(nearest, np.ndarray)
        return number[tuple(nearest)]


@numba.njit(nogil=True, cache=True)
def _mix(values, corners, shares, found):
    for n in range(len(corners)):
        a, b, c = corners[n, 0], corners[n, 1], corners[n, 2]
        u, v = shares[n, 0], shares[n, 1]
        rest = np.float32(1.0) - u - v
        for k in range(values.shape[1]):
            found[k, n] = u * values[a, k] + v * values[b, k] + rest * values[c, k]


_known: WeakKeyDictionary[FaceModel, dict[int, Atlas]] = WeakKeyDictionary()


def atlas_of(model: FaceModel, size: int) -> Atlas:
    """Return the atlas of a face model; made once for all photos."""
    atlases = _known.setdefault(model, {})
    if size not in atlases:
        atlases[size] = Atlas(model, size)
    return atlases[size]
