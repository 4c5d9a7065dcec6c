"""Landmark tables of FOCUS and detections of Deep3D, as users have them and with their faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.photos.landmark_files import find_detection, photo_name, read_detection, read_landmark_table
from seethrough.errors import SeethroughError


def points(count: int = 68) -> np.ndarray:
    return np.arange(2 * count).reshape(count, 2) % 97 + 10


def row(name: str, values: np.ndarray) -> str:
    return ",".join([name, *(str(value) for value in values.reshape(-1))])


def table(folder: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path = folder / "test_landmarks.csv"
    path.write_bytes("\n".join(rows).encode(encoding))
    return path


def test_whole_and_fractional_coordinates_gain_half_a_pixel(tmp_path: Path) -> None:
    whole, fractional = points(), points() + 0.25
    read = read_landmark_table(table(tmp_path, row("1.jpg", whole), row("2.jpg", fractional)))
    assert [r.name for r in read.rows] == ["1.jpg", "2.jpg"] and not read.faults
    np.testing.assert_array_equal(read.rows[0].landmarks, whole + 0.5)
    np.testing.assert_array_equal(read.rows[1].landmarks, whole + 0.75)


def test_header_byte_order_mark_blank_lines_quotes_and_a_comma_at_the_end(tmp_path: Path) -> None:
    header = ",".join(["file", *(f"{axis}{k}" for k in range(68) for axis in "xy")])
    path = table(tmp_path, header, "", row('"a,b.jpg"', points()) + ",", "", encoding="utf-8-sig")
    read = read_landmark_table(path)
    assert [(r.name, r.row) for r in read.rows] == [("a,b.jpg", 3)] and not read.faults


@pytest.mark.parametrize("written", ["a/b.jpg", "/a/b.jpg", "a//b.jpg", ".\\a\\b.jpg", " a\\b.jpg "])
def test_separators_are_written_uniformly(written: str) -> None:
    assert photo_name(written) == "a/b.jpg"


def test_each_broken_row_is_one_fault_with_file_and_row(tmp_path: Path) -> None:
    short, word, nowhere, not_finite = row("s.jpg", points(67)), points().astype(str), np.zeros((68, 2)), points() + 0.0
    word[3, 1], not_finite[0, 0] = "left", np.nan
    path = table(
        tmp_path,
        row("good.jpg", points()),
        short,
        row("w.jpg", word),
        row("zero.jpg", nowhere),
        row("nan.jpg", not_finite),
        row("", points()),
    )
    read = read_landmark_table(path)
    assert [r.name for r in read.rows] == ["good.jpg"]
    assert [str(fault) for fault in read.faults] == [
        f"{path} row 2: 134 coordinates after the name; 68 landmarks have 136",
        f"{path} row 3: 'left' is no coordinate; write a number",
        f"{path} row 4: all landmarks within 4 pixels, no face was found; detect it again or take it out",
        f"{path} row 5: a coordinate is not finite; detect this face again or take it out",
        f"{path} row 6: no photo is named in the first column",
    ]
    assert [fault.id for fault in read.faults] == ["s.jpg", "w.jpg", "zero.jpg", "nan.jpg", "row 6"]


def test_a_file_that_cannot_be_read_is_a_fault_of_the_whole(tmp_path: Path) -> None:
    missing = read_landmark_table(tmp_path / "none.csv")
    assert "No such file" in str(missing.faults[0]) and missing.faults[0].id == ""
    (tmp_path / "folder.csv").mkdir()
    assert "Is a directory" in str(read_landmark_table(tmp_path / "folder.csv").faults[0])
    assert "it needs rows" in str(read_landmark_table(table(tmp_path, "", "")).faults[0])
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0")
    assert "no text in UTF-8" in str(read_landmark_table(tmp_path / "picture.csv").faults[0])


@pytest.mark.parametrize("separator", [" ", "\t", ", "])
def test_detections_of_deep3d(tmp_path: Path, separator: str) -> None:
    detections = tmp_path / "detections"
    detections.mkdir()
    path = detections / "face.txt"
    path.write_text("\n".join(f"{x}{separator}{y}" for x, y in points(5)) + "\n\n")
    assert find_detection(tmp_path / "face.JPG") == path
    assert find_detection(tmp_path / "other.jpg") is None
    np.testing.assert_array_equal(read_detection(path), points(5) + 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2\n3 4\n5 6\n", "3 points; landmarks have 5 or 68 lines 'x y'"),
        ("1 2\n3 4\n5 6 7\n", "row 3: '5 6 7' is no point; write two numbers 'x y'"),
        ("1 2\nx y\n", "row 2: 'x y' is no point"),
        ("1 2\n" * 5, "all landmarks within 4 pixels"),
        ("", "0 points"),
    ],
)
def test_detections_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "face.txt"
    path.write_text(text)
    with pytest.raises(SeethroughError, match=message) as caught:
        read_detection(path)
    assert str(path) in str(caught.value)


def test_detections_that_are_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match="No such file"):
        read_detection(tmp_path / "none.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(SeethroughError, match="cannot be read"):
        read_detection(tmp_path / "binary.txt")
