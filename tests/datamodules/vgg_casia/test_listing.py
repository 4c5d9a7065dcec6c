from __future__ import annotations

import pickle

import pytest

from datamodules.photos.record import PhotoFile, PhotoRecord
from datamodules.vgg_casia.file_records import FileRecords
from seethrough.errors import SeethroughError
from tests.datamodules.vgg_casia.trees import (
    ids,
    listed,
    write,
    write_casia,
    write_records,
    write_vgg_face,
    write_vggface2,
)


@pytest.mark.parametrize(
    ("write_tree", "layout", "count"),
    [
        (write_vgg_face, "vgg_face", 6),
        (write_vggface2, "vggface2", 4),
        (write_casia, "casia_folders", 4),
        (write_records, "casia_record", 6),
    ],
)
def test_layouts_are_found(tmp_path, write_tree, layout, count):
    write_tree(tmp_path)
    write(tmp_path / "readme.txt", "not a photo")
    found = listed(tmp_path)
    assert len(found.records) == count
    assert len(set(ids(found))) == count
    assert f"read in the layout {layout}, for there is " in found.note
    assert not listed(tmp_path, layout=layout).note
    assert list(found.records) == list(listed(tmp_path, layout=layout).records)
    assert list(pickle.loads(pickle.dumps(found.records))) == list(found.records)
    for other in {"vgg_face", "vggface2", "casia_record"} - {layout}:
        with pytest.raises(SeethroughError, match=f"^{tmp_path}"):
            listed(tmp_path, layout=other)


def test_folders_that_tell_nothing_or_too_much(tmp_path):
    with pytest.raises(SeethroughError, match=r"^data.root is empty"):
        listed("")
    with pytest.raises(SeethroughError, match=r"gone: no such folder; check data.root"):
        listed(tmp_path / "gone")
    with pytest.raises(SeethroughError, match=r"a.txt: a file; data.root must be the folder"):
        listed(write(tmp_path / "a.txt"))
    with pytest.raises(SeethroughError, match=r"no known layout; expected files/Aamir_Khan.txt \(vgg_face\), train/n"):
        listed(tmp_path)
    write_casia(tmp_path)
    write_records(tmp_path)
    with pytest.raises(
        SeethroughError, match=r"looks like casia_folders and like casia_record; choose one by data.layout"
    ):
        listed(tmp_path)
    assert len(listed(tmp_path, layout="casia_folders").records) == 4


def test_a_folder_above_several_data_sets_is_not_taken_for_one_of_them(tmp_path):
    write_casia(tmp_path / "CASIA-WebFace")
    found = listed(tmp_path)
    assert len(found.records) == 4 and "layout casia_folders, for there is CASIA-WebFace/" in found.note
    write(tmp_path / "LFW" / "pairs.txt")
    with pytest.raises(SeethroughError, match=r"other folders \(LFW\): give .* data\.root=.*/CASIA-WebFace$"):
        listed(tmp_path)
    assert len(listed(tmp_path, layout="casia_folders").records) == 4


def test_a_wrong_template_is_named(tmp_path):
    write_vgg_face(tmp_path)
    with pytest.raises(SeethroughError, match=r"no photo of the lists .*path_template=a/\{id\} says; correct it"):
        listed(tmp_path, path_template="a/{id}", only_downloaded=True)


def test_settings_that_cannot_be(tmp_path):
    with pytest.raises(SeethroughError, match=r"data.minimum_box=-1"):
        listed(write_casia(tmp_path), minimum_box=-1.0)


def test_records_are_a_sequence(tmp_path):
    records = FileRecords(tmp_path, boxes=True)
    person = records.add_folder("A", "a")
    records.add(person, "1.jpg", row=4, box=(1, 2, 3, 4))
    records.add(person, "2.jpg", sample="other")
    first = PhotoRecord("A_1", PhotoFile(tmp_path / "a/1.jpg"), identity="A", box=(1, 2, 3, 4))
    second = PhotoRecord("other", PhotoFile(tmp_path / "a/2.jpg"), identity="A")
    assert list(records) == [first, second] == records[:] == [records[0], records[-1]]
    assert records[:-1] == [first]
    for index in (2, -3):
        with pytest.raises(IndexError):
            records[index]
    assert records.without({0})[0] == second
    records.set_box(1, (5, 6, 7, 8))
    assert records[1].box == (5, 6, 7, 8)
    joined = FileRecords(tmp_path, boxes=True)
    joined.extend(records)
    joined.extend(records)
    assert list(joined) == [*records, *records]
    assert joined.repeats() == {2: 0, 3: 1}
    assert records.repeats() == {}
