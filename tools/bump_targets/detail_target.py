"""One bump target: foundation, depth, shape from shading, difference (Extreme 3D, Sec. 4.1, training set)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from experiments.reconstruction.estimator import FaceEstimator
from experiments.reconstruction.foundations import FoundationSource
from experiments.reconstruction.grey_photos import is_grey, tinted
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail, shaded_detail
from seethrough.details.shading import shading_preset
from seethrough.photos import align
from seethrough.photos.alignment import REFERENCE_SIZE
from tools.bump_targets.settings import TargetSettings

NO_NETWORK = "none"


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
        self.source = FoundationSource(
            settings.foundation,
            settings.foundation_model or None,
            settings.foundation_expressions or None,
            settings.side,
        )

    def foundation(
        self, photo: np.ndarray, landmarks: np.ndarray, mask: np.ndarray | None = None, name: str = ""
    ) -> DetailFoundation:
        """Place the foundation of one face.

        Args:
            photo: (H, W, 3) uint8.
            landmarks: (68, 2) photo px.
            mask: (H, W) in [0, 1] of the visible face, where the data set knows it; otherwise the network is asked.
            name: of the face, for its coefficient file.

        Raises:
            SeethroughError: unfit landmarks, or coefficients that diverge or are not there.
        """
        settings, estimator = self.settings, self.estimator
        aligned = align(landmarks, size=REFERENCE_SIZE)
        seen = tinted(photo, estimator.skin_tone) if is_grey(photo) else photo
        estimate = estimator.predict(seen, aligned)
        if settings.refine or estimator.focus is None:
            estimate = estimator.refine(seen, aligned, aligned.to_crop(landmarks), estimate, settings.refine)
        return self.source.placed(name, photo, estimator, estimate, aligned, landmarks, mask)

    def target(self, face: DetailFoundation) -> FaceDetail:
        """Refine the depth of a foundation by the shading of its photo, and take the difference (Eq. 3).

        Raises:
            SeethroughError: there is no skin to be seen.
        """
        return shaded_detail(face, self.shading, along=self.settings.along, device=self.device)


def foundation_source(settings: TargetSettings) -> FoundationSource:
    """Return what places the foundations; raises ``SeethroughError`` for coefficients or a face model not there."""
    model, expressions = settings.foundation_model or None, settings.foundation_expressions or None
    return FoundationSource(settings.foundation, model, expressions, settings.side)
