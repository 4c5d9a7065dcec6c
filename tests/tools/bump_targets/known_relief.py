"""Faces whose relief is known, good ones and spoilt ones, as quality control sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from experiments.shading_study.faces import FOUNDATIONS, StudyFace, study_faces
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail, shaded_detail
from seethrough.details.foundation import Foundation
from seethrough.photos import CropTransform

SIZE = 300


def known_face(seed: int) -> tuple[StudyFace, DetailFoundation]:
    """Render one face over a foundation of few modes, as it would be found in a photo."""
    (face,) = study_faces(seed, 1, SIZE, FOUNDATIONS["few modes"])
    nothing = torch.zeros(1, 3)
    foundation = Foundation(nothing, nothing.long(), face.camera, torch.zeros(68, 2))
    covered = face.skin.float()
    crop = CropTransform(1.0, (SIZE / 2, SIZE / 2), SIZE)
    return face, DetailFoundation(crop, face.image, foundation, face.depth, covered, face.skin, face.skin, 0.005)


def gain(face: StudyFace, target: FaceDetail) -> float:
    """Return the share of the true bump's squares that a target explains; below 0, it is worse than no target."""
    found, truth = target.bump[face.skin], face.bump[face.skin]
    return 1 - float((found - truth).square().mean() / truth.square().mean())


def noisy(image: Tensor) -> Tensor:
    """Add noise of 45 grey levels."""
    return (image + 45 / 255 * torch.randn(image.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


def beside(image: Tensor) -> Tensor:
    """Move the photo by a tenth of the crop under its foundation."""
    return image.roll((SIZE // 10, SIZE // 10), (1, 2))


def hairy(image: Tensor) -> Tensor:
    """Lay strands over the face, two pixels wide and as dark as hair."""
    rng, strands = np.random.default_rng(0), torch.zeros(SIZE, SIZE)
    rows = torch.arange(SIZE)
    for _ in range(45):
        place = rng.uniform(0, SIZE) + rng.uniform(-0.4, 0.4) * rows + 6 * torch.sin(rows / rng.uniform(15, 40))
        for step in (0, 1):
            strands[rows, (place.long() + step) % SIZE] = 1
    return image * (1 - 0.7 * strands)


def striped(image: Tensor) -> Tensor:
    """Let light fall through a blind."""
    return image * (0.55 + 0.45 * ((torch.arange(SIZE) // 14) % 2))[:, None]


SPOILT: dict[str, Callable[[Tensor], Tensor]] = {
    "noise": noisy,
    "beside": beside,
    "hair": hairy,
    "blind": striped,
}


def target_of(face: DetailFoundation, spoil: Callable[[Tensor], Tensor] | None = None) -> FaceDetail:
    """Return the target of a face, of its spoilt photo if asked to."""
    return shaded_detail(face if spoil is None else replace(face, image=spoil(face.image)))
