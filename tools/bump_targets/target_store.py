"""One record of a listing, from its photo to bump map, mask, crop and manifest row, or to a picture of why not."""

from __future__ import annotations

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
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail
from seethrough.photos import CropTransform
from tools.bump_targets.detail_target import TargetMaker
from tools.bump_targets.quality_control import QualityFault, QualityLimits, foundation_fault, target_fault
from tools.bump_targets.rejection_picture import rejection_picture
from tools.bump_targets.settings import TargetSettings

REJECTED = "rejected"
NO_FOUNDATION, NO_TARGET = "no foundation can be placed", "shape from shading fails"


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
        self.bits, self.limits = settings.bits, QualityLimits()

    def _cut(self, record: PhotoRecord, found: FoundFace) -> tuple[CropTransform, dict[str, bytes]]:
        with unusable(record, NO_MASK):
            mask = None if record.mask is None else record.mask.read(*found.photo.shape[:2])
        with unusable(record, NO_FOUNDATION):
            face = self.make.foundation(found.photo, found.landmarks, mask, record.id)
        self._refuse(record, face, None, foundation_fault(face, self.limits))
        with unusable(record, NO_TARGET):
            target = self.make.target(face)
        self._refuse(record, face, target, target_fault(target, self.limits))
        rejected_path(self.out, record.id).unlink(missing_ok=True)
        image = (face.image * 255).round().byte().permute(1, 2, 0).numpy()
        skin = face.skin.numpy()
        return face.crop, {
            "bump": bump_png(target.bump.numpy(), skin, self.bits),
            "mask": mask_png(skin),
            "crop": jpeg_bytes(np.ascontiguousarray(image), self.settings.quality),
        }

    def _refuse(
        self, record: PhotoRecord, face: DetailFoundation, target: FaceDetail | None, fault: QualityFault | None
    ) -> None:
        if fault is not None:
            picture = rejection_picture(face, target, f"{record.id}: {fault.text}")
            write_bytes(rejected_path(self.out, record.id), picture)
            raise UnusablePhotoError(f"{record.source.name}: {fault.text}", fault.why)


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
