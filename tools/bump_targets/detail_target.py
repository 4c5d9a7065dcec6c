"""One bump target: foundation, depth, shape from shading, difference (Extreme 3D, Sec. 4.1, training set)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.grey_photos import is_grey, tinted
from seethrough.details import Foundation, bump_from_depths, detail_crop, foundation_depth, foundation_of
from seethrough.details.shaded_skin import shaded_skin
from seethrough.details.shading import ShadingResult, refine_depth, shading_preset
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, align
from seethrough.photos.alignment import REFERENCE_SIZE
from tools.bump_targets.settings import TargetSettings

NO_NETWORK = "none"


@dataclass(frozen=True)
class DetailFoundation:
    """A face with its foundation in the detail crop.

    Attributes:
        crop: where the detail crop lies in the photo.
        image: (3, S, S) RGB in [0, 1].
        foundation: the posed face.
        depth: (S, S) mm, of the foundation.
        covered: (S, S), 1 on the foundation.
        skin: (S, S) bool, where shading tells of the surface.
        misfit: mean distance between the foundation's landmarks and the detected ones, in the detail crop's sides.
    """

    crop: CropTransform
    image: Tensor
    foundation: Foundation
    depth: Tensor
    covered: Tensor
    skin: Tensor
    misfit: float


@dataclass(frozen=True)
class DetailTarget:
    """A bump map and what it was made of.

    Attributes:
        face: the foundation.
        shading: result of shape from shading.
        bump: (S, S) mm towards the camera, 0 outside ``face.skin``.
    """

    face: DetailFoundation
    shading: ShadingResult
    bump: Tensor


class TargetMaker:
    """Networks and face model of one process.

    Args:
        settings: how bump maps are made.
        device: where shape from shading runs; networks and renderer run on the CPU.

    Raises:
        SeethroughError: no checkpoint there.
    """

    def __init__(self, settings: TargetSettings, device: torch.device | str = "cpu") -> None:
        self.settings, self.device = settings, torch.device(device)
        self.shading = shading_preset(settings.shading)
        checkpoint = None if settings.checkpoint == NO_NETWORK else Path(settings.checkpoint)
        self.estimator = FaceEstimator(checkpoint)

    def foundation(self, photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray | None = None) -> DetailFoundation:
        """Place the foundation of one face.

        Args:
            photo: (H, W, 3) uint8.
            landmarks: (68, 2) photo px.
            mask: (H, W) in [0, 1] of the visible face, where the data set knows it; otherwise the network is asked.

        Raises:
            SeethroughError: unfit landmarks, or coefficients that diverge.
        """
        settings, estimator = self.settings, self.estimator
        crop, aligned = detail_crop(landmarks, size=settings.side), align(landmarks, size=REFERENCE_SIZE)
        seen = tinted(photo, estimator.skin_tone) if is_grey(photo) else photo
        estimate = estimator.predict(seen, aligned)
        if settings.refine or estimator.focus is None:
            estimate = estimator.refine(seen, aligned, aligned.to_crop(landmarks), estimate, settings.refine)
        foundation = foundation_of(
            estimator.written_model, estimate.parameters, estimator.renderer.camera, aligned, landmarks,
            crop=crop, preset=settings.foundation,
        )  # fmt: skip
        depth, covered = (values[0] for values in foundation_depth(foundation))
        points = crop.to_crop(landmarks)
        if mask is None and estimate.mask is not None:
            mask = aligned.to_photo_mask(estimate.mask[0, 0].numpy(), *photo.shape[:2])
        visible = None if mask is None else torch.from_numpy(crop.crop_mask(mask))
        skin = shaded_skin(depth, covered, foundation.camera, points, visible)
        skin &= torch.from_numpy(crop.inside(*photo.shape[:2]))
        image = torch.from_numpy(np.ascontiguousarray(crop.crop(photo), dtype=np.float32)).permute(2, 0, 1)
        misfit = float(np.linalg.norm(foundation.landmarks.numpy() - points, axis=1).mean()) / crop.size
        if not np.isfinite(misfit):
            raise SeethroughError("the foundation's landmarks are not finite; its coefficients have diverged")
        return DetailFoundation(crop, image, foundation, depth, covered, skin, misfit)

    def target(self, face: DetailFoundation) -> DetailTarget:
        """Refine the depth of a foundation by the shading of its photo, and take the difference (Eq. 3).

        Raises:
            SeethroughError: there is no skin to be seen.
        """
        image, depth, skin = (values.to(self.device) for values in (face.image, face.depth, face.skin.float()))
        result = refine_depth(image, depth, skin, face.foundation.camera, self.shading)
        bump = bump_from_depths(
            face.depth, result.depth.cpu(), face.skin, along=self.settings.along, camera=face.foundation.camera
        )
        return DetailTarget(face, result, bump)
