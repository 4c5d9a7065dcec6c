"""Which part of the foundation the photo shows: by FOCUS' mask, the translator's mask head, a file, or a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from experiments.reconstruction.reconstructed_face import Reconstruction
from seethrough.details.detail_foundation import LEAST_HOLE_MM2, DetailFoundation, place_foundation
from seethrough.details.filling.visible_face import (
    NETWORK_SUFFIXES,
    PICTURE_SUFFIXES,
    visible_by_file,
    visible_by_head,
    visible_by_network,
)
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from lightning_modules.bump.loading import LoadedTranslator

FOCUS, HEAD = "focus", "head"


@torch.no_grad()
def with_visible_part(
    face: DetailFoundation, source: str, translator: LoadedTranslator | None, result: Reconstruction
) -> DetailFoundation:
    """Return a foundation over its photo with what another source says is visible.

    Args:
        face: with FOCUS' mask.
        source: ``focus`` changes nothing; ``head``, or the path of a mask or a network
            (:mod:`seethrough.details.filling.visible_face`).
        translator: for its mask head.
        result: the face in its photo.

    Raises:
        SeethroughError: no mask head, or a file that cannot be used.
    """
    if source == FOCUS:
        return face
    if source == HEAD:
        if translator is None:
            raise SeethroughError("--mask head is a translator's: add --bump RUN")
        seen = visible_by_head(translator.network.translate(face.image[None]))
    elif source.lower().endswith(NETWORK_SUFFIXES):
        seen = visible_by_network(source, face.image)
    else:
        seen = visible_by_file(source, face.crop, result.photo.shape[:2])
    by_hand = source.lower().endswith(PICTURE_SUFFIXES)
    placed = place_foundation(
        result.photo, result.face.landmarks, face.foundation, face.crop,
        seen=np.asarray(seen, np.float32), least_hole=0.0 if by_hand else LEAST_HOLE_MM2,
    )  # fmt: skip
    return replace(face, visible=placed.visible, skin=placed.skin)
