from __future__ import annotations

import pickle

import numpy as np
import pytest

from datamodules.vgg_casia.verification_pickle import read_verification_pickle
from seethrough.errors import SeethroughError
from tests.datamodules.vgg_casia.trees import ids, jpeg, listed, write, write_records, write_verification

# Python 2's protocol 2 of (["ab", "cd"], [True]): its strings are the bytes of the images.
BY_PYTHON_2 = b"\x80\x02]q\x00(U\x02abq\x01U\x02cdq\x02e]q\x03\x88a\x86q\x04."


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_pairs_and_their_photos(tmp_path, protocol):
    path = write_verification(tmp_path / "lfw.bin", pairs=3, protocol=protocol)
    found = read_verification_pickle(path)
    assert found.same.tolist() == [True, False, True]
    assert found.pairs()[1] == ("lfw_00002", "lfw_00003", False)
    assert [record.source.encoded() for record in found.records()] == [jpeg(100 + number) for number in range(6)]
    record = found.records()[4]
    assert (record.id, record.split, record.subset, record.identity) == ("lfw_00004", "test", "lfw", None)
    assert record.source.read().shape == (24, 24, 3)
    assert record.source.name == f"{path} image 4"


def test_files_of_python_2(tmp_path):
    found = read_verification_pickle(write(tmp_path / "a.bin", BY_PYTHON_2))
    assert [record.source.encoded() for record in found.records()] == [b"ab", b"cd"]


def test_a_photo_in_several_pairs(tmp_path):
    one, other = jpeg(1), jpeg(2)
    found = read_verification_pickle(write(tmp_path / "a.bin", pickle.dumps(([one, other, one, one], [False, True]))))
    assert [record.source.encoded() for record in found.records()] == [one, other, one, one]


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_cannot_run_anything(tmp_path, protocol):
    marker = tmp_path / "ran"
    path = write(tmp_path / "a.bin", pickle.dumps(([b"x", Evil(marker)], [True]), protocol))
    with pytest.raises(SeethroughError, match=r"a.bin: no verification set of insightface \(it asks for "):
        read_verification_pickle(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no verification set"),
        (pickle.dumps(([jpeg(), jpeg()], [True]))[:-300], "no verification set"),
        (pickle.dumps(([np.zeros(3)] * 2, [True])), "it asks for numpy"),
        (pickle.dumps([1, 2, 3]), "expected two lists"),
        (pickle.dumps({"a": []}), "expected two lists"),
        (pickle.dumps(([b"x", "y"], [True])), "image 1: str, expected the bytes of an image"),
        (pickle.dumps(([b"x", b""], [True])), "image 1: bytes, expected"),
        (pickle.dumps(([b"x", b"y"], [2])), "pair 0: 2 is neither true nor false"),
        (pickle.dumps(([b"x", b"y", b"z"], [True])), "3 images for 1 pairs"),
        (pickle.dumps(([], [])), "0 images for 0 pairs"),
        (b"(lp0\nS'\\x01\\x02'\np1\naS'cd'\np2\na(lp3\nI01\na\x86.", "image 0: stored as text"),
    ],
)
def test_damaged_files(tmp_path, content, message):
    path = write(tmp_path / "a.bin", content)
    with pytest.raises(SeethroughError, match=rf"^{path}[^\n]*{message}[^\n]*$"):
        read_verification_pickle(path)


def test_as_test_sets_beside_the_training_records(tmp_path):
    write_verification(write_records(tmp_path) / "lfw.bin")
    write_verification(tmp_path / "cfp_fp.bin", pairs=1)
    found = listed(tmp_path, verification_files=["lfw.bin", "cfp_fp.bin"])
    assert not found.faults
    assert ids(found)[6:] == ["lfw_00000", "lfw_00001", "lfw_00002", "lfw_00003", "cfp_fp_00000", "cfp_fp_00001"]
    assert [record.split for record in found.records] == ["train"] * 6 + ["test"] * 6
    with pytest.raises(SeethroughError, match=r"agedb.bin: cannot be read \(No such file"):
        listed(tmp_path, verification_files=["agedb.bin"])
