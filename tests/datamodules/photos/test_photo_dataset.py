from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from datamodules.photos.augmentation import AugmentationConfig
from datamodules.photos.config import PhotoConfig
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.dataset import SKIPPED, PhotoDataset
from datamodules.photos.loader import PhotoLoader
from datamodules.photos.manifest import ManifestRow
from datamodules.sample import check_sample
from datamodules.sampler import KeyedBatchSampler, SampleKey
from seethrough.errors import SeethroughError
from tests.datamodules.photos.prepared import pixels, prepared_folder

AUGMENTATION = AugmentationConfig(shift=10, scale=0.1, rotation=10, flip=0.5)


def dataset(folder: Path, split: str = "train", **settings: Any) -> PhotoDataset:
    values = {"image_size": 56, "workers": 0, "validation_share": 0.0, "batch_size": 2, **settings}
    return PhotoDataModule(PhotoConfig(prepared=str(folder), **values)).dataset(split)


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.fixture
def rows(tmp_path: Path) -> list[ManifestRow]:
    changes = [{"identity": f"person {number // 2}", "subset": "glasses" if number % 2 else ""} for number in range(6)]
    return prepared_folder(tmp_path, changes, masks=True)


def test_samples_are_those_of_the_schema(tmp_path: Path, rows: list[ManifestRow]) -> None:
    faces = dataset(tmp_path, augmentation=AUGMENTATION)
    for number, row in enumerate(rows):
        sample = faces[number]
        check_sample(sample)
        assert sample["id"] == row.id and sample["subset"] == row.subset
        assert int(sample["identity"]) == number // 2
    assert faces[0].keys() == {"image", "landmarks", "id", "subset", "mask", "identity"}


def test_without_augmentation_a_sample_is_the_middle_of_the_stored_crop(
    tmp_path: Path, rows: list[ManifestRow]
) -> None:
    sample = dataset(tmp_path)[SampleKey(3, 1)]
    # 64 px cover 256 / 224 of the aligned crop, so that this is the middle 56 px, and 56 px are asked for.
    with Image.open(tmp_path / rows[1].crop) as image:
        stored = torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255
    torch.testing.assert_close(sample["image"], stored[:, 4:60, 4:60], atol=1e-5, rtol=0)
    np.testing.assert_allclose(sample["landmarks"], rows[1].landmarks - 4, atol=1e-3)
    expected = (torch.arange(56) < 28).float()[:, None].expand(56, 56)
    assert torch.equal(sample["mask"][0], expected)


def test_augmentation_depends_on_seed_epoch_and_row_alone(tmp_path: Path, rows: list[ManifestRow]) -> None:
    faces = dataset(tmp_path, augmentation=AUGMENTATION)
    other = dataset(tmp_path, augmentation=AUGMENTATION, seed=2)
    first = faces[SampleKey(0, 1)]["image"]
    assert torch.equal(first, dataset(tmp_path, augmentation=AUGMENTATION)[SampleKey(0, 1)]["image"])
    assert not torch.equal(first, faces[SampleKey(1, 1)]["image"])
    assert not torch.equal(first, other[SampleKey(0, 1)]["image"])
    assert torch.equal(dataset(tmp_path, "test", test_split="all", augmentation=AUGMENTATION)[1]["image"],
                       dataset(tmp_path)[1]["image"])  # fmt: skip


def test_a_data_set_is_small_when_it_travels(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{}] * 300, side=16)
    faces = dataset(tmp_path)
    reference = faces[299]["image"]
    packed = pickle.dumps(faces)
    assert len(packed) < 4000  # of which 1,200 are numbers of rows
    assert torch.equal(pickle.loads(packed)[299]["image"], reference)


def test_masks_and_people_that_nobody_knows_are_left_out(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{"mask": None}, {}, {"split": "test"}], masks=True)
    faces = dataset(tmp_path)
    assert faces[0].keys() == faces[1].keys() == {"image", "landmarks", "id", "subset"}
    assert "mask" in dataset(tmp_path, "test")[0]


def test_some_unknown_people_have_the_unknown_number(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{"identity": "ann"}, {}])
    assert [int(sample["identity"]) for sample in map(dataset(tmp_path).__getitem__, range(2))] == [0, -1]


