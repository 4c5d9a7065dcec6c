from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.now.detected_face import read_detected_face
from seethrough.errors import SeethroughError
from tests.datamodules.now.trees import BOX, box_file, python2_pickle


def written(path: Path, payload: bytes) -> Path:
    path.write_bytes(box_file(payload))
    return path


def test_what_python_2_wrote(tmp_path: Path) -> None:
    path = written(tmp_path / "box.npy", python2_pickle({**BOX, "left": -3.5}))
    assert read_detected_face(path) == (-3.5, 8.0, 52.0, 58.0)
    # The file that the tree has is one that NumPy itself reads.
    assert np.load(path, allow_pickle=True, encoding="latin1").item() == {**BOX, "left": -3.5}


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_numbers_of_every_kind(tmp_path: Path, protocol: int) -> None:
    values = {"left": np.float32(1.5), "top": np.int64(-2), "right": np.array([100.25], ">f8"), "bottom": 90, "more": 1}
    for loaded in (values, np.array(values, dtype=object), np.array([values], dtype=object)):
        path = written(tmp_path / "box.npy", pickle.dumps(loaded, protocol=protocol))
        assert read_detected_face(path) == (1.5, -2.0, 100.25, 90.0)


class Asking:
    """What a tampered file would have run."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("function", [os.system, eval, np.load, getattr, np.zeros])
def test_a_pickle_runs_nothing(tmp_path: Path, function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "ran"
    path = written(tmp_path / "box.npy", pickle.dumps({**BOX, "left": Asking(function, f"touch {marker}")}, protocol=2))
    with pytest.raises(
        SeethroughError, match=r"box\.npy: no box of a face \(it asks for .*, which a box has no use for"
    ):
        read_detected_face(path)
    assert not marker.exists()


def test_stand_ins_keep_no_state_from_file_to_file(tmp_path: Path) -> None:
    # BUILD on the type itself, not on an object of it: {'arguments': ...} must not stick to the class.
    tampered = b"\x80\x02cnumpy\ndtype\n}U\x05stateK\x01sb."
    with pytest.raises(SeethroughError, match="no box of a face"):
        read_detected_face(written(tmp_path / "bad.npy", tampered))
    assert read_detected_face(written(tmp_path / "box.npy", python2_pickle(BOX))) == (12.0, 8.0, 52.0, 58.0)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (pickle.dumps({"left": 1.0, "top": 2.0, "right": 9.0}), "no 'bottom' in it"),
        (pickle.dumps([1.0, 2.0, 9.0, 9.0]), "the object in it is no dict"),
        (pickle.dumps({**BOX, "left": "12"}), "a str where a number should be"),
        (pickle.dumps({**BOX, "left": True}), "a bool where a number should be"),
        (pickle.dumps({**BOX, "left": np.array([1.0, 2.0])}, protocol=2), "no box of a face"),
        (pickle.dumps({**BOX, "left": np.array("1", dtype="U1")}, protocol=2), "a NumPy type that is no number"),
        (python2_pickle(BOX)[:60], "no box of a face"),
        (b"", "no box of a face"),
        (pickle.dumps({**BOX, "right": 12.0}), "the box 12, 8, 12, 58 .* has no size"),
        (pickle.dumps({**BOX, "right": float("nan")}), "has no size"),
        (pickle.dumps({**BOX, "more": "x" * 70000}), "more than 65536 bytes"),
    ],
)
def test_files_that_hold_no_box(tmp_path: Path, payload: bytes, message: str) -> None:
    with pytest.raises(SeethroughError, match=message):
        read_detected_face(written(tmp_path / "box.npy", payload))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"box\.npy: the box of the face cannot be read \(No such file"):
        read_detected_face(tmp_path / "box.npy")
    np.save(tmp_path / "box.npy", np.array([12.0, 8.0, 52.0, 58.0]))
    with pytest.raises(SeethroughError, match=r"an array of \(4,\) float64, expected one dict"):
        read_detected_face(tmp_path / "box.npy")
    (tmp_path / "box.npy").write_bytes(b"left 12")
    with pytest.raises(SeethroughError, match="no box of a face"):
        read_detected_face(tmp_path / "box.npy")
