from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.vgg_casia.record_io import header_at, read_header, read_index, read_payload, walk
from seethrough.errors import SeethroughError
from tests.datamodules.vgg_casia.trees import MAGIC, pack_image, pack_record, write, write_records

# One record, by hand: magic, whole record of 27 bytes; no further labels, label 7.0, id 3, id2 0; "JPG", padding.
BY_HAND = bytes.fromhex("0a23d7ce 1b000000 00000000 0000e040 0300000000000000 0000000000000000 4a5047 00")


def test_a_record_written_by_hand(tmp_path):
    path = write(tmp_path / "a.rec", BY_HAND)
    payload = read_payload(path, 0)
    header = read_header(payload, "a")
    assert header == ((7.0,), 3, 24)
    assert payload[header.image :] == b"JPG"
    assert pack_record(pack_image((7.0,), 3, b"JPG")) == BY_HAND
    assert [column.tolist() for column in walk(path)] == [[3], [0]]


def test_further_labels_stand_before_the_image(tmp_path):
    path = write(tmp_path / "a.rec", pack_record(pack_image((5.0, 1.0, -2.5), 9, b"image")))
    header, image = header_at(path, 0, "a")
    assert header == ((5.0, 1.0, -2.5), 9, 36)
    assert image
    assert read_payload(path, 0)[36:] == b"image"
    path = write(tmp_path / "b.rec", pack_record(pack_image((5.0, 1.0), 9, b"")))
    assert not header_at(path, 0, "b")[1]


words = st.lists(st.one_of(st.just(MAGIC), st.binary(max_size=6)), max_size=8).map(b"".join)


@given(st.lists(words, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_magic_numbers_in_an_image_cut_it_into_parts_that_come_together_again(tmp_path_factory, images):
    path = tmp_path_factory.getbasetemp() / "a.rec"
    payloads = [pack_image((1.0,), 50 - number, image) for number, image in enumerate(images)]
    path.write_bytes(b"".join(map(pack_record, payloads)))
    keys, offsets = walk(path)
    assert keys.tolist() == [50 - number for number in range(len(images))]
    assert [read_payload(path, offset) for offset in offsets.tolist()] == payloads


def test_parts_with_the_flags_first_middle_last(tmp_path):
    image = MAGIC + b"abcd" + MAGIC + MAGIC + b"e"
    content = pack_record(pack_image((1.0,), 1, image))
    flags = [
        struct.unpack_from("<I", content, at + 4)[0] >> 29
        for at in range(0, len(content), 4)
        if content[at:].startswith(MAGIC)
    ]
    assert flags == [1, 2, 2, 3]
    path = write(tmp_path / "a.rec", content)
    assert read_payload(path, 0)[24:] == image
    assert header_at(path, 0, "a") == (((1.0,), 1, 24), True)
    write(tmp_path / "cut.rec", content[:32] + pack_record(b"whole"))
    with pytest.raises(SeethroughError, match=r"cut.rec byte 32: a record breaks off before its last part"):
        read_payload(tmp_path / "cut.rec", 0)
    with pytest.raises(SeethroughError, match=r"a.rec byte 32: the middle of a record"):
        read_payload(path, 32)


def test_damage_is_told_with_its_place(tmp_path):
    path = write(tmp_path / "a.rec", BY_HAND + BY_HAND[:-6])
    for offset, message in (
        (4, "no record begins here"),
        (44, "the file ends inside a record"),
        (900, "the file ends"),
    ):
        with pytest.raises(SeethroughError, match=rf"^{path} byte {offset}: [^\n]*{message}"):
            read_payload(path, 36 if offset == 44 else offset)
    with pytest.raises(SeethroughError, match="byte 36: the file ends inside a record"):
        walk(path)
    write(tmp_path / "b.rec", BY_HAND + b"garbage which is no record")
    with pytest.raises(SeethroughError, match=r"b.rec byte 36: no record begins here"):
        walk(tmp_path / "b.rec")
    with pytest.raises(SeethroughError, match=r"gone.rec: cannot be read \(No such file"):
        read_payload(tmp_path / "gone.rec", 0)
    for payload in (b"", BY_HAND[8:20], struct.pack("<IfQQ", 5, 0, 0, 0) + b"abc"):
        with pytest.raises(SeethroughError, match=r"^record 8: \d+ bytes are too few"):
            read_header(payload, "record 8")


@pytest.mark.parametrize("layout", [("<u8", "<u8"), ("<u4", "<u8"), ("<u4", "<u4")])
def test_indices_in_text_and_in_binary_agree(tmp_path, layout):
    write_records(tmp_path, (2, 3, 1))
    keys, offsets = read_index(tmp_path / "train.idx", tmp_path / "train.rec")
    assert keys.tolist() == [1, 2, 3, 4, 5, 6, 0, 7, 8, 9]
    assert [column.tolist() for column in walk(tmp_path / "train.rec")] == [keys.tolist(), offsets.tolist()]
    rows = np.zeros(len(keys), [("key", layout[0]), ("offset", layout[1])])
    rows["key"], rows["offset"] = keys, offsets
    write(tmp_path / "binary.idx", rows.tobytes())
    again = read_index(tmp_path / "binary.idx", tmp_path / "train.rec")
    assert [column.tolist() for column in again] == [keys.tolist(), offsets.tolist()]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b" \n", "the index is empty"),
        (b"0\t0\n1\t2x\n", "row 2: expected KEY<TAB>OFFSET, found '1\\\\t2x'"),
        (b"0\t0\n1\n2\n", "row 2: expected KEY<TAB>OFFSET, found '1'"),
        (b"0\t-7\n", "row 1: expected KEY<TAB>OFFSET"),
        (b"0\t99999999999999999999999\n", "expected KEY<TAB>OFFSET"),
        (bytes(range(48)), "neither text nor a binary index of train.rec"),
    ],
)
def test_damaged_indices(tmp_path, content, message):
    write_records(tmp_path)
    path = write(tmp_path / "train.idx", content)
    with pytest.raises(SeethroughError, match=rf"^{path}[^\n]*{message}"):
        read_index(path, tmp_path / "train.rec")
