"""CelebAMask-HQ trees as users have them, and the faults they have."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from datamodules.celeba_hq.config import CelebaHqConfig
from datamodules.celeba_hq.face_mask import CLASSES
from datamodules.celeba_hq.listing import listing
from datamodules.photos.record import Listing
from tests.datamodules.celeba_hq.trees import NUMBERS, CelebaTree, face_landmarks, whole_tree

SPLITS = ["train", "train", "validation", "test", "test", "test"]


@pytest.fixture
def tree(tmp_path: Path) -> CelebaTree:
    return whole_tree(tmp_path)


def read(tree: CelebaTree, **settings: object) -> Listing:
    return listing(CelebaHqConfig(root=str(tree.root), **settings))  # pyright: ignore[reportArgumentType]


def told(found: Listing, tree: CelebaTree) -> list[tuple[str, str]]:
    return [(fault.id, str(fault).replace(f"{tree.root}/", "")) for fault in found.faults]


@pytest.mark.parametrize("masks", ["CelebAMask-HQ-mask-anno", "CelebAMaskHQ-mask-anno", "celebamask-hq-mask-anno"])
@pytest.mark.parametrize("header", [True, False])
def test_every_spelling_lists_the_same(tmp_path: Path, masks: str, header: bool) -> None:
    tree = whole_tree(tmp_path, masks=masks, header=header)
    found = read(tree)
    assert not found.faults
    assert [record.id for record in found.records] == [f"{k:05d}" for k in range(6)]
    assert [record.split for record in found.records] == SPLITS
    for record in found.records:
        height, width = record.source.read().shape[:2]
        assert record.mask is not None and record.identity is None and record.landmarks is None
        mask = record.mask.read(height, width)
        assert mask.shape == (128, 128) and 0.2 < mask.mean() < 0.6
    assert pickle.loads(pickle.dumps(found.records[4])) == found.records[4]


def test_the_folder_around_it_will_do(tree: CelebaTree) -> None:
    assert listing(CelebaHqConfig(root=str(tree.root.parent))) == read(tree)


def test_photos_with_zeros_in_front_in_upper_case_and_as_png_are_found(tree: CelebaTree) -> None:
    (tree.root / "CelebA-HQ-img" / "0.jpg").rename(tree.root / "CelebA-HQ-img" / "00000.JPG")
    tree.photo(1, "1.png")
    (tree.root / "CelebA-HQ-img" / "1.jpg").unlink()
    skin = tree.mask_path(2, "skin")
    skin.rename(skin.with_name("00002_SKIN.PNG"))
    (tree.root / "CelebA-HQ-img" / ".hidden.jpg").write_text("")
    (tree.root / "CelebA-HQ-img" / "Thumbs.db").write_text("")
    found = read(tree)
    assert not found.faults and [record.split for record in found.records] == SPLITS
    assert [Path(record.source.name).name for record in found.records][:2] == ["00000.JPG", "1.png"]
    assert found.records[2].mask is not None and found.records[2].mask.read(64, 64).any()


def test_masks_all_in_one_folder(tree: CelebaTree) -> None:
    for path in sorted((tree.root / tree.masks / "0").iterdir()):
        path.rename(tree.root / tree.masks / path.name)
    found = read(tree)
    assert not found.faults and found.records[3].mask is not None and found.records[3].mask.read(64, 64).any()


def test_links_out_of_the_tree_are_followed(tree: CelebaTree, tmp_path: Path) -> None:
    photo = tree.root / "CelebA-HQ-img" / "3.jpg"
    photo.rename(tmp_path / "elsewhere.jpg")
    photo.symlink_to(tmp_path / "elsewhere.jpg")
    found = read(tree)
    assert not found.faults and found.records[3].source.read().shape == (128, 128, 3)


def test_absent_classes_are_no_fault_but_an_absent_photo_or_skin_is(tree: CelebaTree) -> None:
    tree.mask_path(0, "l_eye").unlink()
    tree.mask_path(1, "skin").unlink()
    (tree.root / "CelebA-HQ-img" / "4.jpg").unlink()
    found = read(tree)
    assert [record.id for record in found.records] == ["00000", "00002", "00003", "00005"]
    assert told(found, tree) == [
        ("00001", "CelebA-HQ-img/1.jpg: there is no skin mask 00001_skin.png of it; unpack the masks again"),
        ("00004", "CelebA-HQ-img/4.jpg: the mapping names this photo, it is not there; unpack the photos again"),
    ]


def test_files_that_are_none_and_files_too_many(tree: CelebaTree) -> None:
    photos = tree.root / "CelebA-HQ-img"
    for index in (0, 1):
        (photos / f"{index}.jpg").unlink()
    (photos / "0.jpg").mkdir()
    (photos / "1.jpg").symlink_to(photos / "gone")
    tree.photo(2, "00002.png")
    tree.photo(6)
    tree.photo(7, "my face.jpg")
    skin = tree.mask_path(3, "skin")
    skin.unlink()
    skin.mkdir()
    nose = tree.mask_path(4, "nose")
    nose.rename(nose.with_name("00004_noze.png"))
    eye = tree.mask_path(5, "l_eye")
    os.link(eye, eye.with_name("00005_L_EYE.png"))
    found = read(tree)
    known = " ".join(CLASSES)
    assert told(found, tree) == [
        ("00000", "CelebA-HQ-img/0.jpg: a folder, expected a photo; put the file there"),
        ("00001", "CelebA-HQ-img/1.jpg: a link to nothing, expected a photo; put the file there"),
        ("00002", "CelebA-HQ-img/2.jpg: 00002.png is the same photo 2; keep one"),
        ("my face", "CelebA-HQ-img/my face.jpg: the name is no number, as in 0.jpg to 29999.jpg; rename or remove it"),
        ("00003", f"{tree.masks}/0/00003_skin.png: a folder, expected a mask; put the file there"),
        ("00004", f"{tree.masks}/0/00004_noze.png: 'noze' is no class of CelebAMask-HQ ({known}); rename or remove it"),
        ("00005", f"{tree.masks}/0/00005_l_eye.png: photo 5 has another mask of it in {tree.masks}/0; keep one"),
        (
            "00006",
            "CelebA-HQ-img/6.jpg: the mapping has no row for this photo, so its split is unknown; "
            "get the mapping again",
        ),
    ]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            "CelebA-HQ-img",
            "there is no folder CelebA-HQ-img in it; give the unpacked CelebAMask-HQ as data.root=FOLDER",
        ),
        ("CelebAMask-HQ-mask-anno", "unpack it, or go on by data.masks=false"),
    ],
)
def test_folders_that_are_missing_are_one_fault(tree: CelebaTree, spoil: str, message: str) -> None:
    (tree.root / spoil).rename(tree.root / "away")
    found = read(tree)
    assert not found.records and len(found.faults) == 1
    assert message in str(found.faults[0]) and str(tree.root) in str(found.faults[0]) and found.faults[0].id == ""


def test_no_root_an_empty_folder_and_no_mapping(tree: CelebaTree) -> None:
    assert str(listing(CelebaHqConfig()).faults[0]).startswith("data.root: there is no folder CelebA-HQ-img")
    (tree.root / "CelebA-HQ-to-CelebA-mapping.txt").rename(tree.root / "mapping.txt")
    found = read(tree)
    assert not found.records
    assert "CelebA-HQ-to-CelebA-mapping.txt: the table cannot be read (No such file" in told(found, tree)[0][1]
    assert found.faults[0].id == ""
    assert not read(tree, mapping=str(tree.root / "mapping.txt")).faults
    for path in (tree.root / "CelebA-HQ-img").iterdir():
        path.unlink()
    assert "there is no photo in this folder, such as 0.jpg" in " ".join(text for _, text in told(read(tree), tree))


def test_without_masks_photos_alone_will_do(tree: CelebaTree) -> None:
    (tree.root / tree.masks).rename(tree.root / "away")
    found = read(tree, masks=False)
    assert not found.faults and [record.mask for record in found.records] == [None] * 6


@pytest.mark.parametrize("place", [".", "..", "Eval", "../CelebA/Eval"])
def test_celebas_partition_and_identities_are_found_and_believed(tree: CelebaTree, place: str) -> None:
    folder = tree.root / place
    folder.mkdir(parents=True, exist_ok=True)
    partitions = [2, 1, 0, 0, 1, 2]
    rows = [f"{number:06d}.jpg {part}" for number, part in zip(NUMBERS, partitions, strict=True)]
    (folder / "list_eval_partition.txt").write_text("\n".join(rows))
    identities = folder.parent / "Anno" if folder.name == "Eval" else folder
    identities.mkdir(exist_ok=True)
    (identities / "identity_CelebA.txt").write_text("".join(f"{number:06d}.jpg {number % 7}\n" for number in NUMBERS))
    found = read(tree)
    assert [record.split for record in found.records] == ["test", "validation", "train", "train", "validation", "test"]
    assert [record.identity for record in found.records] == [str(number % 7) for number in NUMBERS]


def test_a_photo_that_the_partition_does_not_name_is_a_fault(tree: CelebaTree) -> None:
    path = tree.root / "parts.txt"
    path.write_text("\n".join(f"{number:06d}.jpg 0" for number in NUMBERS[1:]))
    found = read(tree, partition=str(path))
    assert told(found, tree) == [
        (
            "00000",
            "CelebA-HQ-img/0.jpg: the partition has no row for its CelebA photo 119613.jpg; get the file again",
        )
    ]
    assert "No such file" in str(read(tree, partition="none.txt").faults[0])


def test_subsets_are_those_of_the_list_in_the_root_or_elsewhere(tree: CelebaTree, tmp_path: Path) -> None:
    text = "id,subset\n00003,unoccluded\n00004,occluded\n00005,\n"
    (tree.root / "celeba_hq_subsets.csv").write_text(text)
    found = read(tree)
    assert not found.faults
    assert [record.subset for record in found.records] == ["", "", "", "unoccluded", "occluded", ""]
    (tmp_path / "mine.csv").write_text("id,subset\n1,occluded\n5,occluded\n")
    found = read(tree, subsets=str(tmp_path / "mine.csv"))
    assert [record.subset for record in found.records][3:] == ["", "", "occluded"]
    assert told(found, tree) == [
        (
            "00001",
            "CelebA-HQ-img/1.jpg: the list of subsets calls it occluded, it is a train photo; write the list anew",
        )
    ]
    assert "No such file" in str(read(tree, subsets="none.csv").faults[0])


def test_landmarks_are_taken_from_a_table(tree: CelebaTree) -> None:
    table = tree.landmarks(5)
    found = read(tree, landmarks=str(table))
    assert not found.faults
    np.testing.assert_array_equal(found.records[0].landmarks, face_landmarks(128) + 0.5)
    assert found.records[5].landmarks is None  # left to a detector
    with table.open("a") as file:
        file.write("CelebA-HQ-img/3.jpg,1,2\n" + table.read_text().splitlines()[2].replace("2.jpg", "face.jpg"))
    assert [(fault.id, fault.where) for fault in read(tree, landmarks=str(table)).faults] == [
        ("00003", f"{table} row 6"),
        ("CelebA-HQ-img/face.jpg", f"{table} row 7"),
    ]
