from __future__ import annotations

import pytest

from datamodules.vgg_casia.vggface2_tables import read_people
from seethrough.errors import SeethroughError
from tests.datamodules.vgg_casia.trees import ids, listed, the_fault, write, write_photos, write_vggface2

ALL = ["n000002_0001_01", "n000002_0002_01", "n000003_0005_02", "n000001_0019_01"]


def test_folders_lists_and_boxes(tmp_path):
    found = listed(write_vggface2(tmp_path))
    assert not found.faults
    assert ids(found) == ALL
    assert [record.split for record in found.records] == ["train"] * 3 + ["test"]
    assert [record.identity for record in found.records] == ["n000002", "n000002", "n000003", "n000001"]
    assert found.records[1].box == (10, -1, 110, 119)
    assert found.records[3].source.name == str(tmp_path / "test/n000001/0019_01.jpg")


def test_a_list_decides_what_is_taken_and_in_which_order(tmp_path):
    write_vggface2(tmp_path)
    write(tmp_path / "train_list.txt", "n000003\\0005_02.jpg\r\n\r\ntrain/n000002/0001_01.JPG\r\n")
    found = listed(tmp_path)
    assert not found.faults
    assert ids(found) == ["n000003_0005_02", "n000002_0001_01", "n000001_0019_01"]
    (tmp_path / "train_list.txt").rename(tmp_path / "train.txt")
    assert ids(listed(tmp_path))[0] == "n000003_0005_02"


def test_without_any_table_folders_are_read_in_order(tmp_path):
    write_photos(tmp_path / "data/train", ["n000009/0002_01.png", "n000002/0003_01.jpg", "n000002/0001_01.jpg"])
    write(tmp_path / "data/train/n000002/._0001_01.jpg")
    write(tmp_path / "data/train/n000002/notes.txt")
    found = listed(tmp_path)
    assert not found.faults
    assert ids(found) == ["n000002_0001_01", "n000002_0003_01", "n000009_0002_01"]
    assert found.records[0].box is None


def test_people_have_names_with_commas(tmp_path):
    people, faults = read_people(write_vggface2(tmp_path) / "identity_meta.csv")
    assert not faults
    assert [person.name for person in people.values()] == ["Dalai_Lama", "Fine, A._Frenzy", "Sons, _of_Him"]
    assert [person.in_training for person in people.values()] == [False, True, True]
    assert people["n000002"].photos == 2


def test_people_as_the_official_file_writes_them(tmp_path):
    meta = write_vggface2(tmp_path) / "identity_meta.csv"
    meta.write_text(
        'Class_ID, Name, Sample_Num, Flag, Gender,\nn000001, "14th_Dalai_Lama",424,0, m,\n'
        'n000002, "A_Fine_Frenzy",315,1, f,\nn000003, "Jane,_Doe",12,1, f\n'
    )
    meta.rename(write(tmp_path / "label/identity_meta.csv"))
    people, faults = read_people(tmp_path / "label/identity_meta.csv")
    assert not faults
    assert [(each.name, each.photos, each.in_training) for each in people.values()] == [
        ("14th_Dalai_Lama", 424, False), ("A_Fine_Frenzy", 315, True), ("Jane,_Doe", 12, True),
    ]  # fmt: skip
    (tmp_path / "test/n000001").rename(tmp_path / "train/n000001")
    assert "14th_Dalai_Lama belongs to test" in " ".join(fault.what for fault in listed(tmp_path).faults)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("n000004, A, 3", "3 columns, expected Class_ID, Name"),
        ("n000004, A, many, 1, m", "Sample_Num 'many' and Flag '1' must be"),
        ("n000004, A, 3, 2, m", "Flag '2'"),
        ("n000001, A, 3, 0, m", "n000001 was given in row 2 already"),
    ],
)
def test_faults_of_the_people(tmp_path, row, message):
    meta = write_vggface2(tmp_path) / "identity_meta.csv"
    meta.write_text(meta.read_text() + row + "\n")
    fault = the_fault(listed(tmp_path))
    assert fault.where == f"{meta} row 5"
    assert message in fault.what


