from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from datamodules.bump.config import BumpTargetsConfig
from datamodules.bump.datamodule import BumpTargetsDataModule
from datamodules.bump.dataset import resampled_bump
from datamodules.photos.augmentation import AugmentationConfig
from datamodules.photos.manifest import MANIFEST
from datamodules.sample import check_sample
from seethrough.errors import SeethroughError
from tests.datamodules.bump.targets import SIDE, known_bump, targets_folder
from tests.datamodules.photos.prepared import prepared_folder


def data(folder: Path, **changes) -> BumpTargetsDataModule:
    options = {"image_size": SIDE, "workers": 0, "test_split": "all", "validation_share": 0.3, **changes}
    return BumpTargetsDataModule(BumpTargetsConfig(prepared=str(folder), **options))


@pytest.mark.parametrize("bits", [8, 16])
def test_samples_hold_the_millimetres_that_were_written(tmp_path: Path, bits: int) -> None:
    faces = data(targets_folder(tmp_path, [{}, {}], bits=bits)).dataset("test")
    for number in range(2):
        sample = faces[number]
        check_sample(sample)
        bump, mask = known_bump(number)
        np.testing.assert_array_equal(sample["mask"][0].numpy() > 0.5, mask)
        step = 1 / (9.6 if bits == 8 else 2457.6)
        assert np.abs(sample["bump"][0].numpy() - bump).max() < step / 2 + 1e-4
        assert not sample["bump"][0].numpy()[~mask].any()


def test_smaller_samples_average_what_is_known_and_nothing_else() -> None:
    bump, mask = known_bump(3)
    half = resampled_bump(np.where(mask, bump, 13.0), mask, np.diag([0.5, 0.5, 1.0]), SIDE // 2)[0].numpy()
    inside = mask.reshape(48, 2, 48, 2).all((1, 3))
    means = bump.reshape(48, 2, 48, 2).mean((1, 3))
    core = inside & np.roll(inside, 1, 1) & np.roll(inside, -1, 1)
    np.testing.assert_allclose(half[core], means[core], atol=2e-3)  # a linear slope survives its filter
    assert np.abs(half[inside] - means[inside]).max() < 0.05  # and nothing bleeds in at the border


def test_bumps_move_with_their_pictures(tmp_path: Path) -> None:
    folder = targets_folder(tmp_path, [{}, {}, {}])
    plain = data(folder).dataset("train")[0]
    flipped = data(folder, augmentation=AugmentationConfig(flip=1.0)).dataset("train")[0]
    assert plain["id"] == flipped["id"]
    torch.testing.assert_close(flipped["image"], plain["image"].flip(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(flipped["bump"], plain["bump"].flip(2), atol=1e-3, rtol=0)
    turned = data(folder, augmentation=AugmentationConfig(shift=20, scale=0.2, rotation=20)).dataset("train")[0]
    check_sample(turned)
    wanted = set(np.round(plain["bump"][plain["mask"] > 0.5].numpy(), 1))
    seen = turned["bump"][turned["mask"] > 0.99].numpy()
    assert min(wanted) - 0.11 <= seen.min() < seen.max() <= max(wanted) + 0.11


def test_splits_share_no_person_and_batches_collate(tmp_path: Path) -> None:
    folder = targets_folder(tmp_path, [{"identity": f"person {number // 3}"} for number in range(18)])
    module = data(folder, batch_size=2, image_size=32)
    people = {split: {module.dataset(split).row(k).identity for k in range(len(module.dataset(split)))}
              for split in ("train", "validation")}  # fmt: skip
    assert people["train"]
    assert people["validation"]
    assert not people["train"] & people["validation"]
    batch = next(iter(module.train_dataloader()))
    assert batch["bump"].shape == batch["mask"].shape == (2, 1, 32, 32)
    assert batch["image"].shape == (2, 3, 32, 32)
    assert module.config.prepared in module.summary()


def test_people_are_those_of_a_split(tmp_path: Path) -> None:
    folder = targets_folder(tmp_path, [{"identity": f"person {number // 3}"} for number in range(18)])
    module = data(folder, batch_size=18, image_size=32)
    trained, held_out = module.people("train").tolist(), module.people("validation").tolist()
    assert sorted(trained + held_out) == list(range(6)) and held_out
    batch = next(iter(module.val_dataloader()))
    assert sorted(set(batch["identity"].tolist())) == held_out
    nameless = targets_folder(tmp_path / "nameless", [{"identity": "ann"}, {}, {}])
    with pytest.raises(SeethroughError, match=r"2 of its 3 test faces do not say whom they show; make the targets"):
        data(nameless).people("test")


def test_what_is_no_folder_of_targets_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"no bump targets; run `python -m tools\.bump_targets PHOTOS"):
        data(tmp_path / "absent").dataset("train")
    prepared_folder(tmp_path / "photos", [{}])
    with pytest.raises(SeethroughError, match="photos of photos without bump maps"):
        data(tmp_path / "photos").dataset("train")
    with pytest.raises(SeethroughError, match=r"data\.root=album"):
        data(tmp_path, root="album")


def test_missing_and_damaged_bump_maps_are_told(tmp_path: Path) -> None:
    folder = targets_folder(tmp_path, [{}, {}, {"bump": None}])
    faces = data(folder).dataset("test")
    next(folder.glob("bumps/*/face-000.png")).write_bytes(b"no picture")
    with pytest.raises(SeethroughError, match=r"face-000\.png: cannot be read"):
        faces[0]
    with pytest.raises(SeethroughError, match="the face face-002 has no bump map"):
        faces[2]
    next(folder.glob("bumps/*/face-001.png")).unlink()
    (folder / "manifest.index.npy").unlink()
    with pytest.raises(SeethroughError, match="face-001"):
        data(folder).dataset("test")
    assert len(data(folder, skip_bad=True).dataset("test")) == 2
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    (folder / MANIFEST).write_text(text.replace('"bump":"bumps', '"bump":"../bumps', 1), encoding="utf-8")
    with pytest.raises(SeethroughError, match="key 'bump' must be a path inside the prepared folder"):
        data(folder).dataset("test")
