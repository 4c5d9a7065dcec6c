"""Pools of faces with relief: the columns that the pools of synthetic faces do not have, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from datamodules.detail.config import DetailSceneConfig
from datamodules.detail.generator import DETAIL_VERSION, DetailFace, DetailRenderer
from datamodules.synthetic.dataset import LiveDataset, PoolDataset
from datamodules.synthetic.generator import SyntheticFace
from datamodules.synthetic.pool_files import PoolLayout
from datamodules.synthetic.pool_spec import PoolSpec
from seethrough.details.bump_encoding import decode_bump, encode_bump
from seethrough.morphable import FaceModel, ParameterSizes

_STEPS = 65535


class DetailLayout(PoolLayout):
    """Columns of a pool with relief: bump as its 16-bit code, depth in 65,536 steps of each picture's own range."""

    def columns(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Return name -> (shape of a row, dtype)."""
        size = self.image_size
        more = {
            "bump": ((size, size), "uint16"),
            "depth": ((size, size), "uint16"),
            "depth_range": ((2,), "float32"),
            "focal": ((), "float32"),
            "age": ((), "float32"),
        }
        return {**super().columns(), **more}


@dataclass(frozen=True)
class DetailSpec(PoolSpec):
    """What a pool of faces with relief holds.

    Attributes:
        detail_version: of the generator of the relief.
    """

    detail_version: int = DETAIL_VERSION
    layout: ClassVar[type[PoolLayout]] = DetailLayout

    def renderer(self, model: FaceModel) -> DetailRenderer:
        """Return what renders the scenes of the pool."""
        assert isinstance(self.scene, DetailSceneConfig)
        return DetailRenderer(model, self.scene, self.seed)

    def stacked(self, faces: Sequence[SyntheticFace]) -> dict[str, np.ndarray]:
        """Return the rows of all columns of some faces."""
        rows = super().stacked(faces)
        detailed = [face for face in faces if isinstance(face, DetailFace)]
        ranges, codes = zip(*(_depth_code(face.depth) for face in detailed), strict=True)
        rows["bump"] = encode_bump(np.stack([face.bump for face in detailed]), 16)
        rows["depth"], rows["depth_range"] = np.stack(codes), np.array(ranges, np.float32)
        rows["focal"] = np.array([face.focal for face in detailed], np.float32)
        rows["age"] = np.array([face.age for face in detailed], np.float32)
        return rows


def _depth_code(depth: np.ndarray) -> tuple[tuple[float, float], np.ndarray]:
    """Return (nearest depth, step) in mm and codes: 0 is no depth, code c is nearest + (c - 1) * step."""
    known = depth > 0
    if not known.any():
        return (0.0, 0.0), np.zeros(depth.shape, np.uint16)
    near, far = float(depth[known].min()), float(depth[known].max())
    step = max(far - near, 1e-3) / (_STEPS - 1)
    code = np.rint((depth.astype(np.float64) - near) / step) + 1
    return (near, step), np.where(known, code, 0).clip(0, _STEPS).astype(np.uint16)


def as_batch(rows: dict[str, np.ndarray], index: list[int], spec: PoolSpec, sizes: ParameterSizes) -> dict[str, Any]:
    """Turn rows of a pool into a collated batch of :class:`~datamodules.sample.Sample`."""
    size, count = spec.scene.image_size, len(index)
    bits = np.unpackbits(rows["mask"], axis=1, count=size * size)
    near, step = np.asarray(rows["depth_range"], np.float64).reshape(count, 2, 1, 1).transpose(1, 0, 2, 3)
    code = np.asarray(rows["depth"])
    depth = np.where(code > 0, near + (code.astype(np.float64) - 1) * step, 0.0).astype(np.float32)
    return {
        "image": torch.from_numpy(np.array(rows["image"])).float().div_(255),
        "landmarks": torch.from_numpy(np.array(rows["landmarks"], np.float32)),
        "mask": torch.from_numpy(bits).view(count, 1, size, size).float(),
        "bump": torch.from_numpy(decode_bump(rows["bump"]))[:, None],
        "depth": torch.from_numpy(depth)[:, None],
        "focal": torch.from_numpy(np.array(rows["focal"], np.float32)),
        "id": [spec.sample_id(row) for row in index],
        "identity": torch.tensor([spec.person(row) for row in index], dtype=torch.int64),
    }


class DetailPoolDataset(PoolDataset):
    """Reads a finished pool of faces with relief through memory maps."""

    batch = staticmethod(as_batch)


class DetailLiveDataset(LiveDataset):
    """Renders a face with relief whenever it is asked for: other faces in every epoch."""

    batch = staticmethod(as_batch)
