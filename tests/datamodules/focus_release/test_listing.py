"""Folders laid out for the released FOCUS code, and the faults they have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.focus_release.config import FocusReleaseConfig
from datamodules.focus_release.listing import listing, photo_id
from datamodules.photos.record import Listing
from tests.datamodules.celeba_hq.trees import face_landmarks
from tests.datamodules.focus_release.trees import SIDE, table_row, whole_tree, write_mask, write_photo, write_table


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return whole_tree(tmp_path / "image_root")


def read(root: Path, **settings: str) -> Listing:
    return listing(FocusReleaseConfig(root=str(root), **settings))  # pyright: ignore[reportArgumentType]


def told(found: Listing, root: Path) -> list[tuple[str, str]]:
    return [(fault.id, str(fault).replace(f"{root}/", "")) for fault in found.faults]


def test_tables_photos_masks_and_landmarks(root: Path) -> None:
    found = read(root)
    assert not found.faults
    assert [(record.id, record.split, record.mask is not None) for record in found.records] == [
        ("1", "train", False),
        ("people__2", "train", False),
        ("people__3", "train", False),
        ("4", "validation", False),
        ("5", "test", True),
        ("6", "test", True),
    ]
    # Written from the middle of the first pixel on, as whole numbers or not.
    np.testing.assert_array_equal(found.records[0].landmarks, face_landmarks(SIDE) + 0.5)
    np.testing.assert_array_equal(found.records[3].landmarks, face_landmarks(SIDE) + 0.75)
    assert found.records[2].source.read().shape == (SIDE, SIDE, 3)


def test_masks_are_white_where_the_face_is_seen(root: Path) -> None:
    record = read(root).records[5]
    assert record.mask is not None
    mask = record.mask.read(SIDE, SIDE)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2 + 0.5
    np.testing.assert_array_equal(mask, np.hypot(x, y) <= SIDE / 3 - 0.5)


@pytest.mark.parametrize("place", ["Dataset", "."])
def test_the_folder_of_photos_itself_will_do(root: Path, place: str) -> None:
    if place == ".":  # tables among the photos
        for path in (root / "Dataset").iterdir():
            path.rename(root / path.name)
        (root / "Dataset").rmdir()
    found = read(root / place)
    assert not found.faults and [record.split for record in found.records] == [
        "train", "train", "train", "validation", "test", "test",
    ]  # fmt: skip


def test_names_may_count_from_the_root(root: Path) -> None:
    write_table(root / "test_landmarks.csv", table_row("Dataset/5.jpg"))
    found = read(root)
    assert not found.faults and found.records[-1].id == "Dataset__5" and found.records[-1].mask is not None


def test_the_now_table_lies_among_its_photos(tmp_path: Path) -> None:
    name = "FaMoS_1/multiview_occlusions/IMG_0041.jpg"
    write_photo(tmp_path / "NoWDataset" / name)
    write_table(tmp_path / "NoWDataset" / "nowchallenge_landmarks.csv", table_row(name))
    found = read(tmp_path / "NoWDataset")
    assert not found.faults
    assert [(r.id, r.split) for r in found.records] == [("FaMoS_1__multiview_occlusions__IMG_0041", "test")]


def test_one_table_is_enough_and_another_test_table_can_be_named(root: Path) -> None:
    for name in ("train", "val"):
        (root / f"{name}_landmarks.csv").unlink()
    assert [record.id for record in read(root).records] == ["5", "6"]
    other = write_table(root.parent / "occluded.csv", table_row("6.png"))
    assert [record.id for record in read(root, test_table=str(other)).records] == ["6"]
    (fault,) = read(root, test_table="none.csv").faults
    assert "No such file" in str(fault) and fault.id == ""


def test_links_out_of_the_tree_are_followed(root: Path, tmp_path: Path) -> None:
    photo = root / "Dataset" / "1.jpg"
    photo.rename(tmp_path / "elsewhere.jpg")
    photo.symlink_to(tmp_path / "elsewhere.jpg")
    assert not read(root).faults


def test_photos_that_are_missing_or_none_are_faults_of_their_row(root: Path) -> None:
    photos = root / "Dataset"
    (photos / "1.jpg").unlink()
    (photos / "people" / "2.jpg").unlink()
    (photos / "people" / "2.jpg").mkdir()
    (photos / "4.jpg").unlink()
    (photos / "4.jpg").symlink_to("gone.jpg")
    (photos / "5_visible_skin_mask.png").unlink()
    (photos / "5_visible_skin_mask.png").mkdir()
    found = read(root)
    assert [record.id for record in found.records] == ["people__3", "6"]
    again = "put it there, or take the row out"
    assert told(found, root) == [
        ("1", f"train_landmarks.csv row 1: no file Dataset/1.jpg; {again}"),
        ("people__2", f"train_landmarks.csv row 2: Dataset/people/2.jpg: a folder is called like a photo; {again}"),
        ("4", f"val_landmarks.csv row 1: Dataset/4.jpg: the link leads nowhere; {again}"),
        (
            "5",
            "test_landmarks.csv row 1: Dataset/5_visible_skin_mask.png: a folder is called like a photo; "
            "put the mask there, or remove it",
        ),
    ]


def test_a_photo_in_two_rows_or_two_splits_is_a_fault(root: Path) -> None:
    write_table(root / "test_landmarks.csv", table_row("5.jpg"), table_row("./1.jpg"), table_row("5.jpg"), "6.png,1,2")
    found = read(root)
    assert told(found, root) == [
        ("6", "test_landmarks.csv row 4: 2 coordinates after the name; 68 landmarks have 136"),
        ("1", "test_landmarks.csv row 2: 1.jpg is also in train_landmarks.csv row 1; keep one of the two rows"),
        ("5", "test_landmarks.csv row 3: 5.jpg is also in test_landmarks.csv row 1; keep one of the two rows"),
    ]


def test_folders_without_tables_and_no_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (fault,) = read(tmp_path / "empty").faults
    assert "there is none of train_landmarks.csv, val_landmarks.csv" in str(fault) and fault.id == ""
    for missing in (str(tmp_path / "none"), ""):
        (fault,) = listing(FocusReleaseConfig(root=missing)).faults
        assert str(fault).startswith(missing or "data.root") and "no such folder" in str(fault)
    write_table(root / "train_landmarks.csv")
    assert "the landmark table is empty" in str(read(root).faults[0])


def test_ids_name_files() -> None:
    assert photo_id("a/b.c.jpg") == "a__b.c"
    assert photo_id("row 6") == "row 6"
    assert photo_id("../x.jpg") == "..__x"


def test_masks_do_not_hide_behind_other_formats(root: Path) -> None:
    write_photo(root / "Dataset" / "7.bmp")
    write_mask(root / "Dataset" / "7_Visible_Skin_Mask.PNG")
    write_table(root / "test_landmarks.csv", table_row("7.bmp"))
    assert read(root).records[-1].mask is not None


def test_a_missing_photo_of_the_usual_spelling_is_named_where_it_belongs(root: Path) -> None:
    write_table(
        root / "test_landmarks.csv", table_row("Dataset/5.jpg"), table_row("Dataset/gone.jpg"), table_row("a/b.jpg")
    )
    assert told(read(root), root) == [
        ("Dataset__gone", "test_landmarks.csv row 2: no file Dataset/gone.jpg; put it there, or take the row out"),
        (
            "a__b",
            "test_landmarks.csv row 3: no folder Dataset/a, which should hold b.jpg; put it there, or take the row out",
        ),
    ]
