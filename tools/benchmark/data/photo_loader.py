"""Training batches of photos: from aligned 256-px JPEG crops on disk to augmented samples of 224 px."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image
from skimage.data import astronaut

from datamodules.photos.augmentation import AugmentationConfig, augmented
from datamodules.photos.config import PhotoConfig
from datamodules.photos.crop_size import DEFAULT_FIELD, DEFAULT_SIDE
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.face_files import FaceFiles
from datamodules.photos.manifest import MANIFEST, ManifestRow, crop_path, mask_path, write_manifest
from datamodules.photos.prepared_folder import PreparedFolder
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

FACES, BATCH, SIZE = 64, 32, 224
PLAIN = AugmentationConfig()
RELEASE = AugmentationConfig(shift=10.0, scale=0.1, rotation=10.0, flip=0.5)
COLOURS = dataclasses.replace(
    RELEASE, brightness=0.2, contrast=0.2, saturation=0.2, hue=10.0, compression=60, photometric_share=0.3, cutout=0.3
)


def write_crops(folder: Path, masks: bool) -> list[ManifestRow]:
    """Write a prepared folder of crops from a photo that comes with scikit-image, and return its rows."""
    random, photo, side = np.random.default_rng(0), astronaut(), DEFAULT_SIDE
    rows, columns = np.mgrid[:side, :side] - side / 2
    faces = []
    for number in range(FACES):
        name = f"face-{number:03d}"
        top, left = random.integers(0, photo.shape[0] - side, 2).tolist()
        crop, mask = crop_path(name), mask_path(name) if masks else None
        (folder / crop).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo[top : top + side, left : left + side]).save(folder / crop, quality=95)
        if mask is not None:
            (folder / mask).parent.mkdir(parents=True, exist_ok=True)
            ellipse = (rows / 90) ** 2 + (columns / 65) ** 2 < 1
            Image.fromarray(np.where(ellipse, 255, 0).astype(np.uint8)).save(folder / mask)
        landmarks = side / 2 + random.normal(0, 30, (68, 2))
        faces.append(
            ManifestRow(
                id=name,
                source="astronaut.png",
                split="train",
                identity=None,
                subset="",
                crop=crop,
                mask=mask,
                landmarks=landmarks,
                scale=1.0,
                centre=(left + side / 2, top + side / 2),
                photo_size=(photo.shape[1], photo.shape[0]),
                detected=True,
                score=1.0,
            )
        )
    write_manifest(folder / MANIFEST, faces)
    PreparedFolder("photos", "", side, DEFAULT_FIELD, "dlib", FACES, 0).write(folder)
    return faces


def _batches(folder: Path, augmentation: AugmentationConfig) -> Callable[[], dict[str, Any]]:
    """Return a function that gives one batch after the other, epoch after epoch, in this very process."""
    config = PhotoConfig(
        prepared=str(folder),
        image_size=SIZE,
        batch_size=BATCH,
        workers=0,
        validation_share=0.0,
        augmentation=augmentation,
    )
    loader = PhotoDataModule(config).train_dataloader()

    def endless() -> Iterator[dict[str, Any]]:
        epoch = 0
        while True:
            loader.set_epoch(epoch)
            yield from loader
            epoch += 1

    batches = endless()
    return lambda: next(batches)


def _whole(name: str, augmentation: AugmentationConfig, masks: bool = False) -> Measurement:
    """Measure whole batches beside the decoding of as many JPEGs."""
    with TemporaryDirectory() as text:
        folder = Path(text)
        files, crops = FaceFiles(folder, DEFAULT_SIDE), [row.crop for row in write_crops(folder, masks)[:BATCH]]
        batches = _batches(folder, augmentation)
        decode = partial(_all, files.crop, crops)
        return measure("loader", name, batches, per=BATCH, reference=decode, reference_per=BATCH, reference_repeats=15)


def _warp_alone(name: str, augmentation: AugmentationConfig) -> Measurement:
    """Measure what follows the decoding, beside the decoding."""
    with TemporaryDirectory() as text:
        folder = Path(text)
        rows = write_crops(folder, masks=False)[:BATCH]
        files = FaceFiles(folder, DEFAULT_SIDE)
        decoded = [(files.crop(row.crop), row.landmarks, (0, 0, number)) for number, row in enumerate(rows)]
        decode = partial(_all, files.crop, [row.crop for row in rows])

        def warp(item: tuple[np.ndarray, np.ndarray, tuple[int, int, int]]) -> None:
            augmented(item[0], None, item[1], augmentation, item[2], SIZE, DEFAULT_FIELD)

        work = partial(_all, warp, decoded)
        return measure("loader", name, work, per=BATCH, reference=decode, reference_per=BATCH, reference_repeats=15)


def _all(function: Callable[[Any], object], items: list[Any]) -> None:
    for item in items:
        function(item)


def photo_cases() -> Mapping[str, Case]:
    """Return the cases of photos: whole batches, and the warp by itself; the reference is Pillow decoding the JPEGs."""
    cases: dict[str, Case] = {}
    for words, augmentation, masks in (
        ("unaugmented", PLAIN, False),
        ("as FOCUS augments", RELEASE, False),
        ("as FOCUS augments, masks", RELEASE, True),
        ("colours and holes too", COLOURS, False),
    ):
        name = f"{SIZE} photos {words}"
        cases[name] = partial(_whole, name, augmentation, masks)
    name = f"{SIZE} photos, warp alone"
    cases[name] = partial(_warp_alone, name, RELEASE)
    return cases
