"""The detail of one face: its bump map, by shape from shading or by a translator, and the surface that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from seethrough.details.dense_mesh import dense_mesh
from seethrough.details.depth import apply_bump, bump_from_depths, depth_normals, displaced_points
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.shading import ShadingResult, ShadingSettings, refine_depth
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh

FADING_MM = 4.0
"""Over which bumps fade out towards hidden skin, so that the surface has no step where knowledge ends."""

LEAST_PIECE = 0.03
"""Of the dense mesh; smaller pieces hang beside the face where its outline is seen edge-on."""


@dataclass(frozen=True, eq=False)
class FaceDetail:
    """A bump map and what it was made of.

    Attributes:
        face: the foundation over its photo.
        bump: (S, S) mm towards the camera, 0 outside ``known``.
        known: (S, S) bool, where the bump says something: on visible face only. All else keeps the foundation.
        along: what the bump is measured along, ``z`` or ``ray``.
        shading: what shape from shading found; None for a translator's bump.
    """

    face: DetailFoundation
    bump: Tensor
    known: Tensor
    along: str = "z"
    shading: ShadingResult | None = None

    def median(self) -> float:
        """Return the median size of the bump where it is known, mm; 0 where it is nowhere."""
        size = self.bump[self.known].abs().double().numpy()
        return float(np.median(size)) if size.size else 0.0

    def surface_bump(self) -> Tensor:
        """Return the (S, S) bump that the surface has: ``bump``, fading to 0 over 4 mm towards hidden skin."""
        return self._surface_bump

    @cached_property
    def _surface_bump(self) -> Tensor:
        hidden = (self.face.covered > 0.5) & ~self.known
        if not bool(hidden.any()):
            return self.bump
        distance = torch.from_numpy(ndimage.distance_transform_edt(~hidden.cpu().numpy())).to(self.bump)
        share = ((distance - 1) * self.face.pixel / FADING_MM).clamp(0, 1)
        return self.bump * share * share * (3 - 2 * share)

    def depth(self) -> Tensor:
        """Return the (S, S) depth of the detailed surface (Eq. 4), mm; 0 where there is no face."""
        face = self.face
        detailed = apply_bump(face.depth, self.surface_bump(), along=self.along, camera=face.foundation.camera)
        return torch.where(face.covered > 0.5, detailed, torch.zeros_like(detailed))

    def normals(self) -> Tensor:
        """Return the (S, S, 3) unit normals of the detailed surface, camera frame, towards the camera."""
        return depth_normals(self.depth(), self.face.covered, self.face.foundation.camera)

    def mesh(self) -> Mesh:
        """Return the dense mesh, one vertex a pixel, in the photo's pose and with the photo's colours; made once."""
        return self._mesh

    @cached_property
    def _mesh(self) -> Mesh:
        face, camera = self.face, self.face.foundation.camera
        points = displaced_points(face.depth.double(), self.surface_bump().double(), camera, along=self.along)
        return dense_mesh(points, face.covered, camera, colours=face.image, least_piece=LEAST_PIECE)


def shaded_detail(
    face: DetailFoundation,
    settings: ShadingSettings | None = None,
    *,
    along: str = "z",
    device: torch.device | str = "cpu",
) -> FaceDetail:
    """Refine the depth of a foundation by the shading of its photo, and take the difference (Eq. 3).

    Args:
        face: the foundation over its photo.
        settings: of shape from shading; None for the default.
        along: what the bump is measured along.
        device: where it runs; the result is on the CPU.

    Raises:
        SeethroughError: there is no skin to be seen.
    """
    image, depth, skin = (values.to(device) for values in (face.image, face.depth, face.skin.float()))
    camera = face.foundation.camera
    result = refine_depth(image, depth, skin, camera, settings)
    bump = bump_from_depths(face.depth, result.depth.cpu(), face.skin, along=along, camera=camera)
    return FaceDetail(face, bump, face.skin, along, result)


@torch.no_grad()
def translated_detail(face: DetailFoundation, translate: Callable[[Tensor], Tensor], *, along: str = "z") -> FaceDetail:
    """Ask a translator for the bump map of the photo, and keep it where the photo shows the face.

    Args:
        face: the foundation over its photo.
        translate: from (1, 3, S, S) RGB in [0, 1] to (1, 1, S, S) mm, such as
            :class:`~seethrough.networks.sized_translator.SizedTranslator`.
        along: what its bumps are measured along.

    Raises:
        SeethroughError: no visible face, or a bump that is not finite.
    """
    if not bool(face.visible.any()):
        raise SeethroughError("nothing of the face is visible, so there is no detail to be seen")
    bump = translate(face.image[None])[0, 0].float().cpu()
    if not bool(torch.isfinite(bump).all()):
        raise SeethroughError("the translator's bump map is not finite; was its training stable?")
    return FaceDetail(face, torch.where(face.visible, bump, torch.zeros_like(bump)), face.visible, along)
