"""Filling the holes of a face's bump map: from reference faces where a set is named, else with a membrane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy import ndimage

from experiments.reconstruction.reconstructed_face import Reconstruction
from seethrough.details.face_detail import FaceDetail
from seethrough.details.filling import FillSettings, Holed, ReferenceSearch, ReferenceSet, Viewpoint, fill_from
from seethrough.details.filling import fill_holes as fill_from_references
from seethrough.details.shaded_skin import NARROWED
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
        hole: (S, S) bool, what was filled or bridged.
        report: how. Its numbers are of the hidden part, and without references of all that was bridged.
    """

    bump: np.ndarray
    trusted: np.ndarray
    hole: np.ndarray
    report: dict[str, Any]

    @property
    def by(self) -> str:
        """What filled it, for a manifest."""
        return self.report["by"]

    def surface(self, detail: FaceDetail) -> FaceDetail:
        """Return the detail of the same face without holes."""
        return replace(detail, bump=torch.from_numpy(self.bump), known=detail.face.covered > 0.5, shading=None)


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

    def __call__(self, detail: FaceDetail, result: Reconstruction, model: FaceModel) -> FilledBump:
        """Fill one face.

        What shape from shading leaves out of the visible face (eyes, an open mouth, what is seen edge-on) is bridged
        by a membrane; references fill what is hidden alone.

        Args:
            detail: its bump map with holes.
            result: the face that FOCUS fitted, for viewpoint and recognition features.
            model: the face model of the foundation.

        Raises:
            SeethroughError: nearly all of the face is hidden, or a reference set of another face model.
        """
        face = detail.face
        covered, known = (face.covered > 0.5).numpy(), detail.known.numpy()
        # A translator sees some pixels across the outline of what hides the face, and masks are only about right.
        hidden = _widened(covered & ~face.visible.numpy(), covered)
        landmarks = face.foundation.landmarks.cpu()
        bridged = fill_from(Holed.of(detail.bump, known & ~hidden, covered, landmarks), None, [], self.settings)
        bump, report, by = bridged.bump, bridged.report, NO_REFERENCES
        trusted = covered & known & ~hidden
        if self.search is not None and hidden.any():
            references = self.search.references
            references.description.require(model, references.folder)
            feature, compared = self._feature(result)
            viewpoint = Viewpoint.of(result.estimate.parameters)
            filling = fill_from_references(
                bump, covered & ~hidden, covered, landmarks, viewpoint, feature, self.search, self.settings
            )
            bump, report = filling.bump, filling.report
            trusted |= hidden & (filling.source >= 0)
            by = f"references of {references.folder}, compared by viewpoint{compared}"
        told = {
            "by": by if hidden.any() else "nothing is hidden",
            "bridged_pixels": int((covered & ~known & ~hidden).sum()),
            **report.as_row(),
        }
        filled = np.where(covered, bump, 0).astype(np.float32)
        return FilledBump(filled, trusted, covered & (hidden | ~known), told)

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


def _widened(hidden: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Return the hidden part of the face and what lies next to it."""
    if not hidden.any():
        return hidden
    reach = max(1, round(NARROWED * max(hidden.shape)))
    distance = ndimage.distance_transform_edt(~hidden)
    assert isinstance(distance, np.ndarray)
    return covered & (distance <= reach)
