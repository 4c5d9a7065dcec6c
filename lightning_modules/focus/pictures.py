"""What a FOCUS training does to a batch, as pictures and meshes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from lightning_modules.focus.training_mask import training_mask
from seethrough.meshes import Mesh

MESHES = 2
"""Faces of a batch that are written as meshes."""


def shown_mask(focus: Focus, config: FocusConfig, prediction: FocusPrediction, batch: dict[str, Any]) -> Tensor:
    """Return the (B, 1, H, W) mask of the segmentation network, or what stands in for it in training.

    All of the rendered face, where that would be the true mask of photos that have none.
    """
    if config.has_segmentation:
        return prediction.mask
    if config.mask == "truth" and "mask" not in batch:
        return prediction.rendering.mask
    return training_mask(config, focus, prediction.rendering, batch)


class ShowsFaces:
    """The part of a FOCUS module that draws what it does.

    Attributes:
        focus: the networks.
        config: the method's settings.
    """

    focus: Focus
    config: FocusConfig

    @torch.no_grad()
    def pictures(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return (B, 3, H, 4 W) strips in [0, 1]: target, render over the target, render, mask of the visible face."""
        image = batch["image"]
        prediction = self.focus.predict(image)
        rendering = prediction.rendering
        drawn = rendering.image.clamp(0, 1)
        over = torch.where(rendering.mask > 0, drawn, image)
        mask = shown_mask(self.focus, self.config, prediction, batch)
        return {"reconstruction": torch.cat([image, over, drawn, mask.expand_as(image)], dim=3)}

    @torch.no_grad()
    def masks(self, batch: dict[str, Any]) -> dict[str, tuple[Tensor, Tensor]]:
        """Return the photos (B, 3, H, W) of a batch and the mask (B, 1, H, W) of the visible face in each."""
        image = batch["image"]
        return {"visible_face": (image, shown_mask(self.focus, self.config, self.focus.predict(image), batch))}

    @torch.no_grad()
    def meshes(self, batch: dict[str, Any]) -> dict[str, Mesh]:
        """Return the first faces of a batch in the model frame, with their expressions, in their shaded colours."""
        rendering = self.focus.predict(batch["image"][:MESHES]).rendering
        triangles = self.focus.face_renderer.model.triangles.cpu().numpy()
        pairs = zip(rendering.vertices.float().cpu(), rendering.colours.float().clamp(0, 1).cpu(), strict=True)
        return {
            f"face_{number}": Mesh(vertices.numpy(), triangles, colours.numpy())
            for number, (vertices, colours) in enumerate(pairs)
        }
