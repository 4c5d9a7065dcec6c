"""Rendered faces of the study: a photo, a foundation, and the bump between foundation and truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from datamodules.detail.config import DetailSceneConfig
from datamodules.detail.generator import DetailFace, DetailRenderer
from datamodules.synthetic.datamodule import load_generating_model
from seethrough.details.shaded_skin import shaded_skin
from seethrough.rendering.camera import Camera

FOUNDATIONS = {"exact": 0, "few modes": DetailSceneConfig.foundation_modes}
"""Name -> identity modes of the foundation: all of the person's, so that the bump is relief alone, or a fit's few."""

_SPLIT = 91  # keeps these people apart from those of data/detail


@dataclass(frozen=True)
class StudyFace:
    """One face.

    Attributes:
        name: seed and number.
        image: (3, S, S) RGB in [0, 1].
        depth: (S, S) mm, of the foundation.
        bump: (S, S) mm towards the camera, the truth.
        skin: (S, S) bool, what shape from shading is given, as for photos.
        camera: of the crop.
    """

    name: str
    image: Tensor
    depth: Tensor
    bump: Tensor
    skin: Tensor
    camera: Camera

    @property
    def pixel(self) -> float:
        """Return the mm that a pixel spans on the face."""
        return float(self.depth[self.skin].mean()) / self.camera.focal


def study_faces(seed: int, count: int, size: int, foundation_modes: int) -> Iterator[StudyFace]:
    """Render ``count`` people of one seed at ``size`` px; the pictures do not depend on ``foundation_modes``."""
    config = DetailSceneConfig(image_size=size, foundation_modes=foundation_modes)
    renderer = DetailRenderer(load_generating_model(config), config, (seed, _SPLIT))
    for index in range(count):
        face = renderer.render(renderer.scenes.scene(0, index))
        assert isinstance(face, DetailFace)
        camera = Camera(face.focal, size, size)
        depth, mask = torch.from_numpy(face.depth), torch.from_numpy(face.mask)
        yield StudyFace(
            name=f"{seed}-{index}",
            image=torch.from_numpy(face.image).float() / 255,
            depth=depth,
            bump=torch.from_numpy(face.bump),
            skin=shaded_skin(depth, mask, camera, face.landmarks),
            camera=camera,
        )
