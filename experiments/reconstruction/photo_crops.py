"""The faces of a few photos as training batches for test-time adaptation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.reconstruction.grey_photos import is_grey, tinted
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, FaceDetector, align, choose_faces, read_photo
from seethrough.photos.alignment import REFERENCE_SIZE

SHIFT, ZOOM = 0.045, 0.1  # of the side, and of the scale: what FOCUS augments its training crops with
VARIANTS, MOST = 8, 512


class PhotoCrops:
    """Batches of face crops, each face several times, a little shifted and scaled; another order in every epoch.

    A batch of one picture said over and over would give the networks no statistics to normalise with.

    Args:
        photos: files; those that cannot be read or show no face are left out here, and are reported when their turn
            to be reconstructed comes.
        detector: finds faces.
        which: ``largest`` or ``all`` faces of a photo.
        size: side of the crops, px.
        skin: (3,) RGB that grey photos are tinted with.
        seed: of shifts, scales and orders.
        batch_size: crops a batch.

    Raises:
        SeethroughError: no photo shows a face.
    """

    def __init__(
        self,
        photos: Iterable[Path],
        detector: FaceDetector,
        which: str,
        size: int,
        skin: np.ndarray,
        seed: int = 0,
        batch_size: int = 16,
    ) -> None:
        self.seed, self.epoch = seed, 0
        found = [(path, face) for path in photos for face in _faces(path, detector, which, skin)]
        if not found:
            raise SeethroughError("no photo shows a face, so there is nothing to adapt to")
        variants = int(np.clip(MOST // len(found), 1, VARIANTS))
        crops = [
            _crop(photo, _jittered(align(landmarks, size=size), seed, index, variant), landmarks)
            for index, (_, (photo, landmarks)) in enumerate(found)
            for variant in range(variants)
        ]
        self.images = np.stack([image for image, _ in crops])
        self.landmarks = np.stack([points for _, points in crops])
        self.ids = [f"{path.name}-{variant}" for path, _ in found for variant in range(variants)]
        self.batch_size = min(batch_size, len(self.ids))

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[dict[str, Any]]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(len(self.ids))
        for start in range(0, len(order) - self.batch_size + 1, self.batch_size):
            chosen = order[start : start + self.batch_size]
            yield {
                "image": torch.from_numpy(self.images[chosen]).permute(0, 3, 1, 2).float().div_(255).contiguous(),
                "landmarks": torch.from_numpy(self.landmarks[chosen]),
                "id": [self.ids[index] for index in chosen],
            }


def _faces(path: Path, detector: FaceDetector, which: str, skin: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (photo around the face, landmarks in it) of each face."""
    try:
        photo = read_photo(path)
    except SeethroughError:
        return []
    seen = tinted(photo, skin) if is_grey(photo) else photo
    return [_around(seen, face.landmarks) for face in choose_faces(detector.faces(photo), which)]


def _around(photo: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut out what any jittered crop can show, so that large photos need not be kept."""
    left, top, right, bottom = align(landmarks, size=REFERENCE_SIZE).box
    margin = (SHIFT + ZOOM) * (right - left)
    height, width = photo.shape[:2]
    x0, y0 = max(int(left - margin), 0), max(int(top - margin), 0)
    x1, y1 = min(int(right + margin) + 1, width), min(int(bottom + margin) + 1, height)
    if x0 >= x1 or y0 >= y1:
        return photo, landmarks
    return photo[y0:y1, x0:x1].copy(), landmarks - (x0, y0)


def _jittered(crop: CropTransform, seed: int, index: int, variant: int) -> CropTransform:
    if variant == 0:
        return crop
    rng = np.random.default_rng((seed, index, variant))
    shift = rng.uniform(-SHIFT, SHIFT, 2) * crop.size / crop.scale
    x, y = crop.centre
    centre = (float(x + shift[0]), float(y + shift[1]))
    return replace(crop, centre=centre, scale=crop.scale * float(np.exp(rng.uniform(-ZOOM, ZOOM))))


def _crop(photo: np.ndarray, crop: CropTransform, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    image = np.rint(crop.crop(photo) * 255).astype(np.uint8)
    return image, crop.to_crop(landmarks).astype(np.float32)
