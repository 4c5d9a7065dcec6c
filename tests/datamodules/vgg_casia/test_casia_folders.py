from __future__ import annotations

import os

import pytest

from seethrough.errors import SeethroughError
from tests.datamodules.vgg_casia.trees import ids, jpeg, listed, the_fault, write, write_casia, write_photos

ALL = ["0000045_001", "0000045_002", "0000099_001", "0000100_001"]


def test_folders_sorted(tmp_path):
    write_casia(tmp_path / "CASIA-WebFace")
    for root in (tmp_path, tmp_path / "CASIA-WebFace"):
        found = listed(root)
        assert not found.faults
        assert ids(found) == ALL
        assert [record.identity for record in found.records] == ["0000045", "0000045", "0000099", "0000100"]
        assert all(record.source.read().shape == (24, 24, 3) for record in found.records)


@pytest.mark.parametrize("name", ["cleaned list.txt", "cleaned_list.txt"])
def test_cleaned_list_with_backslashes(tmp_path, name):
    write_casia(tmp_path)
    write(tmp_path / name, "0000099\\001.jpg 1\r\n0000045\\002.jpg    0\r\n")
    found = listed(tmp_path)
    assert not found.faults
    assert ids(found) == ["0000099_001", "0000045_002"]
    assert ids(listed(tmp_path, list_file="")) == ALL
    write(tmp_path / "mine.txt", "0000100/001.jpg\n")
    assert ids(listed(tmp_path, list_file="mine.txt")) == ["0000100_001"]
    with pytest.raises(SeethroughError, match=r"gone.txt: the list cannot be read \(No such file"):
        listed(tmp_path, list_file="gone.txt")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0000045\\009.jpg 0", "no file {root}/0000045/009.jpg"),
        ("0000046\\001.jpg 3", "no folder {root}/0000046"),
        ("0000100\\001.jpg 0", "label 0 stood for '0000045' before and stands for '0000100' here"),
        ("0000045\\001.jpg 0", "0000045_001 was there before, in row 1"),
        ("nonsense", "expected PERSON/PHOTO.jpg"),
        ("..\\..\\001.jpg 7", "expected PERSON/PHOTO.jpg"),
    ],
)
def test_faults_of_the_list(tmp_path, row, message):
    write_casia(tmp_path)
    path = write(tmp_path / "cleaned list.txt", f"0000045\\001.jpg 0\n{row}\n")
    found = listed(tmp_path)
    fault = the_fault(found)
    assert fault.where == f"{path} row 2"
    assert message.format(root=tmp_path) in fault.what
    assert ids(found) == ["0000045_001"]


def test_faults_of_folders_can_each_be_skipped(tmp_path):
    write_casia(tmp_path)
    (tmp_path / "0000101").mkdir()
    (tmp_path / "0000102/deeper").mkdir(parents=True)
    (tmp_path / "0000045/003.jpg").mkdir()
    (tmp_path / "0000045/004.jpg").symlink_to("nowhere.jpg")
    found = listed(tmp_path)
    assert ids(found) == ALL
    assert [(fault.where, fault.id) for fault in found.faults] == [
        (f"{tmp_path}/0000045/003.jpg", "0000045_003.jpg"),
        (f"{tmp_path}/0000045/004.jpg", "0000045_004.jpg"),
        (f"{tmp_path}/0000101", "0000101"),
        (f"{tmp_path}/0000102", "0000102"),
    ]
    told = [fault.what for fault in found.faults]
    for part, what in zip(
        ("called like a photo", "leads nowhere", "remove it or fill it", "only folders"), told, strict=True
    ):
        assert part in what


def test_links_are_followed_out_of_the_tree(tmp_path):
    photos = write_casia(tmp_path / "disk")
    other = write(tmp_path / "elsewhere.jpg", jpeg(9))
    root = tmp_path / "set"
    root.mkdir()
    for person in os.listdir(photos):
        (root / person).symlink_to(photos / person)
    (photos / "0000099/002.jpg").symlink_to(other)
    found = listed(root)
    assert not found.faults
    assert ids(found) == [*ALL[:3], "0000099_002", ALL[3]]
    assert found.records[3].source.read().shape == (24, 24, 3)


def test_two_photos_of_one_stem_keep_two_ids(tmp_path):
    write_photos(tmp_path, ["0000045/001.jpg", "0000045/001.png", "0000045/001.JPG"])
    found = listed(tmp_path)
    assert not found.faults
    assert len(set(ids(found))) == 3
    assert "0000045_001" in ids(found)


def test_ids_of_different_people_never_collide(tmp_path):
    write_photos(tmp_path, ["a/b_1.jpg", "a_b/1.jpg", "c/1.jpg"])
    found = listed(tmp_path, layout="casia_folders")
    assert ids(found) == ["a_b_1", "c_1"]
    fault = the_fault(found)
    assert fault.where == f"{tmp_path}/a_b/1.jpg"
    assert f"a_b_1 was there before, in {tmp_path}/a/b_1.jpg" in fault.what


def test_a_truncated_photo_is_told_when_it_is_read(tmp_path):
    write_casia(tmp_path)
    path = tmp_path / "0000045/001.jpg"
    path.write_bytes(path.read_bytes()[:150])
    found = listed(tmp_path)
    assert not found.faults
    with pytest.raises(SeethroughError, match=r"0000045/001.jpg: .*(decoded|not an image)"):
        found.records[0].source.read()


def test_a_folder_without_people(tmp_path):
    with pytest.raises(SeethroughError, match="no folder of a person"):
        listed(tmp_path, layout="casia_folders")
