from __future__ import annotations

import multiprocessing
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from datamodules.photos.augmentation import AugmentationConfig, augmented, get_ready
from datamodules.photos.augmentation.warp import IDENTITY
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform
from tests.datamodules.photos.augmentation.pictures import FIELD, SIDE, disc, points, smooth_picture

RELEASE = AugmentationConfig(shift=10, scale=0.1, rotation=10, flip=0.5)


def draw(
    config: AugmentationConfig | None, key: tuple[int, ...] = (1, 0, 0), size: int = 96
) -> tuple[Tensor, Tensor, Tensor]:
    image, mask, landmarks = augmented(smooth_picture(), disc(), points(), config, key, size, FIELD)
    assert mask is not None
    return image, mask, landmarks


def test_shapes_and_ranges() -> None:
    image, mask, landmarks = draw(RELEASE)
    assert image.shape == (3, 96, 96) and mask.shape == (1, 96, 96) and landmarks.shape == (68, 2)
    assert {image.dtype, mask.dtype, landmarks.dtype} == {torch.float32}
    assert 0 <= image.min() and image.max() <= 1 and 0 <= mask.min() and mask.max() <= 1
    assert augmented(smooth_picture(), None, points(), RELEASE, (1, 0, 0), 96, FIELD)[1] is None


@pytest.mark.parametrize("config", [None, AugmentationConfig()])
def test_no_augmentation_is_the_aligned_crop_of_the_photo(config: AugmentationConfig | None) -> None:
    stored = smooth_picture()
    image, mask, landmarks = augmented(stored, disc(), points(), config, (1, 2, 3), 80, FIELD)
    aligned = CropTransform(80 * FIELD / SIDE, (SIDE / 2, SIDE / 2), 80)
    np.testing.assert_allclose(image.numpy().transpose(1, 2, 0), aligned.crop(stored), atol=2e-5)
    np.testing.assert_allclose(mask[0].numpy(), aligned.crop_mask(disc() / np.float32(255)), atol=2e-5)
    np.testing.assert_allclose(landmarks.numpy(), aligned.to_crop(points()), atol=1e-4)


def test_image_mask_and_landmarks_move_together() -> None:
    for index in range(12):
        middle = (150.0, 110.0)
        mask = disc(radius=20, centre=middle)
        stored = np.repeat(mask[:, :, None], 3, axis=2)
        landmarks = np.tile(middle, (68, 1))
        image, visible, moved = augmented(stored, mask, landmarks, RELEASE, (1, 0, index), 224, FIELD)
        assert visible is not None
        rows, columns = np.mgrid[:224, :224] + 0.5
        for picture in (image[0].numpy(), visible[0].numpy()):
            centre = np.array([(picture * columns).sum(), (picture * rows).sum()]) / picture.sum()
            np.testing.assert_allclose(moved.numpy(), np.tile(centre, (68, 1)), atol=0.05)
        assert ((image[0] > 0.5) == (visible[0] > 0.5)).float().mean() > 0.9995


def test_a_key_is_a_sample() -> None:
    first = draw(RELEASE, (1, 0, 5))
    for one, other in zip(first, draw(RELEASE, (1, 0, 5)), strict=True):
        assert torch.equal(one, other)
    for key in ((2, 0, 5), (1, 1, 5), (1, 0, 6), (1, 5, 0)):
        assert not torch.equal(first[2], draw(RELEASE, key)[2])


def everything() -> AugmentationConfig:
    pytest.importorskip("albumentations")
    changes = dict.fromkeys(("brightness", "contrast", "saturation", "gamma", "grey"), 0.3)
    return replace(RELEASE, **changes, hue=20.0, blur=2.0, noise=0.05, compression=50, cutout=0.8, cutout_fill="noise")


def _job(job: tuple[AugmentationConfig, tuple[int, int, int]]) -> list[np.ndarray]:
    return [tensor.numpy() for tensor in draw(*job)]


def test_a_worker_draws_what_any_other_process_draws() -> None:
    jobs = [(everything(), (1, epoch, index)) for epoch in range(2) for index in range(4)]
    here = [_job(job) for job in jobs]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        there = pool.map(_job, jobs[::-1], chunksize=1)[::-1]
    for one, other in zip(here, there, strict=True):
        for ours, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    images = {one[0].tobytes() for one in here}
    assert len(images) == len(jobs)


def test_without_albumentations_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "albumentations", None)
    get_ready(RELEASE, 48)
    with pytest.raises(
        SeethroughError, match=r"data\.augmentation\.hue=12\.5 needs albumentations.*pip install"
    ) as told:
        get_ready(AugmentationConfig(hue=12.5, cutout=0.2), 48)
    assert "\n" not in str(told.value)


def test_the_release_config_is_the_release() -> None:
    from experiments.config.sources import CONFIGS, read_configs

    assert (Path(CONFIGS) / "augmentation" / "release.yaml").is_file()
    settings = {setting.path: setting.value for setting in read_configs(["augmentation/release"])}
    assert {path[:2] for path in settings} == {("data", "augmentation")}
    assert AugmentationConfig(**{path[2]: value for path, value in settings.items()}) == RELEASE
    assert not RELEASE.needs_albumentations and RELEASE.geometric
    strong = {setting.path[2]: setting.value for setting in read_configs(["augmentation/photometric"])}
    assert len(AugmentationConfig(**strong).needs_albumentations) == 10


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"flip": 1.5}, "flip=1.5 is a share of the samples"),
        ({"scale": -0.1}, r"scale=-0.1 must lie in \[0, 0.9\]"),
        ({"shift": float("nan")}, "shift=nan must lie in"),
        ({"compression": 100}, r"compression=100 must lie in \[0, 99\]"),
        ({"cutout_smallest": 0.5}, "cutout_smallest=0.5 and cutout_largest=0.4"),
        ({"cutout_holes": 0}, "cutout_holes=0 must be at least 1"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AugmentationConfig(**settings)


def test_the_identity_is_no_warp() -> None:
    np.testing.assert_array_equal(IDENTITY.matrix(224), np.eye(3))
