"""Which point of a face model each texel of its texture shows."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import torch
from scipy import ndimage

from seethrough.details.texture.bilinear import sampled
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
        self.size = size
        self._topology = MeshTopology(model.triangles.cpu())
        self._backend = get_backend("cpu", device)
        self._rast = self._backend.rasterize(clip[None].contiguous(), self._topology, size, size, False)
        self.covered = (self._rast[0, ..., 3] > 0).numpy()
        self._across = model.uv.cpu()[model.mirror.cpu()].double().numpy()

    def of_vertices(self, values: np.ndarray) -> np.ndarray:
        """Interpolate (V, C) values of the model's vertices: (N, C) float32 of the covered texels, row by row."""
        rows = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))[None]
        image = self._backend.interpolate(rows, self._rast, self._topology, channels_first=False)[0].numpy()
        return image[self.covered]

    def across(self, values: np.ndarray) -> np.ndarray:
        """Return (N, C) values of covered texels as they are on the other side of the face.

        Args:
            values: (N, C) of the covered texels, row by row.
        """
        picture = np.zeros((self.size, self.size, values.shape[1]), dtype=np.float32)
        picture[self.covered] = values
        return sampled(picture, self._places_across)

    def picture(self, values: np.ndarray) -> np.ndarray:
        """Return the (S, S, C) picture of (N, C) values; texels around the charts take the nearest colour."""
        return values.astype(np.float32)[self._nearest]

    @cached_property
    def _places_across(self) -> np.ndarray:
        """(N, 2) px of what each covered texel shows, as it is on the other side."""
        u, v = self.of_vertices(self._across).T.astype(np.float64)
        return np.stack([u, 1 - v], axis=1) * self.size

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


_known: WeakKeyDictionary[FaceModel, dict[int, Atlas]] = WeakKeyDictionary()


def atlas_of(model: FaceModel, size: int) -> Atlas:
    """Return the atlas of a face model; made once for all photos."""
    atlases = _known.setdefault(model, {})
    if size not in atlases:
        atlases[size] = Atlas(model, size)
    return atlases[size]
