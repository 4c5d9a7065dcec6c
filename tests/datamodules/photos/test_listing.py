from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.photos.faults import refuse_or_skip
from datamodules.photos.listing import listing
from seethrough.errors import SeethroughError


def photo(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 10), (200, 100, 50)).save(path)
    return path


def test_a_folder_gives_everything_below_it_in_order(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/z.JPG", "a/deeper/y.png", "c.webp", ".hidden/x.jpg", ".x.jpg"):
        photo(tmp_path / name)
    (tmp_path / "notes.txt").write_text("nothing")
    found = listing(tmp_path)
    assert [record.id for record in found.records] == ["a__deeper__y", "a__z", "b", "c"]
    assert not found.faults
    assert found.records[0].source.name == str(tmp_path / "a/deeper/y.png")
    assert found.records[0].source.read().shape == (10, 12, 3)


def test_photos_that_differ_in_the_suffix_alone_keep_it(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "b.jpg"):
        photo(tmp_path / name)
    assert [record.id for record in listing(tmp_path).records] == ["a.jpg", "a.png", "b"]


def test_masks_and_detections_beside_photos_are_theirs(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "lonely_visible_skin_mask.png")
    mask = np.zeros((10, 12), np.uint8)
    mask[:4] = 255
    Image.fromarray(mask).save(tmp_path / "a_visible_skin_mask.png")
    (tmp_path / "detections").mkdir()
    points = [[3, 4], [8, 4], [6, 6], [4, 8], [7, 8]]
    (tmp_path / "detections/a.txt").write_text("\n".join(f"{x} {y}" for x, y in points))
    first, second = listing(tmp_path).records
    assert (first.id, second.id) == ("a", "lonely_visible_skin_mask")
    assert first.mask is not None and first.mask.read(10, 12).sum() == 4 * 12
    assert first.landmarks is not None and second.landmarks is None
    np.testing.assert_array_equal(first.landmarks, np.array(points) + 0.5)
    (tmp_path / "detections/a.txt").write_text("1 2\n3 x\n")
    found = listing(tmp_path)
    assert [record.id for record in found.records] == ["lonely_visible_skin_mask"]
    assert found.faults[0].id == "a" and "detections/a.txt row 2" in str(found.faults[0])


def test_a_list_names_photos_from_its_own_folder(tmp_path: Path) -> None:
    for name in ("photos/a.jpg", "photos/b.jpg", "other/c.jpg"):
        photo(tmp_path / name)
    elsewhere = tmp_path / "photos" / "list.txt"
    elsewhere.write_text(f"# mine\nb.jpg\r\n\n  a.jpg\n..\\other\\c.jpg\n{tmp_path / 'photos/b.jpg'}\nnone.jpg\n")
    found = listing(elsewhere)
    names = [record.id for record in found.records]
    assert names[:2] == ["b", "a"] and names[2].endswith("__other__c")
    assert [fault.where for fault in found.faults] == [f"{elsewhere} row 6", f"{elsewhere} row 7"]
    assert "has the id 'b'" in found.faults[0].what and f"{elsewhere} row 2" in found.faults[0].what
    assert f"there is no photo {tmp_path / 'photos/none.jpg'}" in found.faults[1].what


def test_folders_and_links_that_look_like_photos(tmp_path: Path) -> None:
    photo(tmp_path / "elsewhere/far.jpg")
    tree = tmp_path / "tree"
    photo(tree / "a.jpg")
    (tree / "folder.jpg").mkdir()
    (tree / "broken.jpg").symlink_to(tmp_path / "nothing.jpg")
    (tree / "linked.jpg").symlink_to(tmp_path / "elsewhere/far.jpg")
    (tree / "out").symlink_to(tmp_path / "elsewhere")
    (tree / "loop").symlink_to(tree)
    found = listing(tree)
    assert [record.id for record in found.records] == ["a", "linked", "out__far"]
    assert [fault.id for fault in found.faults] == ["broken", "folder"]
    assert "a link to nothing" in found.faults[0].what and "is a folder" in found.faults[1].what
    assert refuse_or_skip(found.faults, "photos", True, lambda line: None) == {"broken", "folder"}


def test_one_photo_is_a_data_set(tmp_path: Path) -> None:
    path = photo(tmp_path / "me.jpg")
    assert [record.id for record in listing(path).records] == ["me"]
    assert "there is no photo" in str(listing(tmp_path / "you.jpg").faults[0])


@pytest.mark.parametrize(("name", "words"), [("", "no photo in this folder"), ("none.txt", "the list cannot be read"),
                                             ("empty.txt", "the list names no photo")])  # fmt: skip
def test_nothing_is_a_fault_that_cannot_be_skipped(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "empty.txt").write_text("# a.jpg\n")
    found = listing(tmp_path / name)
    assert not found.records
    with pytest.raises(SeethroughError, match=words):
        refuse_or_skip(found.faults, "photos", True)


def test_long_paths_stay_names_of_files(tmp_path: Path) -> None:
    for last in "ab":
        photo(tmp_path / ("x" * 100) / ("y" * 100) / f"{last}.jpg")
    names = [record.id for record in listing(tmp_path).records]
    assert len(set(names)) == 2 and all(len(name) < 100 for name in names)


def test_photos_of_telephones_are_told_and_not_passed_over(tmp_path: Path) -> None:
    for name in ("IMG_1.HEIC", "IMG_2.heic", "IMG_2.jpg"):
        photo(tmp_path / "x.jpg").rename(tmp_path / name)
    found = listing(tmp_path)
    assert [record.id for record in found.records] == ["IMG_1", "IMG_2"] and not found.faults, "the JPEG of IMG_2"
    assert found.records[0].source.name.endswith("IMG_1.HEIC") and found.records[1].source.name.endswith("IMG_2.jpg")
