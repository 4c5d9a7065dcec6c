"""The two loss functions of FOCUS: Eq. 8 for the encoder, Sec. 3.2 for the segmentation network."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lightning_modules.focus.config import LossConfig
from seethrough.losses import (
    area_loss,
    area_weight,
    binary_loss,
    distance_loss,
    landmark_loss,
    landmark_weights,
    neighbour_loss,
    perceptual_loss,
    pixel_loss,
    preliminary_mask,
    preserve_loss,
    regulariser_loss,
    robust_loss,
)
from seethrough.losses.reduction import shared_area
from seethrough.morphable import FaceParameters
from seethrough.networks.perceptual import PerceptualNet
from seethrough.rendering import FaceRendering

Terms = dict[str, Tensor]
_FACE_KINDS = ("identity", "expression", "albedo")
_ALL_KINDS = (*_FACE_KINDS, "illumination", "rotation")
ANNEALED_SHARE = 0.6


class ReconstructionObjective:
    """What the face encoder minimises; every method returns weighted terms by the paper's names.

    Args:
        config: forms and weights.
        image_size: side of the crops in pixels.
        perceptual: recognition network, or None to leave the perceptual term out.
    """

    def __init__(self, config: LossConfig, image_size: int, perceptual: PerceptualNet | None) -> None:
        self.config = config
        self.image_size = image_size
        self.perceptual = perceptual
        self.landmark_weights = (
            landmark_weights(config.landmark_emphasis, config.landmark_emphasised)
            if config.landmark_weights is None
            else torch.tensor(config.landmark_weights)
        )

    def prior(self, parameters: FaceParameters, landmarks: Tensor, batch: dict, progress: float) -> Terms:
        """Landmarks (Eq. 7) and regulariser; ``progress`` in [0, 1] of the whole training lets the former fade."""
        config, weights = self.config, self.config.weights
        kinds = _ALL_KINDS if config.regulariser_scope == "all" else _FACE_KINDS
        landmark = weights.landmark * config.landmark_final_fraction**progress
        self.landmark_weights = self.landmark_weights.to(landmarks.device)  # once, not in each step
        return {
            "landmark": landmark
            * landmark_loss(batch["landmarks"], landmarks, self.image_size, weights=self.landmark_weights),
            "regulariser": weights.regulariser
            * regulariser_loss(parameters, kinds=kinds, divisor=config.regulariser_divisor),
        }

    def colour(self, rendering: FaceRendering, batch: dict) -> Terms:
        """Pixel loss (Eq. 5) of all that is rendered, occluders and all."""
        return {"pixel": self.config.weights.pixel * self._pixel(batch["image"], rendering.image, rendering.mask)}

    def initialise(self, rendering: FaceRendering, batch: dict, threshold: float) -> Terms:
        """Robust pixel loss of the first stage (Eq. 9-10) and the perceptual term."""
        config, target, rendered = self.config, batch["image"], rendering.image
        weight = config.weights.pixel if config.initialisation_weight is None else config.initialisation_weight
        if config.initialisation_form == "masked":
            loss = self._pixel(target, rendered, preliminary_mask(target, rendered, rendering.mask, threshold))
        else:
            form = {"gaussian": "likelihood", "truncated": "truncated_quadratic"}[config.initialisation_form]
            loss = robust_loss(target, rendered, rendering.mask, threshold, form=form, sigma=config.sigma)
        return {"pixel": weight * loss, **self._perceptual(rendering, batch)}

    def reconstruct(self, rendering: FaceRendering, batch: dict, mask: Tensor) -> Terms:
        """Masked pixel loss (Eq. 5), perceptual term (Eq. 6), and the release's area term where it has a weight."""
        weights = self.config.weights
        terms = {"pixel": weights.pixel * self._pixel(batch["image"], rendering.image, mask)}
        if weights.area_in_reconstruction:
            terms["area"] = weights.area_in_reconstruction * area_loss(mask, rendering.mask)
        return {**terms, **self._perceptual(rendering, batch)}

    def threshold(self, done: int, total: int) -> float:
        """Return xi of Eq. 10 after ``done`` of ``total`` steps of the initialisation.

        The paper's constant keeps next to no pixel while the render is still far off, so a run may start higher and
        fall geometrically.
        """
        start, end = self.config.threshold_start, self.config.threshold
        if start is None:
            return end
        progress = done / max(total, 1)
        return start * (end / start) ** min(progress / ANNEALED_SHARE, 1.0)

    def _pixel(self, target: Tensor, rendered: Tensor, mask: Tensor) -> Tensor:
        form, normalisation = self.config.pixel_form, self.config.pixel_normalisation
        return pixel_loss(target, rendered, mask, form=form, normalisation=normalisation)

    def _perceptual(self, rendering: FaceRendering, batch: dict) -> Terms:
        if self.perceptual is None or not self.config.weights.perceptual:
            return {}
        some = slice(self.config.perceptual_images)
        with torch.no_grad():
            target = self.perceptual.deep(batch["image"][some], batch["landmarks"][some])
        # Landmarks only place the crop: a gradient through them would move the face to please the aligner.
        rendered = self.perceptual.deep(rendering.image[some].clamp(0, 1), rendering.landmarks[some].detach())
        return {"perceptual": self.config.weights.perceptual * perceptual_loss(target, rendered)}


