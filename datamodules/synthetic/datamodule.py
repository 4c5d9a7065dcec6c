"""Synthetic faces for Lightning: training, validation and test sets that share no person."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import pytorch_lightning as pl
from omegaconf import OmegaConf
from torch.utils.data import Dataset

from datamodules.sampler import KeyedBatchSampler, ResumableLoader, no_batch
from datamodules.synthetic.config import SceneConfig, SyntheticConfig
from datamodules.synthetic.dataset import JoinedDataset, LiveDataset, PoolDataset
from datamodules.synthetic.pool import ensure_pool
from datamodules.synthetic.pool_spec import PoolSpec, pool_key
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel
from seethrough.morphable.loading import OPEN, load_face_model

TEST_SEED, OUT_OF_DISTRIBUTION_SEED, VERIFICATION_SEED = (20261122, 2), (20261122, 3), (20261122, 4)
"""Seeds of the test sets: no settings, so that nobody trains on them by chance. Settings are chosen on
validation people."""

SPLITS = ("train", "validation", "test", "out_of_distribution", "verification")
VERIFICATION_PEOPLE, VERIFICATION_IMAGES = 300, 4


def split_spec(config: SyntheticConfig, split: str) -> PoolSpec:
    """Return what one of :data:`SPLITS` holds; no two of them share a person.

    ``validation``, ``test`` and ``out_of_distribution`` are twins, the last of scenes that have nothing in common with
    training's;
    ``verification`` shows 300 people in four pictures each.
    """
    scene = config.scene
    if split == "train":
        return PoolSpec("train", scene, config.size, (config.seed, 0))
    if split == "verification":
        several = replace(scene, images_per_identity=VERIFICATION_IMAGES, images_per_identity_up_to=0)
        return PoolSpec("verification", several, VERIFICATION_PEOPLE * VERIFICATION_IMAGES, VERIFICATION_SEED)
    every = replace(scene, occluded_fraction=1.0, images_per_identity=1, images_per_identity_up_to=0)
    if split == "validation":
        return PoolSpec("validation", every, 2 * ((config.validation_size + 1) // 2), (config.seed, 1), twins=True)
    if split == "test":
        return PoolSpec("test", every, 2 * config.test_identities, TEST_SEED, twins=True)
    if split == "out_of_distribution":
        rows = 2 * config.out_of_distribution_identities
        return PoolSpec("out_of_distribution", every.unseen(), rows, OUT_OF_DISTRIBUTION_SEED, twins=True)
    raise ValueError(f"unknown split {split!r}: choose from {', '.join(SPLITS)}")


def load_generating_model(scene: SceneConfig) -> FaceModel:
    """Load the face model that scenes are drawn from, with all its modes."""
    level = scene.level if scene.model == OPEN else None
    return load_face_model(scene.model, level=level, expression=scene.expression_file, crop=scene.crop)


class SyntheticDataModule(pl.LightningDataModule):
    """Rendered faces with exact masks, landmarks and coefficients.

    The test set shows every held-out person twice in the same scene, without and with an occluder (rows 2k and 2k + 1).
    After them come the twins of the out-of-distribution set.
    """

    def __init__(self, config: SyntheticConfig) -> None:
        super().__init__()
        self.config: SyntheticConfig = OmegaConf.to_object(config) if OmegaConf.is_config(config) else config
        self.config.check()
        self._sets: dict[str, Dataset] = {}

    @cached_property
    def truth_model(self) -> FaceModel:
        """The generating model, whose coefficients are the truth of a sample."""
        return load_generating_model(self.config.scene)

    def spec(self, split: str) -> PoolSpec:
        """Return what a split holds, see :func:`split_spec`."""
        return split_spec(self.config, split)

    def set_name(self, split: str) -> str:
        """Return what tells the pictures of a split from all others: the names of its pools; renders nothing."""
        names = [split]
        if split == "test" and self.config.out_of_distribution_identities:
            names.append("out_of_distribution")
        return "+".join(pool_key(self.spec(name), self.truth_model) for name in names)

    def sample_count(self, split: str) -> int:
        """Return how many samples a split has; renders nothing."""
        return self.spec(split).rows

    def prepare_data(self) -> None:
        """Render the training and validation pools, unless they are there."""
        for split in ("train", "validation"):
            if split != "train" or self.config.source == "pool":
                self._pool(split)

    def check_training(self, processes: int, validated: bool = True) -> None:
        """Raise ``SeethroughError`` if not every process gets a batch: Lightning would skip the training silently."""
        config = self.config
        if config.size < config.batch_size * processes:
            raise SeethroughError(no_batch(f"data.size={config.size}", config.batch_size, processes))

    def dataset(self, split: str) -> Dataset:
        """Return the data set of a split, rendering its pool if that is not there."""
        if split not in self._sets:
            spec = self.spec(split)
            if split == "train" and self.config.source == "live":
                self._sets[split] = LiveDataset(spec, partial(load_generating_model, self.config.scene))
            elif split == "test" and self.config.out_of_distribution_identities:
                specs = (spec, self.spec("out_of_distribution"))
                parts = [PoolDataset(self._pool(each.name), each) for each in specs]
                self._sets[split] = JoinedDataset(parts, [each.people for each in specs])
            else:
                self._sets[split] = PoolDataset(self._pool(split), spec)
        return self._sets[split]

    def train_dataloader(self) -> ResumableLoader:
        """Return shuffled batches, other orders in every epoch, resumable in the middle of one."""
        return self._loader("train", shuffle=True, drop_last=True)

    def val_dataloader(self) -> ResumableLoader:
        """Return the validation set in order."""
        return self._loader("validation", shuffle=False, drop_last=False)

    def test_dataloader(self) -> ResumableLoader:
        """Return the twins of the held-out people in order, then those of the out-of-distribution set."""
        return self._loader("test", shuffle=False, drop_last=False)

    def predict_dataloader(self) -> ResumableLoader:
        """Return the test set."""
        return self.test_dataloader()

    def _pool(self, split: str) -> Any:
        load_model = partial(load_generating_model, self.config.scene)
        return ensure_pool(self.spec(split), load_model, self.config.folder, processes=self.config.render_processes)

    def _loader(self, split: str, *, shuffle: bool, drop_last: bool) -> ResumableLoader:
        dataset, config = self.dataset(split), self.config
        rank = self.trainer.global_rank if self.trainer is not None else 0
        world = self.trainer.world_size if self.trainer is not None else 1
        sampler = KeyedBatchSampler(
            len(dataset),  # pyright: ignore
            config.batch_size,
            seed=config.seed,
            rank=rank,
            world=world,
            shuffle=shuffle,
            drop_last=drop_last,
        )
        if drop_last:
            self.check_training(world)
        return ResumableLoader(
            dataset,
            sampler,
            num_workers=config.workers,
            persistent_workers=config.workers > 0,
            multiprocessing_context="spawn" if config.workers > 0 else None,
        )
