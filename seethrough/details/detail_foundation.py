"""A foundation over its photo, in the detail crop: what both ways to a bump map begin with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from seethrough.details.depth import foundation_depth
from seethrough.details.foundation import Foundation
from seethrough.details.shaded_skin import LEAST_PIECE, NARROWED, shaded_skin, without_islands
from seethrough.errors import SeethroughError
from seethrough.photos.alignment import CropTransform

LEAST_HOLE_MM2 = 200.0
"""Hidden islands inside the visible face that are smaller, 16 mm across, are faults of a network's mask: its pixels
are 2 mm wide, and its errors teeth, nostrils and highlights. Nothing that hides a face is so small and floats."""


@dataclass(frozen=True)
class DetailFoundation:
    """A face with its foundation in the detail crop.

    Attributes:
        crop: where the detail crop lies in the photo.
        image: (3, S, S) RGB in [0, 1].
        foundation: the posed face.
        depth: (S, S) mm, of the foundation.
        covered: (S, S), 1 on the foundation.
        visible: (S, S) bool, where the photo shows the foundation's face: inside the photo, and not hidden.
        skin: (S, S) bool, the part of it whose shading tells of the surface.
        misfit: mean distance between the foundation's landmarks and the detected ones, in the detail crop's sides.
    """

    crop: CropTransform
    image: Tensor
    foundation: Foundation
    depth: Tensor
    covered: Tensor
    visible: Tensor
    skin: Tensor
    misfit: float

    @property
    def pixel(self) -> float:
        """Return the mm that a pixel spans on the face."""
        return float(self.depth[self.covered > 0.5].mean()) / self.foundation.camera.focal


def place_foundation(
    photo: np.ndarray,
    landmarks: np.ndarray,
    foundation: Foundation,
    crop: CropTransform,
    mask: np.ndarray | None = None,
    *,
    seen: np.ndarray | None = None,
    least_hole: float = LEAST_HOLE_MM2,
) -> DetailFoundation:
    """Put a foundation over its photo.

    Args:
        photo: (H, W, 3) uint8.
        landmarks: (68, 2) detected in the photo, px.
        foundation: seen in ``crop``.
        crop: the detail crop.
        mask: (H, W) probability in [0, 1] that the photo shows the face there; None where nothing tells.
        seen: (S, S) the same in the crop, instead of ``mask``.
        least_hole: mm^2; smaller hidden islands inside the visible face count as visible. 0 for masks to be trusted.

    Raises:
        SeethroughError: no pixel of the crop shows the foundation, or its landmarks are not finite.
    """
    if foundation.camera.height != crop.size or foundation.camera.width != crop.size:
        raise ValueError(f"the foundation is seen at {foundation.camera.height} px, the crop has {crop.size} px")
    depth, covered = (values[0] for values in foundation_depth(foundation))
    if not bool((covered > 0.5).any()):
        raise SeethroughError("the foundation lies outside the detail crop; are its pose and its camera those of it?")
    points = crop.to_crop(landmarks)
    plane = crop.crop_mask(mask) if seen is None and mask is not None else seen
    shown = None if plane is None else torch.from_numpy(plane)
    inside = torch.from_numpy(crop.inside(*photo.shape[:2]))
    skin = shaded_skin(depth, covered, foundation.camera, points, shown) & inside
    least_pixels = least_hole * (foundation.camera.focal / float(depth[covered > 0.5].mean())) ** 2
    visible = _pieces((covered > 0.5) & inside & ~_hidden(covered > 0.5, shown, least_pixels), covered > 0.5)
    image = torch.from_numpy(np.ascontiguousarray(crop.crop(photo), dtype=np.float32)).permute(2, 0, 1)
    misfit = float(np.linalg.norm(foundation.landmarks.cpu().numpy() - points, axis=1).mean()) / crop.size
    if not np.isfinite(misfit):
        raise SeethroughError("the foundation's landmarks are not finite; its coefficients have diverged")
    return DetailFoundation(crop, image, foundation, depth, covered, visible, skin, misfit)


def _hidden(covered: Tensor, seen: Tensor | None, least: float) -> Tensor:
    """Return the (S, S) bool map of the foundation that something hides.

    Slivers do not count: a mask of fewer pixels than the crop's ends a little inside the outline of the face. Neither
    do islands of fewer than ``least`` pixels with visible face all around.
    """
    if seen is None:
        return torch.zeros_like(covered)
    reach = max(1, round(NARROWED * covered.shape[-1]))
    hidden = (covered & (seen <= 0.5)).cpu().numpy()
    square = {"size": 2 * reach + 1, "mode": "constant", "cval": 0}
    opened = ndimage.maximum_filter(ndimage.minimum_filter(hidden, **square), **square)
    pieces = np.zeros(opened.shape, dtype=np.int32)
    count = ndimage.label(opened, output=pieces)
    around = np.asarray(ndimage.binary_dilation(~covered.cpu().numpy(), iterations=reach), dtype=bool)
    large = np.bincount(pieces.reshape(-1), minlength=int(count) + 1) >= least  # pyright: ignore[reportArgumentType]
    large[pieces[around]] = True
    large[0] = False
    return torch.from_numpy(large[pieces]).to(covered.device)


def _pieces(visible: Tensor, covered: Tensor) -> Tensor:
    """Leave out small pieces of the visible face, such as a gleam in the hair; all are kept where there is no other."""
    kept = without_islands(visible, LEAST_PIECE * float(covered.sum()))
    return kept if bool(kept.any()) else visible