class SegmentationObjective:
    """What the segmentation network minimises, on renders that are kept fixed.

    Args:
        config: forms and weights.
        perceptual: recognition network, or None to leave distance and preserve out.
    """

    def __init__(self, config: LossConfig, perceptual: PerceptualNet | None) -> None:
        self.config = config
        self.perceptual = perceptual

    def pretrain(self, logits: Tensor, slope: float, rendering: FaceRendering, batch: dict) -> Terms:
        """Cross-entropy with the preliminary mask of Eq. 10 inside the rendered face (Sec. 3.3)."""
        label = preliminary_mask(batch["image"], rendering.image, rendering.mask, self.config.threshold)
        return {"preliminary": _cross_entropy(slope * logits, label, rendering.mask)}

    def supervise(self, logits: Tensor, slope: float, rendering: FaceRendering, truth: Tensor) -> Terms:
        """Cross-entropy with the true mask inside the rendered face: the upper bound, not label-free."""
        return {"supervised": _cross_entropy(slope * logits, truth, rendering.mask)}

    def segment(self, mask: Tensor, rendering: FaceRendering, batch: dict) -> Terms:
        """Neighbour, distance, area, preserve and binary losses (Eq. 1-4 and the text after them)."""
        config, weights = self.config, self.config.weights
        target, rendered = batch["image"], rendering.image
        terms: Terms = {}
        if weights.neighbour:
            terms["neighbour"] = weights.neighbour * neighbour_loss(
                target,
                rendered,
                mask,
                window=config.neighbour_window,
                direction=config.neighbour_direction,
                squared=config.neighbour_squared,
                masking=config.neighbour_masking,
                border=config.neighbour_border,
                pixels=config.neighbour_pixels,
            )
        terms["area"] = self._area(mask, rendering.mask)
        if weights.binary:
            terms["binary"] = weights.binary * binary_loss(mask, form=config.binary_form, pixels=config.binary_pixels)
        if self.perceptual is not None and (weights.distance or weights.preserve):
            terms.update(self._perceptual(mask, rendering, batch))
        return terms

    def _area(self, mask: Tensor, region: Tensor) -> Tensor:
        config = self.config
        if config.area_threshold is None:
            return config.weights.area * area_loss(mask, region)
        squared = config.neighbour_squared
        weight = area_weight(config.area_threshold, config.weights.neighbour, region, squared=squared)
        if config.neighbour_pixels == "sum":
            weight = weight * region[0].numel()
        return (weight * area_loss(mask, region, reduction="none")).mean()

    def _perceptual(self, mask: Tensor, rendering: FaceRendering, batch: dict) -> Terms:
        assert self.perceptual is not None
        weights, terms = self.config.weights, {}
        some, rows = slice(self.config.segmentation_perceptual_images), self.config.normalise_feature_rows
        target, landmarks, mask = batch["image"][some], batch["landmarks"][some], mask[some]
        masked_target = self.perceptual.shallow(target * mask, landmarks)
        if weights.distance:
            rendered = rendering.image[some].clamp(0, 1) * mask
            masked_render = self.perceptual.shallow(rendered, rendering.landmarks[some])
            terms["distance"] = weights.distance * distance_loss(masked_target, masked_render, normalise_rows=rows)
        if weights.preserve:
            with torch.no_grad():
                whole = self.perceptual.shallow(target, landmarks)
            terms["preserve"] = weights.preserve * preserve_loss(masked_target, whole, normalise_rows=rows)
        return terms


def _cross_entropy(logits: Tensor, label: Tensor, region: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over the pixels of ``region``, all (B, 1, H, W); 0 without any."""
    per_pixel = functional.binary_cross_entropy_with_logits(logits, label.to(logits.dtype), reduction="none")
    return (per_pixel * region).sum() / shared_area(region.sum())
