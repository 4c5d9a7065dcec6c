from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable.archive import read_face_model, write_face_model
from tests.small_face import small_face_model


@pytest.fixture
def archive(tmp_path):
    model = small_face_model(9)
    model.expression_units = {"jawOpen": torch.tensor([1.0, 0, 0, 0.5])}
    return write_face_model(model, tmp_path / "face.npz"), model


def test_comes_back_bit_for_bit(archive):
    path, model = archive
    read = read_face_model(path)
    for (name, expected), (other, actual) in zip(model.named_buffers(), read.named_buffers(), strict=True):
        assert name == other
        assert expected.dtype == actual.dtype
        assert torch.equal(expected, actual), name
    assert (read.name, read.provenance) == (model.name, model.provenance)
    for group in ("regions", "expression_units"):
        expected, actual = getattr(model, group), getattr(read, group)
        assert list(expected) == list(actual)
        assert all(torch.equal(expected[key], actual[key]) for key in expected)


def test_a_model_without_expressions_regions_and_names(tmp_path):
    model = small_face_model(9)
    model.regions = {}
    bare = read_face_model(write_face_model(model, tmp_path / "face.npz"))
    assert bare.regions == {}
    assert bare.expression_units == {}


def _rewrite(path, **changes) -> None:
    with np.load(path) as content:
        arrays = {key: content[key] for key in content.files}
    arrays = {key: value for key, value in (arrays | changes).items() if value is not None}
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": None}, "not a face model of this project"),
        ({"version": np.array(99)}, "version 99 is newer"),
        ({"version": None}, "not a face model of this project"),
        ({"mirror": None, "uv": None}, "mirror, uv missing"),
        ({"mean": np.zeros((80, 3), np.float32)}, "inconsistent face model"),
        ({"landmarks": np.full(68, 81)}, "inconsistent face model"),
        ({"landmarks": np.zeros(67, np.int64)}, "inconsistent face model"),
        ({"triangles": np.zeros((5, 3), np.float32)}, "triangles holds float32"),
        ({"mean": np.array("text")}, "mean holds <U4"),
        ({"mean": np.float32(3)}, "mean is a single number"),
        ({"region_names": np.array(["face"])}, r"region_values has shape \(2, 81\), expected \(1, 81\)"),
        ({"expression_unit_values": np.zeros((1, 5), np.float32)}, r"expected \(1, 4\)"),
    ],
)
def test_a_wrong_archive_gets_one_line(archive, changes, message):
    path, _ = archive
    _rewrite(path, **changes)
    with pytest.raises(SeethroughError, match=message) as error:
        read_face_model(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_flipped_bit_anywhere_gets_one_line_or_does_no_harm(archive):
    path, _ = archive
    content = path.read_bytes()
    messages = []
    for place in range(3, len(content), len(content) // 120):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            read_face_model(path)
        except SeethroughError as error:
            messages.append(str(error))
    assert len(messages) > 60
    assert not any("\n" in message for message in messages)


@pytest.mark.parametrize("size", [0, 10, 2000])
def test_a_truncated_archive_gets_one_line(archive, size):
    path, _ = archive
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(SeethroughError, match="damaged or of another kind"):
        read_face_model(path)


def test_a_lone_array_is_no_archive(tmp_path):
    path = tmp_path / "face.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(SeethroughError, match="damaged or of another kind"):
        read_face_model(path)


class _Bomb:
    def __reduce__(self):
        return (_explode, ())


def _explode():
    raise AssertionError("a pickle inside an archive was executed")


@pytest.mark.parametrize("inside", [True, False])
def test_never_unpickles(archive, inside):
    path, _ = archive
    if inside:
        _rewrite(path, mean=None)
        stream = io.BytesIO()
        np.save(stream, np.array([_Bomb()], dtype=object), allow_pickle=True)
        with zipfile.ZipFile(path, "a") as content:
            content.writestr("mean.npy", stream.getvalue())
    else:
        path.write_bytes(pickle.dumps(_Bomb()))
    with pytest.raises(SeethroughError, match="damaged or of another kind"):
        read_face_model(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(SeethroughError, match="no such face model file"):
        read_face_model(tmp_path / "face.npz")