def test_grey_crops_have_three_channels(tmp_path: Path) -> None:
    rows = prepared_folder(tmp_path, [{}])
    Image.fromarray(pixels(64, 0)).convert("L").save(tmp_path / rows[0].crop, quality=95)
    image = dataset(tmp_path)[0]["image"]
    assert image.shape == (3, 56, 56) and torch.equal(image[0], image[2])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (truncate, r"cannot be decoded \(image file is truncated"),
        (lambda path: path.unlink(), r"cannot be read \(No such file"),
        (lambda path: path.write_text("no picture"), r"cannot be decoded \(not an image"),
        (lambda path: Image.new("RGB", (32, 32)).save(path), r"32 x 32 px, preparation\.json says side=64"),
    ],
)
def test_a_bad_crop_is_one_line_with_its_path(tmp_path: Path, rows, damage, words: str) -> None:
    faces = dataset(tmp_path)
    damage(tmp_path / rows[2].crop)
    with pytest.raises(SeethroughError, match=words) as error:
        faces[2]
    assert str(error.value).startswith(f"{tmp_path / rows[2].crop}: ") and "data.skip_bad=true" in str(error.value)
    assert "\n" not in str(error.value)


def test_bad_crops_are_dropped_or_replaced_and_said(tmp_path: Path, rows: list[ManifestRow]) -> None:
    prepared_folder(tmp_path, [{"split": "test"}] * 6 + [{}] * 6)
    dropping = dataset(tmp_path, "test", skip_bad=True)
    replacing = dataset(tmp_path, "train", skip_bad=True)
    for number in (1, 2, 7, 8):
        truncate(tmp_path / replacing.files.folder / f"{rows_path(number)}")
    batch = dropping.__getitems__([0, 1, 2, 3])
    assert batch["id"] == ["face-000", "face-003"] and len(batch["image"]) == 2
    assert len(batch[SKIPPED]) == 2 and "face-001.jpg" in batch[SKIPPED][0]
    batch = replacing.__getitems__([0, 1, 5])
    assert batch["id"] == ["face-006", "face-009", "face-011"]
    assert len(batch[SKIPPED]) == 2


def rows_path(number: int) -> str:
    from datamodules.photos.manifest import crop_path

    return crop_path(f"face-{number:03d}")


def test_the_loader_says_what_was_left_out_and_passes_empty_batches_over(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{"split": "test"}] * 5)
    faces = dataset(tmp_path, "test", skip_bad=True)
    for number in (0, 2, 3):
        truncate(tmp_path / rows_path(number))
    loader = PhotoLoader(faces, KeyedBatchSampler(5, 2, shuffle=False, drop_last=False))
    said: list[str] = []
    loader.say = said.append
    assert [batch["id"] for batch in loader] == [["face-001"], ["face-004"]]
    assert [line.partition(":")[0] for line in said[:3]] == ["left out"] * 3
    assert said[3].startswith("3 faces were left out")
    assert list(loader) and len(said) == 4  # a second epoch does not repeat it


@pytest.mark.slow
def test_loader_processes_yield_what_the_own_process_yields(tmp_path: Path, rows: list[ManifestRow]) -> None:
    module = PhotoDataModule(PhotoConfig(prepared=str(tmp_path), image_size=56, batch_size=2, workers=2,
                                         validation_share=0.0, augmentation=AUGMENTATION))  # fmt: skip
    alone = PhotoDataModule(PhotoConfig(prepared=str(tmp_path), image_size=56, batch_size=2, workers=0,
                                        validation_share=0.0, augmentation=AUGMENTATION))  # fmt: skip
    spawned, own = module.train_dataloader(), alone.train_dataloader()
    for epoch in range(2):
        spawned.set_epoch(epoch)
        own.set_epoch(epoch)
        for one, other in zip(spawned, own, strict=True):
            assert one["id"] == other["id"] and torch.equal(one["image"], other["image"])
    truncate(tmp_path / rows[0].crop)
    with pytest.raises(SeethroughError) as error:
        list(spawned)
    assert str(error.value).startswith(f"{tmp_path / rows[0].crop}: cannot be decoded")
    assert "\n" not in str(error.value)
