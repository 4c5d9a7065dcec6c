"""Rendered faces with known relief as references: bump and viewpoint are the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from datamodules.detail.datamodule import SPLITS, DetailDataModule
from datamodules.detail.pool import DetailLayout
from datamodules.synthetic.datamodule import load_generating_model
from datamodules.synthetic.pool import ensure_pool
from datamodules.synthetic.pool_files import open_columns
from seethrough.details.bump_encoding import decode_bump
from seethrough.details.filling import viewpoint_in_focus_crop
from seethrough.errors import SeethroughError
from tools.reference_index.face_source import SourceFace, UnfitFace

WHAT_BUMPS_ARE = ("foundation_modes", "relief")
"""Settings of the scenes without which bumps of two sets cannot be compared."""


class RenderedFaces:
    """The faces of one split of ``data/detail``; what of its pool is missing is rendered first.

    Args:
        data: the data module.
        split: ``train``, ``validation`` or ``test``.
        count: how many faces, the first ones; 0 is all.
    """

    def __init__(self, data: DetailDataModule, split: str = "train", count: int = 0) -> None:
        if split not in SPLITS:
            raise SeethroughError(f"--split {split}: choose one of {', '.join(SPLITS)}")
        config = data.config
        self._spec = data.spec(split)
        self.model = data.truth_model
        load_model = partial(load_generating_model, config.scene)
        folder = ensure_pool(self._spec, load_model, config.folder, processes=config.render_processes)
        self._layout, self._columns = open_columns(folder, DetailLayout)
        self._count = min(count or self._layout.rows, self._layout.rows)
        self.crop_size = config.scene.image_size
        self.settings: dict[str, Any] = {
            "source": data.set_name(split), "count": self._count,
            **{name: getattr(config.scene, name) for name in WHAT_BUMPS_ARE},
        }  # fmt: skip

    def __len__(self) -> int:
        return self._count

    def faces(self, places: Sequence[int]) -> list[SourceFace | UnfitFace]:
        """Return some faces; one behind an occluder is unfit."""
        return [self._face(place) for place in places]

    def _face(self, row: int) -> SourceFace | UnfitFace:
        name, size = f"{self._spec.name}-{row:06d}", self.crop_size
        read = {key: column[row] for key, column in self._columns.items()}
        if read["occluder"]:
            return UnfitFace(name, "an occluder hides a part of it")
        sizes = np.cumsum([0, *self._layout.sizes.as_list()])
        part = dict(zip(("identity", "expression", "albedo", "illumination", "rotation", "translation"),
                        np.split(np.asarray(read["coefficients"], np.float64), sizes[1:-1]), strict=True))  # fmt: skip
        landmarks = np.asarray(read["true_landmarks"], np.float64)
        focal = float(read["focal"])
        return SourceFace(
            id=name,
            identity=f"{self._spec.name}-person-{self._spec.person(row):06d}",
            image=np.ascontiguousarray(read["image"].transpose(1, 2, 0)),
            bump=decode_bump(read["bump"]),
            mask=np.unpackbits(read["mask"], count=size * size).reshape(size, size).astype(bool),
            landmarks=landmarks,
            viewpoint=viewpoint_in_focus_crop(part["rotation"], part["translation"], focal, landmarks, size),
            coefficients=part["identity"],
        )
