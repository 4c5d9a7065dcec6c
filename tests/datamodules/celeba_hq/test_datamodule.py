"""From the tree to samples: photos, merged masks and landmarks stay on top of each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.celeba_hq.config import CelebaHqConfig
from datamodules.celeba_hq.datamodule import CelebaHqDataModule
from datamodules.celeba_hq.listing import listing
from datamodules.photos.preparing import carry_out
from datamodules.photos.preparing.of_config import preparation_of
from datamodules.sample import check_sample
from experiments.config.registry import DATA_SETS, load_class
from tests.datamodules.celeba_hq.trees import CelebaTree, whole_tree


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> CelebaTree:
    """Photos that show their own masks: white where the face is seen, black elsewhere, twice as large."""
    from datamodules.celeba_hq.face_mask import visible_face
    from datamodules.celeba_hq.layout import index_masks

    tree = whole_tree(tmp_path_factory.mktemp("celeba"))
    for index, parts in index_masks(tree.root / tree.masks).parts.items():
        face = visible_face(parts.read_classes(), "x").repeat(2, 0).repeat(2, 1)
        photo = Image.fromarray(np.repeat(face[:, :, None].astype(np.uint8) * 255, 3, axis=2))
        photo.save(tree.root / "CelebA-HQ-img" / f"{index}.jpg", quality=95, subsampling=0)
    text = "id,subset\n3,unoccluded\n4,occluded\n5,occluded\n"
    (tree.root / "celeba_hq_subsets.csv").write_text(text)
    tree.landmarks()
    return tree


@pytest.fixture(scope="module")
def data(tree: CelebaTree) -> CelebaHqDataModule:
    config = CelebaHqConfig(
        root=str(tree.root),
        prepared=str(tree.root.parent / "prepared"),
        landmarks=str(tree.root.parent / "landmarks.csv"),
        image_size=96,
        batch_size=2,
        workers=0,
    )
    return CelebaHqDataModule(config)


def test_config_names_it() -> None:
    entry = DATA_SETS[CelebaHqDataModule.family]
    assert (load_class(entry.config), load_class(entry.module)) == (CelebaHqConfig, CelebaHqDataModule)


def test_samples_of_each_split(data: CelebaHqDataModule) -> None:
    sets = {split: data.dataset(split) for split in ("train", "validation", "test")}
    assert {split: [dataset[k]["id"] for k in range(len(dataset))] for split, dataset in sets.items()} == {
        "train": ["00000", "00001"],
        "validation": ["00002"],
        "test": ["00003", "00004", "00005"],
    }
    for dataset in sets.values():
        check_sample(dataset[0])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_mask_lies_on_the_face_that_the_photo_shows(data: CelebaHqDataModule, place: int) -> None:
    sample = data.dataset("test")[place]
    mask, image = sample["mask"][0].numpy(), sample["image"].mean(0).numpy()
    assert 0.1 < mask.mean() < 0.9
    # Edges are as soft as masks of half the resolution make them; half a pixel of the photo would show along them.
    assert np.abs(mask - image).mean() < 0.02
    assert ((mask > 0.5) == (image > 0.5)).mean() > 0.985


def test_subsets_can_be_chosen(data: CelebaHqDataModule) -> None:
    (batch,) = list(data.test_dataloader())[:1]
    assert batch["subset"] == ["unoccluded", "occluded"]
    data.config.subset, data._sets = "occluded", {}
    try:
        assert [sample_id for each in data.test_dataloader() for sample_id in each["id"]] == ["00004", "00005"]
    finally:
        data.config.subset, data._sets = "", {}


def test_what_is_wrong_with_the_tree_is_told_before_anything_is_prepared(tmp_path: Path) -> None:
    from seethrough.errors import SeethroughError

    tree = whole_tree(tmp_path)
    tree.mask_path(1, "skin").unlink()
    config = CelebaHqConfig(root=str(tree.root), prepared=str(tmp_path / "prepared"), landmarks=str(tree.landmarks()))
    with pytest.raises(SeethroughError, match=r"1\.jpg: there is no skin mask 00001_skin\.png of it") as caught:
        CelebaHqDataModule(config).prepare_data()
    assert "celeba_hq: 1 fault; mend them, or go on without these samples by" in str(caught.value)
    assert not (tmp_path / "prepared" / "manifest.jsonl").exists()


def test_files_that_turn_out_to_be_damaged_are_skipped_and_named(tmp_path: Path) -> None:
    tree = whole_tree(tmp_path)
    whole = tree.mask_path(4, "skin").read_bytes()
    for path in (tree.photo(0), tree.mask_path(4, "skin")):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    tree.mask_path(1, "skin").unlink()
    out = tmp_path / "prepared"
    config = CelebaHqConfig(
        root=str(tree.root), prepared=str(out), landmarks=str(tree.landmarks()), skip_bad=True, workers=0
    )
    data = CelebaHqDataModule(config)
    test = data.dataset("test")
    assert [test[place]["id"] for place in range(len(test))] == ["00003", "00005"]
    skipped = {row["id"]: row["reason"] for row in map(json.loads, (out / "skipped.jsonl").read_text().splitlines())}
    assert skipped.keys() == {"00000", "00001", "00004"}
    for sample_id, words in {"00000": "0.jpg", "00001": "no skin mask", "00004": "00004_skin.png"}.items():
        assert words in skipped[sample_id]
    # The same command after the mask was mended.
    tree.mask_path(4, "skin").write_bytes(whole)
    carry_out(preparation_of(config, "celeba_hq", listing(config)), jobs=1, progress=False)
    assert "00004" not in (out / "skipped.jsonl").read_text() and "00004" in (out / "manifest.jsonl").read_text()
