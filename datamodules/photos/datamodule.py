"""Prepared faces for Lightning; a family of data sets adds where its photos lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytorch_lightning as pl
from omegaconf import OmegaConf
from pytorch_lightning.utilities import rank_zero_only

from datamodules.photos.augmentation import AugmentationConfig, get_ready
from datamodules.photos.automatic_preparation import (
    is_to_be_prepared,
    prepare_automatically,
    refuse_another_preparation,
)
from datamodules.photos.config import PhotoConfig
from datamodules.photos.dataset import PhotoDataset
from datamodules.photos.face_files import FaceFiles
from datamodules.photos.faults import Fault, refuse_or_skip
from datamodules.photos.listing import listing
from datamodules.photos.loader import PhotoLoader
from datamodules.photos.manifest import MANIFEST, SKIPPED, SPLITS
from datamodules.photos.manifest_index import ManifestIndex, absent_files, open_index
from datamodules.photos.prepared_folder import PreparedFolder, is_prepared, read_prepared_folder
from datamodules.photos.record import Listing
from datamodules.photos.shards import SHARDS, ShardBatchSampler, ShardFiles, ensure_index, lengths_in_shards
from datamodules.sampler import KeyedBatchSampler
from seethrough.errors import SeethroughError


class PhotoDataModule(pl.LightningDataModule):
    """Faces of a prepared folder as training, validation and test sets.

    A family derives from it and gives its name and :meth:`listing`; everything else is the same for all of them.

    Attributes:
        family: name of the data set, as configs call it.
    """

    family: ClassVar[str] = "photos"

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__()
        self.prepare_data_per_node = False  # machines share the folder, or each of them has been given it
        self.config: PhotoConfig = OmegaConf.to_object(config) if OmegaConf.is_config(config) else config
        if self.config.shards:  # a folder of shards is a prepared folder in other files
            self.config = replace(self.config, prepared=self.config.shards)
        self._sets: dict[str, PhotoDataset] = {}
        self._opened: tuple[PreparedFolder, ManifestIndex] | None = None

    def listing(self) -> Listing:
        """Return all faces of the raw tree ``data.root``; reads no pixels."""
        return listing(self.config.root)

    def prepare_data(self) -> None:
        """Prepare the photos of ``data.root``, unless that is done, and index them; Lightning calls it in one process.

        Raises:
            SeethroughError: there are no prepared photos, and no ``data.root`` to prepare them from; photos are bad,
                and ``data.skip_bad`` is false; or the folder was prepared from another root or by other settings.
        """
        self._prepare()
        open_index(self.config.prepared, rank_zero_only(print))

    def _prepare(self) -> None:
        if self.config.shards:
            ensure_index(self.config.shards)
        if is_prepared(self.config.prepared):
            refuse_another_preparation(self.config, read_prepared_folder(self.config.prepared))
        if not is_to_be_prepared(self.config):
            return
        if not self.config.root:
            raise SeethroughError(
                f"{self.config.prepared}: no prepared photos; run `python -m tools.prepare_photos data/{self.family} "
                f"data.root=FOLDER --out {self.config.prepared}`, or set data.prepared to where they are"
            )
        prepare_automatically(self.config, self.family, self.listing, rank_zero_only(print))

    def rows(self, split: str) -> np.ndarray:
        """Return the numbers of the manifest's rows that belong to ``train``, ``validation`` or ``test``."""
        _, index = self.opened()
        number = {name: place for place, name in enumerate(SPLITS)}
        stored, chosen = index.rows["split"], self.config.test_split if split == "test" else split
        mask = np.ones(len(stored), bool) if chosen == "all" else stored == number[chosen]
        if chosen in ("train", "validation") and not (stored == number["validation"]).any():
            held_out = (stored == number["train"]) & (index.rows["lot"] < self.config.validation_share * 2**32)
            mask = held_out if chosen == "validation" else mask & ~held_out
        if split == "test" and self.config.subset:
            mask &= index.rows["subset"] == self._subset(index)
        return np.flatnonzero(mask)

    def opened(self) -> tuple[PreparedFolder, ManifestIndex]:
        """Return what is known of the prepared folder and the index of its manifest; prepares it first if need be."""
        if self._opened is None:
            self._prepare()
            folder = Path(self.config.prepared)
            facts, index = read_prepared_folder(folder), open_index(folder, rank_zero_only(print))
            if len(index.rows) != facts.count:
                raise SeethroughError(
                    f"{folder / MANIFEST}: {len(index.rows)} rows, preparation.json counts {facts.count}; "
                    "prepare the photos again"
                )
            for name in ("side", "field"):
                wanted, stored = getattr(self.config, name), getattr(facts, name)
                if wanted is not None and abs(wanted - stored) > 1e-6:
                    raise SeethroughError(
                        f"{folder}: crops were stored with {name}={stored:g}, data.{name}={wanted:g} asks for others: "
                        f"leave data.{name} out, or prepare the photos into another folder"
                    )
            self._opened = (facts, index)
        return self._opened

    def dataset(self, split: str) -> PhotoDataset:
        """Return the data set of ``train``, ``validation`` or ``test``; its files are there when it is returned."""
        if split not in self._sets:
            facts, index = self.opened()
            rows = self._present(index, self.rows(split))
            if not len(rows):
                raise SeethroughError(self._nothing(split))
            config, training = self.config, split == "train"
            get_ready(config.augmentation if training else AugmentationConfig(), config.image_size)
            masked = int(index.rows["mask"][rows].sum())
            if 0 < masked < len(rows):
                said = f"{self.family}: {masked} of {len(rows)} {split} faces have a mask; masks are left out"
                rank_zero_only(print)(said)
            self._sets[split] = PhotoDataset(
                config.prepared,
                index,
                rows,
                (ShardFiles if SHARDS in facts.settings else FaceFiles)(config.prepared, facts.side),
                image_size=config.image_size,
                field=facts.field,
                augmentation=config.augmentation if training else None,
                seed=config.seed,
                masks=masked == len(rows),
                identities=bool((index.rows["identity"][rows] >= 0).any()),
                skip_bad=("replace" if training else "drop") if config.skip_bad else "",
            )
        return self._sets[split]

    def set_name(self, split: str) -> str:
        """Return what tells the pictures of a split from all others."""
        facts, index = self.opened()
        rows = self.rows(split)
        parts = [facts.data_set, split, index.checksum[:16], f"{len(rows)} faces", f"{self.config.image_size} px"]
        return " ".join(parts + ([self.config.subset] if split == "test" and self.config.subset else []))

    def summary(self) -> str:
        """Return one line on what there is to train and evaluate on, all of it checked but for its pixels."""
        config = self.config
        if config.root and not config.shards and not is_prepared(config.prepared):
            return f"{self.family}: {config.prepared} will be prepared from {config.root}"
        facts, index = self.opened()
        parts = []
        for split in SPLITS:
            faces = self.dataset(split) if len(self.rows(split)) else ()
            masks = " with masks" if isinstance(faces, PhotoDataset) and faces.masks else ""
            parts.append(f"{len(faces)} {split}{masks}")
        skipped = f"; {facts.skipped} skipped, see {Path(config.prepared) / SKIPPED}" if facts.skipped else ""
        return f"{self.family}: {len(index.rows)} faces in {config.prepared} ({', '.join(parts)}){skipped}"

    def train_dataloader(self) -> PhotoLoader:
        """Return shuffled batches, other orders in every epoch, resumable in the middle of one."""
        return self._loader("train", shuffle=True, drop_last=True)

    def val_dataloader(self) -> PhotoLoader:
        """Return the validation faces in order."""
        return self._loader("validation", shuffle=False, drop_last=False)

    def test_dataloader(self) -> PhotoLoader:
        """Return the test faces in order."""
        return self._loader("test", shuffle=False, drop_last=False)

    def predict_dataloader(self) -> PhotoLoader:
        """Return the test faces."""
        return self.test_dataloader()

    def _loader(self, split: str, *, shuffle: bool, drop_last: bool) -> PhotoLoader:
        dataset, config = self.dataset(split), self.config
        rank = self.trainer.global_rank if self.trainer is not None else 0
        world = self.trainer.world_size if self.trainer is not None else 1
        options = {"seed": config.seed, "rank": rank, "world": world, "shuffle": shuffle, "drop_last": drop_last}
        facts = self.opened()[0]
        if SHARDS in facts.settings:
            sampler = ShardBatchSampler(lengths_in_shards(facts, dataset.rows), config.batch_size, **options)
        else:
            sampler = KeyedBatchSampler(len(dataset), config.batch_size, **options)
        if drop_last and not len(sampler):
            # Lightning would skip the training without a word.
            raise SeethroughError(
                f"{config.prepared}: {len(dataset)} training faces give no batch of data.batch_size="
                f"{config.batch_size} to each of {world} processes: lower it"
            )
        return PhotoLoader(
            dataset,
            sampler,
            num_workers=config.workers,
            persistent_workers=config.workers > 0,
            multiprocessing_context="spawn" if config.workers > 0 else None,
        )

    def _present(self, index: ManifestIndex, rows: np.ndarray) -> np.ndarray:
        """Return the rows whose files are there; the others are an error, or are said and left out."""
        suspects = rows[index.rows["absent"][rows]]
        if not len(suspects):
            return rows
        folder, facts = Path(self.config.prepared), self.opened()[0]
        reader = PhotoDataset(folder, index, suspects, FaceFiles(folder, facts.side), image_size=16, field=facts.field)
        faults, absent = [], []
        for place, number in enumerate(suspects.tolist()):
            row = reader.row(place)
            for path in absent_files(folder, row)[:1]:  # they may have come back since the index was built
                what = f"{path} is missing or empty; prepare the photos again"
                faults.append(Fault(f"{folder / MANIFEST} row {number + 1}", what, row.id))
                absent.append(number)
        refuse_or_skip(faults, self.family, self.config.skip_bad, rank_zero_only(print))
        return rows[~np.isin(rows, absent)]

    def _subset(self, index: ManifestIndex) -> int:
        if self.config.subset not in index.subsets:
            known = ", ".join(name for name in index.subsets if name) or "none"
            raise SeethroughError(
                f"data.subset={self.config.subset}: no face of {self.config.prepared} belongs to it; there are: {known}"
            )
        return index.subsets.index(self.config.subset)

    def _nothing(self, split: str) -> str:
        """Say that a split is empty, and what would fill it."""
        _, index = self.opened()
        counts = np.bincount(index.rows["split"], minlength=len(SPLITS))
        there = ", ".join(f"{count} {name}" for name, count in zip(SPLITS, counts.tolist(), strict=True))
        remedy = {
            "train": "prepare photos to train on",
            "validation": "raise data.validation_share, or set trainer.limit_val_batches=0",
            "test": "choose other faces by data.test_split, such as data.test_split=all",
        }
        name = f"{split} faces" + (
            f" of data.subset={self.config.subset}" if split == "test" and self.config.subset else ""
        )
        return f"{self.config.prepared}: no {name} (its manifest: {there}); {remedy[split]}"
