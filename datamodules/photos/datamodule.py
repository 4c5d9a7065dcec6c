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
from datamodules.photos.listing import listing
from datamodules.photos.loader import PhotoLoader
from datamodules.photos.manifest import SKIPPED, SPLITS
from datamodules.photos.manifest_index import ManifestIndex, open_index
from datamodules.photos.opening import all_have_masks, open_prepared, rows_with_files
from datamodules.photos.prepared_folder import PreparedFolder, is_prepared, read_prepared_folder
from datamodules.photos.record import Listing
from datamodules.photos.shard_index import ensure_index
from datamodules.photos.shards import SHARDS, ShardBatchSampler, ShardFiles, lengths_in_shards
from datamodules.photos.split_choice import choose_rows, describe_choice, nothing_chosen
from datamodules.photos.training_check import listed_for_training, not_prepared, refuse_too_few
from datamodules.sampler import KeyedBatchSampler
from seethrough.counting import counted
from seethrough.errors import SeethroughError


class PhotoDataModule(pl.LightningDataModule):
    """Faces of a prepared folder as training, validation and test sets.

    A family derives from it and gives its name and :meth:`listing`; everything else is the same for all of them.

    Attributes:
        family: name of the data set, as configs call it.
        samples: what reads its samples.
    """

    family: ClassVar[str] = "photos"
    samples: ClassVar[type[PhotoDataset]] = PhotoDataset

    def __init__(self, config: PhotoConfig) -> None:
        super().__init__()
        self.prepare_data_per_node = False  # machines share the folder, or each of them has been given it
        self.config: PhotoConfig = OmegaConf.to_object(config) if OmegaConf.is_config(config) else config
        if self.config.shards:  # a folder of shards is a prepared folder in other files
            self.config = replace(self.config, prepared=self.config.shards)
        self._sets: dict[str, PhotoDataset] = {}
        self._opened: tuple[PreparedFolder, ManifestIndex] | None = None
        self._listed: Listing | None = None

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
            raise SeethroughError(not_prepared(self.config, self.family))
        listed, self._listed = self._listed, None
        prepare_automatically(self.config, self.family, listed or self.listing(), rank_zero_only(print))

    def check_training(self, processes: int, validated: bool = True) -> None:
        """Raise ``SeethroughError`` for what no training can begin with, before anything is prepared.

        Args:
            processes: that train side by side.
            validated: there are to be validation faces.
        """
        config = self.config
        if config.root and not config.shards and is_to_be_prepared(config):
            self._listed = listed_for_training(config, self.family, processes, self.listing)
            return
        refuse_too_few(config, len(self.dataset("train")), processes, config.prepared)
        if validated:
            self.dataset("validation")

    def rows(self, split: str) -> np.ndarray:
        """Return the numbers of the manifest's rows that belong to ``train``, ``validation`` or ``test``."""
        return choose_rows(self.config, self.opened()[1], split)

    def sample_count(self, split: str) -> int | None:
        """Return how many faces a split has; None while they are not prepared, for then nobody knows."""
        return len(self.rows(split)) if is_prepared(self.config.prepared) else None

    def opened(self) -> tuple[PreparedFolder, ManifestIndex]:
        """Return what is known of the prepared folder and the index of its manifest; prepares it first if need be."""
        if self._opened is None:
            self._prepare()
            self._opened = open_prepared(self.config, rank_zero_only(print))
        return self._opened

    def dataset(self, split: str) -> PhotoDataset:
        """Return the data set of ``train``, ``validation`` or ``test``; its files are there when it is returned."""
        if split not in self._sets:
            facts, index = self.opened()
            rows = rows_with_files(self.config, facts, index, self.rows(split), self.family, rank_zero_only(print))
            if not len(rows):
                raise SeethroughError(nothing_chosen(self.config, index, split))
            config, training = self.config, split == "train"
            augmentation = config.augmentation if training else None
            get_ready(augmentation or AugmentationConfig(), config.image_size)
            masks = all_have_masks(config, index, rows, f"{split} faces", self.family, rank_zero_only(print))
            self._sets[split] = self.samples(
                config.prepared, index, rows,
                (ShardFiles if SHARDS in facts.settings else FaceFiles)(config.prepared, facts.side),
                image_size=config.image_size, field=facts.field, augmentation=augmentation, seed=config.seed,
                masks=masks, identities=bool((index.rows["identity"][rows] >= 0).any()),
                skip_bad=("replace" if training else "drop") if config.skip_bad else "",
            )  # fmt: skip
        return self._sets[split]

    def set_name(self, split: str) -> str:
        """Return what tells the pictures of a split from all others."""
        facts, index = self.opened()
        parts = [facts.data_set, split, index.checksum[:16], f"{len(self.rows(split))} faces"]
        parts.append(f"{self.config.image_size} px")
        return " ".join(parts + ([self.config.subset] if split == "test" and self.config.subset else []))

    def split_note(self, split: str) -> str:
        """Return one sentence on whether a training on this folder has seen the faces of a split; else nothing."""
        _, index = self.opened()
        note = describe_choice(self.config, index, split)
        return f"{self.family}: {note}" if note else ""

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
            parts.append(f"{len(faces):,} {split}{masks}")
        if config.test_split != "test":  # faces that have been counted already
            parts[1:] = [f"{parts[1]}; {parts[2].replace(' test', f' to evaluate: {config.test_split}', 1)}"]
        skipped = f"; {facts.skipped:,} skipped, see {Path(config.prepared) / SKIPPED}" if facts.skipped else ""
        return f"{self.family}: {counted(len(index.rows), 'face')} in {config.prepared} ({', '.join(parts)}){skipped}"

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
        dataset, config, facts = self.dataset(split), self.config, self.opened()[0]
        rank = self.trainer.global_rank if self.trainer is not None else 0
        world = self.trainer.world_size if self.trainer is not None else 1
        options = {"seed": config.seed, "rank": rank, "world": world, "shuffle": shuffle, "drop_last": drop_last}
        if SHARDS in facts.settings:
            sampler = ShardBatchSampler(lengths_in_shards(facts, dataset.rows), config.batch_size, **options)
        else:
            sampler = KeyedBatchSampler(len(dataset), config.batch_size, **options)
        if drop_last:
            refuse_too_few(config, len(dataset), world, config.prepared)
        return PhotoLoader(
            dataset,
            sampler,
            num_workers=config.workers,
            persistent_workers=config.workers > 0,
            multiprocessing_context="spawn" if config.workers > 0 else None,
        )
