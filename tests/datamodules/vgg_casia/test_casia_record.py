from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from datamodules.vgg_casia.encoded_photo import RecordPhoto
from seethrough.errors import SeethroughError
from tests.datamodules.vgg_casia.trees import (
    ids,
    jpeg,
    listed,
    pack_image,
    pack_record,
    the_fault,
    write,
    write_records,
)

IDS = [f"train_{key:08d}" for key in range(1, 7)]
NAMES = ["0000045", "0000045", "0000055", "0000065", "0000065", "0000065"]
NUMBERS = ["0", "0", "1", "2", "2", "2"]


def people(found) -> list[str]:
    return [record.identity for record in found.records]


def edit(path, old: str, new: str) -> None:
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("index", [True, False])
def test_images_in_the_order_of_their_keys(tmp_path, ranges, index):
    write_records(tmp_path, ranges=ranges)
    if not index:
        (tmp_path / "train.idx").unlink()
    found = listed(tmp_path)
    assert not found.faults
    assert ids(found) == IDS
    assert people(found) == NAMES
    for key, record in enumerate(found.records, 1):
        assert record.source.encoded() == jpeg(key)
    assert found.records[-1] == found.records[5] == list(found.records[4:])[1]


def test_without_a_list_people_are_numbered(tmp_path):
    write_records(tmp_path)
    (tmp_path / "train.lst").unlink()
    found = listed(tmp_path / "train.rec")
    assert not found.faults
    assert people(found) == NUMBERS


def test_lists_with_boxes_and_landmarks_and_unaligned_photos(tmp_path):
    rows = (write_records(tmp_path) / "train.lst").read_text().splitlines()
    box, points = "\t1\t2\t3\t4", "\t0.5" * 10
    rows[1] += box
    rows[2] = rows[2].replace("1\t/", "0\t/") + box + points
    rows.insert(3, "0\t/raid/CASIA-WebFace/9999999/001.jpg\t9")  # neither aligned nor with landmarks: not packed
    write(tmp_path / "train.lst", "\n".join(rows))
    found = listed(tmp_path)
    assert not found.faults
    assert people(found) == NAMES


def test_lists_of_im2rec_give_keys(tmp_path):
    write_records(tmp_path, ranges=False)
    rows = [f"{key}\t{float(NUMBERS[key - 1]):.6f}\t{NAMES[key - 1]}/{key}.jpg" for key in (3, 1, 2, 6, 5, 4)]
    write(tmp_path / "train.lst", "\n".join(rows))
    found = listed(tmp_path)
    assert not found.faults
    assert people(found) == NAMES


def test_a_record_that_is_cut_into_parts(tmp_path):
    def image(key: int) -> bytes:
        content = jpeg(key)
        at = -(24 + 8) % 4 + 4 * 5
        return content[:at] + bytes.fromhex("0a23d7ce") * 2 + content[at:]

    write_records(tmp_path, image=image)
    found = listed(tmp_path)
    assert not found.faults
    assert found.records[3].source.encoded() == image(4)


def test_sources_travel_and_each_process_opens_the_file(tmp_path):
    write_records(tmp_path)
    source = pickle.loads(pickle.dumps(listed(tmp_path).records[2].source))
    photo = source.read()
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.write(write_end, bytes([int(np.array_equal(source.read(), photo))]))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read_end, 1) == b"\x01"
    assert source.name == f"{tmp_path}/train.rec record 3"


def test_what_cannot_be_read_names_file_and_record(tmp_path):
    path = write(tmp_path / "a.rec", pack_record(pack_image((0.0,), 4, jpeg()[:100])) + pack_record(b"short"))
    with pytest.raises(SeethroughError, match=r"a.rec record 4: .*(decoded|not an image)"):
        RecordPhoto(path, 0, 4).read()
    with pytest.raises(SeethroughError, match=r"a.rec record 5: 5 bytes are too few"):
        RecordPhoto(path, 132, 5).read()


