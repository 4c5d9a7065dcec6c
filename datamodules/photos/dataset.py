"""Prepared faces as a data set."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from datamodules.collation import collate
from datamodules.photos.augmentation import AugmentationConfig, augmented
from datamodules.photos.face_files import FaceFiles
from datamodules.photos.manifest import MANIFEST, ManifestRow, trusted_row
from datamodules.photos.manifest_index import ManifestIndex
from datamodules.sample import Sample
from datamodules.sampler import SampleKey, as_key
from seethrough.errors import SeethroughError
from seethrough.photos.alignment import CropTransform

SKIPPED = "skipped"
"""Key of a batch under which :class:`PhotoDataset` tells the loader what it left out, one line each."""


class PhotoDataset(Dataset):
    """Faces of a prepared folder, read when they are asked for.

    A process holds the numbers of its rows and maps the rest, so that millions of faces need little memory.

    Args:
        folder: the prepared folder.
        index: of its manifest.
        rows: (N,) numbers of the rows that belong to this data set.
        files: where the pixels lie.
        image_size: height and width of a sample, px.
        field: how many times as wide as FOCUS' crop the stored crops are.
        augmentation: None for the plain aligned crops.
        seed: of the augmentation, together with epoch and row.
        masks: every row has a mask, and samples shall have it.
        identities: some rows know their person, and samples shall say which.
        skip_bad: ``drop`` leaves faces out of a batch whose files cannot be read, ``replace`` takes the next row
            instead, so that batches stay full; empty for an error.
    """

    def __init__(
        self,
        folder: str | Path,
        index: ManifestIndex,
        rows: np.ndarray,
        files: FaceFiles,
        *,
        image_size: int,
        field: float,
        augmentation: AugmentationConfig | None = None,
        seed: int = 0,
        masks: bool = False,
        identities: bool = False,
        skip_bad: str = "",
    ) -> None:
        self.folder, self.index, self.rows, self.files = Path(folder), index, rows.astype(np.uint32), files
        self.image_size, self.field, self.augmentation, self.seed = image_size, field, augmentation, seed
        self.masks, self.identities, self.skip_bad = masks, identities, skip_bad
        self._text: mmap.mmap | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A loader process maps the manifest itself."""
        return {**self.__dict__, "_text": None}

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, place: int) -> ManifestRow:
        """Return the row of the manifest of one sample."""
        if self._text is None:
            with (self.folder / MANIFEST).open("rb") as file:
                self._text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = int(self.index.rows["offset"][self.rows[place]])
        end = self._text.find(b"\n", start)
        return trusted_row(self._text[start : end if end >= 0 else len(self._text)])

    def sample_id(self, place: int) -> str:
        """Return the id of a sample; reads no pixels."""
        return self.row(place).id

    def crop(self, place: int) -> CropTransform:
        """Return where in its photo a sample without augmentation lies."""
        row = self.row(place)
        # The stored crop sees ``field`` times as much as the sample.
        scale = row.scale * self.field * self.image_size / self.files.side
        return CropTransform(scale, row.centre, self.image_size)

    def __getitem__(self, key: SampleKey | tuple[int, int] | int) -> Sample:
        epoch, place = as_key(key)
        number, row = int(self.rows[place]), self.row(place)
        mask = self.files.mask(row.mask) if self.masks and row.mask is not None else None
        image, mask, landmarks = augmented(
            self.files.crop(row.crop),
            mask,
            row.landmarks,
            self.augmentation,
            (self.seed, epoch, number),
            self.image_size,
            self.field,
        )
        sample: Sample = {"image": image, "landmarks": landmarks, "id": row.id, "subset": row.subset}
        if mask is not None:
            sample["mask"] = mask
        if self.identities:
            sample["identity"] = torch.tensor(int(self.index.rows["identity"][number]), dtype=torch.int64)
        return sample

    def __getitems__(self, keys: Sequence[SampleKey | tuple[int, int] | int]) -> dict[str, Any]:
        """Return a ready batch; PyTorch's loader calls this instead of ``__getitem__`` once for each sample.

        Where files cannot be read and ``skip_bad`` says to go on, the batch has the key :data:`SKIPPED`.
        """
        skipped: list[str] = []
        samples = self._samples(map(as_key, keys), skipped)
        first = next(samples, None)
        batch = {"id": []} if first is None else collate(chain([first], samples), len(keys))
        return {**batch, SKIPPED: skipped} if skipped else batch

    def _samples(self, keys: Iterable[SampleKey], skipped: list[str]) -> Iterator[Sample]:
        """Yield the samples of a batch that can be read, and tell ``skipped`` of the others."""
        for key in keys:
            tries = len(self) if self.skip_bad == "replace" else 1
            for place in range(key.index, key.index + tries):
                try:
                    sample = self[SampleKey(key.epoch, place % len(self))]
                except SeethroughError as error:
                    if not self.skip_bad:
                        raise
                    skipped.append(str(error))
                else:
                    yield sample
                    break
