"""From the release's layout to samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose

from datamodules.focus_release.config import FocusReleaseConfig
from datamodules.focus_release.datamodule import FocusReleaseDataModule
from datamodules.sample import check_sample
from experiments.config.registry import DATA_SETS, load_class
from seethrough.photos import align
from tests.datamodules.celeba_hq.trees import face_landmarks
from tests.datamodules.focus_release.trees import SIDE, whole_tree


def test_config_names_it() -> None:
    entry = DATA_SETS[FocusReleaseDataModule.family]
    assert (load_class(entry.config), load_class(entry.module)) == (FocusReleaseConfig, FocusReleaseDataModule)


def test_samples_have_the_tables_landmarks_and_the_masks_of_the_test_split(tmp_path: Path) -> None:
    root = whole_tree(tmp_path / "image_root")
    config = FocusReleaseConfig(
        root=str(root), prepared=str(tmp_path / "prepared"), image_size=112, batch_size=2, workers=0
    )
    data = FocusReleaseDataModule(config)
    sets = {split: data.dataset(split) for split in ("train", "validation", "test")}
    assert {split: len(dataset) for split, dataset in sets.items()} == {"train": 3, "validation": 1, "test": 2}
    for split, dataset in sets.items():
        check_sample(dataset[0])
        assert ("mask" in dataset[0]) == (split == "test")
    # The crop is that of the release, so the landmarks lie where its alignment puts them.
    points = face_landmarks(SIDE) + 0.75
    expected = align(points, size=112).to_crop(points)
    assert_allclose(sets["validation"][0]["landmarks"].numpy(), expected, atol=0.02)
    # The mask is a disk about the middle of the photo.
    points = face_landmarks(SIDE) + 0.5
    crop = align(points, size=112)
    x, y = np.meshgrid(np.arange(112) + 0.5, np.arange(112) + 0.5)
    middle = crop.to_crop(np.array([SIDE / 2, SIDE / 2]))
    disk = np.hypot(x - middle[0], y - middle[1]) <= crop.scale * (SIDE / 3 - 0.5)
    assert ((sets["test"][0]["mask"][0].numpy() > 0.5) == disk).mean() > 0.99
