"""Faces with known relief for Lightning: training, validation and test sets that share no person."""

from __future__ import annotations

from functools import partial

from torch.utils.data import Dataset

from datamodules.detail.config import DetailConfig
from datamodules.detail.pool import DetailLiveDataset, DetailPoolDataset, DetailSpec
from datamodules.synthetic.datamodule import SyntheticDataModule, load_generating_model
from datamodules.synthetic.pool_spec import pool_key

TEST_SEED = (20261122, 5)
"""Of the test set: no setting, so that nobody trains on it by chance."""

_TRAINING, _VALIDATION = 10, 11
"""What tells the streams of these sets from one another and from those of the other synthetic faces."""

SPLITS = ("train", "validation", "test")


def split_spec(config: DetailConfig, split: str) -> DetailSpec:
    """Return what one of :data:`SPLITS` holds; no two of them share a person."""
    if split == "train":
        return DetailSpec("detail_train", config.scene, config.size, (config.seed, _TRAINING))
    if split == "validation":
        return DetailSpec("detail_validation", config.scene, config.validation_size, (config.seed, _VALIDATION))
    if split == "test":
        return DetailSpec("detail_test", config.scene, config.test_size, TEST_SEED)
    raise ValueError(f"unknown split {split!r}: choose from {', '.join(SPLITS)}")


class DetailDataModule(SyntheticDataModule):
    """Rendered faces with the bump that a translator is to find, in mm towards the camera at each pixel.

    Batches have ``image``, ``mask``, ``bump``, ``depth`` (of the foundation), ``focal``, ``landmarks``, ``identity``
    and ``id``, see :class:`~datamodules.sample.Sample`.
    """

    config: DetailConfig

    def __init__(self, config: DetailConfig) -> None:
        super().__init__(config)  # pyright: ignore

    def spec(self, split: str) -> DetailSpec:
        """Return what a split holds, see :func:`split_spec`."""
        return split_spec(self.config, split)

    def set_name(self, split: str) -> str:
        """Return what tells the pictures of a split from all others: the name of its pool; renders nothing."""
        return pool_key(self.spec(split), self.truth_model)

    def dataset(self, split: str) -> Dataset:
        """Return the data set of a split, rendering its pool if that is not there."""
        if split not in self._sets:
            spec = self.spec(split)
            if split == "train" and self.config.source == "live":
                self._sets[split] = DetailLiveDataset(spec, partial(load_generating_model, self.config.scene))
            else:
                self._sets[split] = DetailPoolDataset(self._pool(split), spec)
        return self._sets[split]