def test_nobody_of_the_test_set_among_those_for_training(tmp_path):
    meta = write_vggface2(tmp_path) / "identity_meta.csv"
    meta.write_text(meta.read_text().replace("Sons,_of_Him, 1, 1", "Sons,_of_Him, 1, 0"))
    found = listed(tmp_path)
    assert [fault.where for fault in found.faults] == [str(tmp_path / "train/n000003")]
    assert "Sons, _of_Him belongs to test" in found.faults[0].what
    assert ids(found) == [*ALL[:2], ALL[3]], "skip_bad must not train on them"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("n000003/0007_01.jpg", "no file {root}/train/n000003/0007_01.jpg"),
        ("n000077/0001_01.jpg", "no folder {root}/train/n000077"),
        ("0001_01.jpg", "expected PERSON/PHOTO.jpg"),
        ("n000002/0002_01.jpg", "n000002_0002_01 was there before, in row 2"),
    ],
)
def test_faults_of_a_list(tmp_path, row, message):
    path = write_vggface2(tmp_path) / "train_list.txt"
    path.write_text(path.read_text() + row + "\n")
    found = listed(tmp_path)
    fault = the_fault(found)
    assert fault.where == f"{path} row 4"
    assert message.format(root=tmp_path) in fault.what
    assert ids(found) == ALL


@pytest.mark.parametrize(
    ("row", "message", "lost"),
    [
        ('"n000003/0005_02",1,2,3', "expected NAME_ID,X,Y,W,H", True),
        ('"n000003/0005_02",1,2,x,4', "could not convert string to float: 'x'", True),
        ('"n000003/0005_02",1,2,0,4', "the box 1,2,0,4 is empty", True),
        ('"n000003/0005_02",inf,2,5,4', "the box inf,2,5,4 is empty", True),
        ('"n000003/0005_02",1,2,3,4\n"n000003/0005_02",1,2,3,4', "has a box already", False),
    ],
)
def test_faults_of_a_box(tmp_path, row, message, lost):
    path = write_vggface2(tmp_path) / "bb_landmark/loose_bb_train.csv"
    lines = path.read_text().splitlines()[:-1]
    path.write_text("\n".join([*lines, row]) + "\n")
    found = listed(tmp_path)
    told = found.faults[0]
    assert told.where == f"{path} row {4 + row.count(chr(10))}"
    assert message in told.what
    assert ("n000003_0005_02" in ids(found)) is not lost
    assert len(listed(tmp_path, boxes=False).records) == 4
    assert not listed(tmp_path, boxes=False).faults


def test_a_photo_without_a_box(tmp_path):
    path = write_vggface2(tmp_path) / "bb_landmark/loose_bb_test.csv"
    path.write_text("NAME_ID,X,Y,W,H\n")
    fault = the_fault(listed(tmp_path))
    assert fault.where == str(tmp_path / "test/n000001/0019_01.jpg")
    assert fault.id == "n000001_0019_01"
    assert "or use data.boxes=false" in fault.what


def test_a_box_whose_photo_is_missing(tmp_path):
    write_vggface2(tmp_path)
    (tmp_path / "train_list.txt").unlink()
    (tmp_path / "train/n000002/0002_01.jpg").unlink()
    fault = the_fault(listed(tmp_path))
    assert fault.where == f"{tmp_path}/bb_landmark/loose_bb_train.csv row 3"
    assert fault.what == f"no file {tmp_path}/train/n000002/0002_01.jpg"


def test_small_boxes_are_passed_over(tmp_path):
    path = write_vggface2(tmp_path) / "bb_landmark/loose_bb_train.csv"
    path.write_text(path.read_text().replace('0002_01",10,-1,100', '0002_01",10,-1,30'))
    assert ids(listed(tmp_path, minimum_box=50.0)) == [ALL[0], *ALL[2:]]
    path.unlink()
    with pytest.raises(SeethroughError, match=r"data.minimum_box=50 needs data.boxes=true and bb_landmark/loose_bb"):
        listed(tmp_path, minimum_box=50.0)


def test_a_table_that_is_no_text(tmp_path):
    path = write_vggface2(tmp_path) / "bb_landmark/loose_bb_train.csv"
    path.write_text('"' + "x" * 200_000)
    with pytest.raises(SeethroughError, match=r"loose_bb_train.csv row 1: field larger"):
        listed(tmp_path)
