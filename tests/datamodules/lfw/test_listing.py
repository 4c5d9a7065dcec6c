from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from datamodules.lfw.config import LfwConfig
from datamodules.lfw.listing import FACE_BOX, listing
from datamodules.lfw.pairs import read_pairs
from seethrough.errors import SeethroughError
from tests.datamodules.lfw.trees import pair_rows, write_lfw, write_pairs, write_photo


@pytest.mark.parametrize(
    "folder", ["lfw", "lfw_funneled", "lfw-deepfunneled", "lfw-deepfunneled/lfw-deepfunneled", "."]
)
def test_photos_of_the_pairs_each_once(tmp_path: Path, folder: str) -> None:
    write_lfw(tmp_path, folder)
    found = listing(LfwConfig(root=str(tmp_path)))
    assert not found.faults
    assert [record.id for record in found.records] == list(read_pairs(tmp_path / "pairs.txt").images)
    assert found.records[6].identity == "Eve_F_Gray" and found.records[6].split == "test"
    assert all(record.source.read().shape == (64, 64, 3) for record in found.records)


def test_the_box_is_the_middle_of_the_photo() -> None:
    left, top, right, bottom = FACE_BOX
    assert left == top and left + right == top + bottom == pytest.approx(250)
    assert 250 / (right - left) == pytest.approx(2.2)


def test_lists_beside_and_among_the_photos(tmp_path: Path) -> None:
    write_lfw(tmp_path)
    expected = listing(LfwConfig(root=str(tmp_path))).records
    shutil.move(tmp_path / "pairs.txt", tmp_path / "lfw" / "pairs.txt")
    assert listing(LfwConfig(root=str(tmp_path))).records == expected
    shutil.move(tmp_path / "lfw" / "pairs.txt", tmp_path / "other.txt")
    assert listing(LfwConfig(root=str(tmp_path), pairs=str(tmp_path / "other.txt"))).records == expected
    assert listing(LfwConfig(root=str(tmp_path / "lfw"), pairs="other.txt")).records == expected
    with pytest.raises(SeethroughError, match=r"has no pairs\.txt; get it from .* or name it by data\.pairs=PATH"):
        listing(LfwConfig(root=str(tmp_path)))


def test_several_versions_need_a_choice(tmp_path: Path) -> None:
    write_lfw(tmp_path, "lfw")
    write_lfw(tmp_path, "lfw_funneled")
    with pytest.raises(SeethroughError, match=r"choose one by data\.folder=lfw or data\.folder=lfw_funneled"):
        listing(LfwConfig(root=str(tmp_path)))
    found = listing(LfwConfig(root=str(tmp_path), folder="lfw_funneled"))
    assert all("lfw_funneled" in record.source.name for record in found.records)
    with pytest.raises(SeethroughError, match="has no folder deep"):
        listing(LfwConfig(root=str(tmp_path), folder="deep"))


def test_every_photo(tmp_path: Path) -> None:
    write_lfw(tmp_path)
    write_photo(tmp_path / "lfw" / "Zoe" / "Zoe_0001.jpg")
    (tmp_path / "lfw" / "Zoe" / "Zoe_0002.jpg").symlink_to(tmp_path / "nowhere")
    assert len(listing(LfwConfig(root=str(tmp_path))).records) == 8
    found = listing(LfwConfig(root=str(tmp_path), all_photos=True))
    assert [record.id for record in found.records][8:] == ["Zoe_0001"]
    assert [str(fault).rpartition("/")[2] for fault in found.faults] == [
        "Zoe_0002.jpg: the link leads nowhere; remove or replace it"
    ]


def test_faults_name_the_row_and_the_file(tmp_path: Path) -> None:
    write_lfw(tmp_path)
    photos = tmp_path / "lfw"
    (photos / "Hugo" / "Hugo_0001.jpg").unlink()
    (photos / "Ann_Bell" / "Ann_Bell_0002.jpg").rename(photos / "Ann_Bell" / "ann_bell_0002.JPG")
    shutil.rmtree(photos / "Eve_F_Gray")
    (photos / "Carl_Dee" / "Carl_Dee_0001.jpg").unlink()
    (photos / "Carl_Dee" / "Carl_Dee_0001.jpg").mkdir()
    found = listing(LfwConfig(root=str(tmp_path)))
    told = {fault.id: str(fault) for fault in found.faults}
    assert list(told) == ["Carl_Dee_0001", "Hugo_0001", "Eve_F_Gray_0001", "Eve_F_Gray_0002"]
    # Hugo is in three pairs and is told once, with the first.
    assert "pairs.txt row 4: no file" in told["Hugo_0001"] and "Hugo/Hugo_0001.jpg" in told["Hugo_0001"]
    assert "row 3" in told["Carl_Dee_0001"] and "a folder is called like a photo" in told["Carl_Dee_0001"]
    assert "no folder" in told["Eve_F_Gray_0001"]
    assert found.records[1].source.name.endswith("ann_bell_0002.JPG")  # the case of letters is forgiven


def test_a_row_that_is_wrong_is_a_fault_of_the_list(tmp_path: Path) -> None:
    write_lfw(tmp_path)
    write_pairs(tmp_path / "pairs.txt", [*pair_rows()[:3], "Hugo\tone\tAnn_Bell\t1", *pair_rows()[4:]])
    found = listing(LfwConfig(root=str(tmp_path)))
    assert [fault.id for fault in found.faults] == [""] and "row 4" in str(found.faults[0])


def test_roots_that_are_none(tmp_path: Path) -> None:
    for root in ("", str(tmp_path / "nowhere")):
        with pytest.raises(SeethroughError, match=r"data\.root='.*' is no folder"):
            listing(LfwConfig(root=root))
    write_pairs(tmp_path / "pairs.txt")
    with pytest.raises(SeethroughError, match=r"has none of the 8 photos of .*; is it the folder of LFW"):
        listing(LfwConfig(root=str(tmp_path)))


@pytest.mark.parametrize("folder", ["lfw", "lfw_funneled"])
def test_the_folder_above_will_do_or_is_told_which_one_is_lfw(tmp_path: Path, folder: str) -> None:
    write_lfw(tmp_path / "sets" / "LFW", folder)  # LFW/lfw, and the list between them
    (tmp_path / "sets" / "other").mkdir()
    assert len(listing(LfwConfig(root=str(tmp_path / "sets"))).records) == 8
    inner = tmp_path / "sets" / "faces in the wild"
    (tmp_path / "sets" / "LFW").rename(inner)
    words = rf"sets has no pairs\.txt; {inner} looks like LFW: give data\.root={inner}"
    with pytest.raises(SeethroughError, match=words):
        listing(LfwConfig(root=str(tmp_path / "sets")))
    write_pairs(tmp_path / "sets" / "pairs.txt")
    with pytest.raises(SeethroughError, match=rf"none of the 8 photos .*give data\.root={inner}"):
        listing(LfwConfig(root=str(tmp_path / "sets")))
