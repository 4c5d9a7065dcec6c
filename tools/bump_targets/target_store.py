"""One record of a listing, from its photo to bump map, mask, crop and manifest row, or to a picture of why not."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import torch

from datamodules.photos.atomic_files import jpeg_bytes, write_bytes
from datamodules.photos.manifest import face_path
from datamodules.photos.preparing import PreparationSettings
from datamodules.photos.preparing.stored_face import NO_MASK, FaceStore, FoundFace, UnusablePhotoError, unusable
from datamodules.photos.preparing.worker import ChunkWorker, make_detector
from datamodules.photos.record import PhotoRecord
from seethrough.details.bump_encoding import bump_png, mask_png
from seethrough.photos import CropTransform
from tools.bump_targets.detail_target import DetailFoundation, DetailTarget, TargetMaker
from tools.bump_targets.rejection_picture import rejection_picture
from tools.bump_targets.settings import TargetSettings

REJECTED = "rejected"
NO_FOUNDATION, TOO_COARSE = "no foundation can be placed", "the face is too small in its photo"
MISPLACED, NO_TARGET = "the foundation lies beside the face", "shape from shading fails"
COARSEST = 3.0
"""Pixels of the detail crop for a pixel of the photo: what lies between them is the filter's, not the skin's."""
LARGEST_MISFIT = 0.03
"""Of the detail crop's side, between landmarks of foundation and photo; 15 px at 500."""


class TargetStore(FaceStore):
    """Makes the targets of records one by one.

    Args:
        out: folder of the targets.
        settings: how they are made.
        device: number of the GPU for shape from shading, None for the CPU.
    """

    def __init__(self, out: Path, settings: TargetSettings, device: int | None = None) -> None:
        super().__init__(out, settings, partial(make_detector, settings, device))
        self.make = TargetMaker(settings, "cpu" if device is None else f"cuda:{device}")
        self.bits = settings.bits

    def _cut(self, record: PhotoRecord, found: FoundFace) -> tuple[CropTransform, dict[str, bytes]]:
        with unusable(record, NO_MASK):
            mask = None if record.mask is None else record.mask.read(*found.photo.shape[:2])
        with unusable(record, NO_FOUNDATION):
            face = self.make.foundation(found.photo, found.landmarks, mask)
        self._refuse(record, face, None, beside_the_face(face))
        with unusable(record, NO_TARGET):
            target = self.make.target(face)
        self._refuse(record, face, target, poor_target(target))
        rejected_path(self.out, record.id).unlink(missing_ok=True)
        image = (face.image * 255).round().byte().permute(1, 2, 0).numpy()
        skin = face.skin.numpy()
        return face.crop, {
            "bump": bump_png(target.bump.numpy(), skin, self.bits),
            "mask": mask_png(skin),
            "crop": jpeg_bytes(np.ascontiguousarray(image), self.settings.quality),
        }

    def _refuse(
        self, record: PhotoRecord, face: DetailFoundation, target: DetailTarget | None, fault: tuple[str, str] | None
    ) -> None:
        if fault is not None:
            why, reason = fault
            write_bytes(rejected_path(self.out, record.id), rejection_picture(face, target, f"{record.id}: {reason}"))
            raise UnusablePhotoError(f"{record.source.name}: {reason}", why)


def make_target_worker(out: Path, settings: PreparationSettings, device: int | None = None) -> ChunkWorker:
    """Return what makes the targets of chunks in this process; ``device`` is the number of its GPU, None for the CPU.

    It works in one thread, so that the bytes do not depend on how many processes there are.
    """
    if not isinstance(settings, TargetSettings):
        raise TypeError(f"bump targets need TargetSettings, got {type(settings).__name__}")
    torch.set_num_threads(1)
    return ChunkWorker(out, TargetStore(out, settings, device))


def rejected_path(out: Path, name: str) -> Path:
    """Return where the picture of a photo lies that was left out."""
    return out / face_path(REJECTED, name, ".jpg")


def beside_the_face(face: DetailFoundation) -> tuple[str, str] | None:
    """Return kind and text of what is wrong with a foundation, None if nothing is."""
    if face.crop.scale > COARSEST:
        side = face.crop.size / face.crop.scale
        return (
            TOO_COARSE,
            f"its detail crop is {side:.0f} px wide in the photo; {face.crop.size / COARSEST:.0f} are needed",
        )
    if face.misfit > LARGEST_MISFIT:
        return MISPLACED, (
            f"its landmarks lie {face.misfit * face.crop.size:.0f} px beside those of the photo, on average "
            f"({math.floor(LARGEST_MISFIT * face.crop.size)} are allowed)"
        )
    return None


def poor_target(target: DetailTarget) -> tuple[str, str] | None:
    """Return kind and text of what is wrong with a target, None if nothing is."""
    return None
