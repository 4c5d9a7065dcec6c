"""Filling the holes of a face's bump map: from reference faces where a set is named, else with a membrane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from experiments.reconstruction.writing import Reconstruction
from seethrough.details.face_detail import FaceDetail
from seethrough.details.filling import FillSettings, Holed, ReferenceSearch, ReferenceSet, Viewpoint, fill_from
from seethrough.details.filling import fill_holes as fill_from_references
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel
from seethrough.networks.perceptual import PerceptualNet, load_perceptual_net

DLIB, IDENTITY, NONE = "dlib", "identity", "none"
NO_REFERENCES = "membrane: no reference set was named (--references DIR)"


@dataclass(frozen=True)
class FilledBump:
    """A bump map of a whole foundation.

    Attributes:
        bump: (S, S) float32 mm towards the camera.
        trusted: (S, S) bool, where it says something: what the photo told, and what references filled. A membrane
            only bridges, so that soft symmetry may say more there.
        hole: (S, S) bool, what was filled.
        report: how.
    """

    bump: np.ndarray
    trusted: np.ndarray
    hole: np.ndarray
    report: dict[str, Any]

    @property
    def by(self) -> str:
        """What filled it, for a manifest."""
        return self.report["by"]


class HoleFiller:
    """Fills the part of a bump map that the photo tells nothing about.

    Args:
        references: folder of a reference set; None fills with a membrane.
        nearest: length of the short list by viewpoint.
        preset: how references are compared.

    Raises:
        SeethroughError: no reference set there, or a damaged one; a short list that is longer than the set.
    """

    def __init__(self, references: str | None = None, nearest: int = 100, preset: str = "default") -> None:
        self.settings = FillSettings(preset=preset, k=nearest)
        self.search: ReferenceSearch | None = None
        self._recogniser: PerceptualNet | None = None
        if references is None:
            return
        known = ReferenceSet(references)
        if len(known) < nearest:
            raise SeethroughError(
                f"{references}: {len(known)} references, fewer than --nearest {nearest}; lower it or add references"
            )
        self.search = ReferenceSearch(known, preset)
        if known.description.feature_network == DLIB:
            self._recogniser = load_perceptual_net(DLIB)

    def __call__(self, detail: FaceDetail, result: Reconstruction, model: FaceModel, widen: float = 0.0) -> FilledBump:
        """Fill one face.

        Args:
            detail: its bump map with holes.
            result: the face that FOCUS fitted, for viewpoint and recognition features.
            model: the face model of the foundation.
            widen: see :class:`~seethrough.details.filling.FillSettings`.

        Raises:
            SeethroughError: nearly all of the face is hidden, or a reference set of another face model.
        """
        face = detail.face
        covered = (face.covered > 0.5).numpy()
        landmarks = face.foundation.landmarks.cpu()
        if self.search is None:
            holed = Holed.of(detail.bump, detail.known, face.covered, landmarks, widen)
            filling = fill_from(holed, None, [], self.settings)
            by = NO_REFERENCES
        else:
            references = self.search.references
            references.description.require(model, references.folder)
            settings = FillSettings(preset=self.settings.preset, k=self.settings.k, widen=widen)
            viewpoint = Viewpoint.of(result.estimate.parameters)
            feature, compared = self._feature(result)
            filling = fill_from_references(
                detail.bump, detail.known, face.covered, landmarks, viewpoint, feature, self.search, settings
            )
            by = f"references of {references.folder}, compared by viewpoint{compared}"
            holed = Holed.of(detail.bump, detail.known, face.covered, landmarks, widen)
        hole = holed.hole & covered
        trusted = covered & (~hole | (filling.source >= 0))
        report = {"by": by if hole.any() else "nothing: no hole", **filling.report.as_row()}
        return FilledBump(np.where(covered, filling.bump, 0).astype(np.float32), trusted, hole, report)

    @torch.no_grad()
    def _feature(self, result: Reconstruction) -> tuple[np.ndarray | None, str]:
        """Return the recognition feature that the set's are compared with, and what it is."""
        assert self.search is not None
        description = self.search.references.description
        if description.feature_network == IDENTITY:
            values = result.estimate.parameters.identity[0].double().numpy()
            fitted = np.zeros(description.feature_size)
            fitted[: len(values)] = values[: len(fitted)]
            return fitted, " and identity coefficients"
        if self._recogniser is None:
            told = (
                "" if description.feature_network == NONE else f" alone: {description.feature_network} is not at hand"
            )
            return None, told
        crop = torch.from_numpy(np.ascontiguousarray(result.crop.crop(result.photo), dtype=np.float32))
        points = torch.from_numpy(result.crop.to_crop(result.face.landmarks).astype(np.float32))[None]
        feature = self._recogniser.deep(crop.permute(2, 0, 1)[None], points)[0]
        return feature.double().numpy(), " and dlib's recognition network"
