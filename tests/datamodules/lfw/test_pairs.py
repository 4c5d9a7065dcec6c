from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.lfw.pairs import Pair, read_pairs
from seethrough.errors import SeethroughError
from tests.datamodules.lfw.trees import pair_rows, write_pairs


@pytest.mark.parametrize("separator", ["\t", " ", " \t "])
def test_pairs_of_each_fold_in_their_order(tmp_path: Path, separator: str) -> None:
    found = read_pairs(write_pairs(tmp_path / "pairs.txt", pair_rows(separator)))
    assert found.folds == 2 and found.faults == ()
    assert [pair.fold for pair in found.pairs] == [0] * 4 + [1] * 4
    assert [pair.same for pair in found.pairs] == [True, True, False, False] * 2
    assert found.pairs[0] == Pair(0, "Ann_Bell_0001", "Ann_Bell_0002", True, 2)
    assert found.pairs[6] == Pair(1, "Hugo_0001", "Eve_F_Gray_0001", False, 8)
    # Each photo once, by first mention; the name keeps its own underscores.
    assert list(found.images) == [
        "Ann_Bell_0001", "Ann_Bell_0002", "Carl_Dee_0001", "Carl_Dee_0002",
        "Hugo_0001", "Ann_Bell_0003", "Eve_F_Gray_0001", "Eve_F_Gray_0002",
    ]  # fmt: skip
    assert found.images["Eve_F_Gray_0001"] == "Eve_F_Gray"
    assert found.first_rows["Hugo_0001"] == 4


def test_other_line_ends_marks_and_blank_rows_change_nothing(tmp_path: Path) -> None:
    plain = read_pairs(write_pairs(tmp_path / "pairs.txt"))
    (tmp_path / "dos.txt").write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*pair_rows(), "", ""]).encode())
    assert read_pairs(tmp_path / "dos.txt") == plain


def test_a_single_number_is_one_fold(tmp_path: Path) -> None:
    rows = pair_rows()
    found = read_pairs(write_pairs(tmp_path / "pairsDevTest.txt", ["2", *rows[1:5]]))
    assert found.folds == 1 and {pair.fold for pair in found.pairs} == {0} and not found.faults


@pytest.mark.parametrize(
    ("row", "text", "message"),
    [
        (2, "Ann_Bell\t1", "row 2: expected a pair of the same person, 'name i j', found 'Ann_Bell 1'"),
        (2, "Ann_Bell\t1\tHugo\t1", "row 2: expected a pair of the same person"),
        (4, "Ann_Bell\t1\t2", "row 4: expected a pair of two people"),
        (3, "Carl_Dee\t1\tx", "row 3: the numbers of the photos in 'Carl_Dee 1 x' must be 1 or more"),
        (3, "Carl_Dee\t0\t1", "row 3: the numbers"),
        (3, "Carl_Dee\t2\t2", "row 3: 'Carl_Dee 2 2' compares a photo with itself"),
        (4, "Hugo\t1\tHugo\t2", "row 4: 'Hugo 1 Hugo 2' should be of two people"),
        (4, "../etc/x\t1\tHugo\t2", "names no person"),
        (6, "Ann_Bell\t2\t1", "row 6: the same pair as in row 2"),
    ],
)
def test_faults_name_their_row(tmp_path: Path, row: int, text: str, message: str) -> None:
    rows = pair_rows()
    rows[row - 1] = text
    found = read_pairs(write_pairs(tmp_path / "pairs.txt", rows))
    assert len(found.faults) == 1 and message in str(found.faults[0])
    # A fold that lacks a pair is no fold: the fault cannot be skipped.
    assert found.faults[0].id == "" and len(found.pairs) == 7


def test_a_list_that_was_cut_off_says_so(tmp_path: Path) -> None:
    found = read_pairs(write_pairs(tmp_path / "pairs.txt", pair_rows()[:-1]))
    assert "7 pairs, row 1 promises 8 (2 folds of 2 x 2)" in str(found.faults[0])
    longer = read_pairs(write_pairs(tmp_path / "pairs.txt", [*pair_rows(), "Hugo\t2\tAnn_Bell\t1"]))
    assert "9 pairs, row 1 promises 8" in str(longer.faults[0])


def test_lists_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match="no such list"):
        read_pairs(tmp_path / "pairs.txt")
    for content in (b"", b"name\timagenum1\n", b"10\t300\t5\n", b"0 300\n", b"10 -3\n"):
        (tmp_path / "pairs.txt").write_bytes(content)
        with pytest.raises(SeethroughError, match="row 1: expected the number of folds"):
            read_pairs(tmp_path / "pairs.txt")
    (tmp_path / "pairs.txt").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(SeethroughError, match="it is no text"):
        read_pairs(tmp_path / "pairs.txt")
    with pytest.raises(SeethroughError, match="cannot be read"):
        read_pairs(tmp_path)