def test_a_file_that_was_not_copied_to_its_end(tmp_path):
    path = write_records(tmp_path) / "train.rec"
    content = path.read_bytes()
    offsets = dict(map(int, row.split()) for row in (tmp_path / "train.idx").read_text().splitlines())
    path.write_bytes(content[: offsets[5] + 20])
    (tmp_path / "property").unlink()
    found = listed(tmp_path)
    assert ids(found) == IDS[:4], "the fifth has lost its label"
    told = {fault.where: fault for fault in found.faults}
    assert "lies behind the end of train.rec" in told[f"{tmp_path}/train.idx row 6"].what
    assert told[f"{tmp_path}/train.idx row 6"].id == IDS[5]
    assert "the file ends inside a record" in told[f"{path} byte {offsets[5] + 8}"].what
    assert all(fault.id for fault in found.faults)
    path.write_bytes(b"")
    with pytest.raises(SeethroughError, match=r"train.idx: no offset lies in train.rec \(0 bytes\)"):
        listed(tmp_path)


def test_index_of_another_file(tmp_path):
    index = write_records(tmp_path) / "train.idx"
    rows = [map(int, row.split()) for row in index.read_text().splitlines()]
    write(index, "\n".join(f"{key}\t{offset + 4}" for key, offset in rows))
    with pytest.raises(SeethroughError, match="no record begins here; the file is damaged or the index belongs to"):
        listed(tmp_path)


def test_faults_of_the_index(tmp_path):
    index = write_records(tmp_path) / "train.idx"
    rows = index.read_text().splitlines()
    write(index, "\n".join([*rows, rows[1]]))
    fault = the_fault(listed(tmp_path))
    assert fault.where == f"{index} row {len(rows) + 1}"
    assert fault.what.startswith("the key 2 was given before")
    write(index, "\n".join(rows[:2] + rows[3:]))
    found = listed(tmp_path)
    assert ids(found) == IDS[:2] + IDS[3:]
    assert found.faults[0].what.startswith("1 of 6 images have no row, the first is 3")
    assert people(found) == NAMES[:2] + NAMES[3:]


def test_list_of_another_file(tmp_path):
    path = write_records(tmp_path) / "train.lst"
    content = path.read_text()
    write(path, content.replace("\t1\n", "\t2\n"))
    with pytest.raises(SeethroughError, match=r"train.lst: label 2 for record 3, whose own is 1; the list belongs to"):
        listed(tmp_path)
    write(path, content.split("\n", 1)[1])
    found = listed(tmp_path)
    fault = the_fault(found)
    assert fault.where == str(path)
    assert fault.what.startswith("5 rows for 6 images")
    assert people(found) == NUMBERS
    write(path, content + "1\t001.jpg\t0\n")
    with pytest.raises(SeethroughError, match=r"train.lst row 7: expected 1<TAB>/PERSON/PHOTO.jpg<TAB>LABEL, found"):
        listed(tmp_path)


def test_one_label_for_two_names(tmp_path):
    edit(write_records(tmp_path) / "train.lst", "0000065/003.jpg", "0000077/003.jpg")
    found = listed(tmp_path)
    fault = the_fault(found)
    assert "label 2 stands for '0000065' and for '0000077' (record 6)" in fault.what
    assert people(found) == NAMES


@pytest.mark.parametrize("label", [0.5, float("nan"), float("inf")])
def test_labels_that_are_no_numbers_of_people(tmp_path, label):
    path = write(
        tmp_path / "train.rec", b"".join(pack_record(pack_image((x,), k, jpeg(k))) for k, x in ((3, 4.0), (4, label)))
    )
    found = listed(tmp_path)
    assert ids(found) == ["train_00000003"]
    assert the_fault(found).where == f"{path} record 4"
    assert the_fault(found).id == "train_00000004"


@pytest.mark.parametrize(
    ("content", "message"), [("4,112,112", "4 people, the record file has 3"), ("4", "expected PEOPLE")]
)
def test_property_of_another_file(tmp_path, content, message):
    path = write(write_records(tmp_path) / "property", content)
    assert the_fault(listed(tmp_path)).where == str(path)
    assert message in the_fault(listed(tmp_path)).what


def test_which_record_file(tmp_path):
    write_records(tmp_path)
    (tmp_path / "train.rec").rename(tmp_path / "faces.rec")
    (tmp_path / "property").unlink()
    assert ids(listed(tmp_path))[0] == "faces_00000001"
    (tmp_path / "more.rec").write_bytes((tmp_path / "faces.rec").read_bytes())
    with pytest.raises(
        SeethroughError, match=r"several record files \(faces.rec, more.rec\); choose one by data.record_"
    ):
        listed(tmp_path)
    assert ids(listed(tmp_path, record_file="more.rec"))[0] == "more_00000001"
    with pytest.raises(SeethroughError, match=r"none.rec: no such file"):
        listed(tmp_path, record_file="none.rec")
