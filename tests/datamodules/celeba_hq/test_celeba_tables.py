"""CelebA's tables in the forms that users have, and the split by number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.celeba_hq.celeba_tables import (
    OFFICIAL_SPLIT,
    read_identities,
    read_mapping,
    read_partition,
    split_of_number,
    wrong_split,
)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_split_of_all_numbers_is_that_of_celeba() -> None:
    # 202,599 photos: 162,770 of training, 19,867 of validation, 19,962 of test, in this order.
    splits = [split_of_number(number) for number in range(1, 202600)]
    assert splits == ["train"] * 162770 + ["validation"] * 19867 + ["test"] * 19962


def test_the_official_code_counts_from_0_and_splits_alike_but_at_two_numbers() -> None:
    def official(index: int) -> str:  # orig_idx, the same constants
        return "validation" if 162771 <= index < 182638 else "test" if index >= 182638 else "train"

    different = [number for number in range(1, 202600) if official(number - 1) != split_of_number(number)]
    assert different == [162771, 182638]


@pytest.mark.parametrize("header", ["", "idx orig_idx orig_file\n", "\n idx\torig_idx\torig_file\n"])
def test_mapping_with_and_without_header(tmp_path: Path, header: str) -> None:
    table = read_mapping(
        write(tmp_path / "m.txt", f"{header}0       119612      119613.jpg\n1 , 202598 , 202599.JPG\n\n")
    )
    assert table.rows == {0: 119613, 1: 202599} and not table.faults


def test_rows_that_make_no_sense_are_faults(tmp_path: Path) -> None:
    rows = ["idx orig_idx orig_file", "0 9 000010.jpg", "1 9", "2 9 000010.png", "3 5 000005.jpg", "0 10 000011.jpg"]
    path = write(tmp_path / "m.txt", "\n".join([*rows, "x y z"]))
    table = read_mapping(path)
    assert table.rows == {0: 10}
    assert [str(fault) for fault in table.faults] == [
        f"{path} row 3: '1 9' is not 'index number file', such as '0 119612 119613.jpg'",
        f"{path} row 4: 000010.png is also that of photo 0; keep one of them",
        f"{path} row 5: number 5 and file 000005.jpg do not belong together: files count from 1",
        f"{path} row 6: photo 0 has an earlier row; keep one of them",
        f"{path} row 7: 'x y z' is not 'index number file', such as '0 119612 119613.jpg'",
    ]
    assert [fault.id for fault in table.faults] == ["00001", "00002", "00003", "00000", "m.txt row 7"]


def test_tables_that_are_missing_or_empty_are_faults_of_the_whole(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "none", "No such file"),
        (write(tmp_path / "e", "idx orig_idx orig_file"), "no rows"),
    ):
        table = read_mapping(path)
        assert len(table.faults) == 1 and message in str(table.faults[0]) and table.faults[0].id == ""


def test_partition_as_text_and_as_csv(tmp_path: Path) -> None:
    expected = {1: "train", 2: "validation", 3: "test"}
    for text in (
        "000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n",
        "image_id,partition\n000001.jpg,0\n000002.jpg,1\n000003.jpg,2\n",
    ):
        assert read_partition(write(tmp_path / "p.txt", text)) == (expected, [])
    rows, faults = read_partition(write(tmp_path / "p.txt", "000001.jpg 0\n000001.jpg 2\n000002.jpg 3\n"))
    assert rows == {1: "train"}
    assert [fault.what.split(";")[0].split(",")[0] for fault in faults] == [
        "000001.jpg has an earlier row",
        "'000002.jpg 3' is not 'photo partition'",
    ]


def test_identities(tmp_path: Path) -> None:
    rows, faults = read_identities(write(tmp_path / "i.txt", "000001.jpg 2880\n000002.jpg someone\n"))
    assert rows == {1: "2880"}
    assert "row 2: '000002.jpg someone' is not 'photo person'" in str(faults[0])


def test_a_whole_mapping_that_splits_otherwise_is_told() -> None:
    random = np.random.default_rng(0)
    ranges = {"train": (1, 162771), "validation": (162771, 182638), "test": (182638, 202600)}
    numbers = [
        number
        for split, (first, end) in ranges.items()
        for number in random.choice(np.arange(first, end), OFFICIAL_SPLIT[split], replace=False).tolist()
    ]
    mapping = dict(enumerate(numbers))
    assert sum(OFFICIAL_SPLIT.values()) == len(mapping) == 30000
    assert wrong_split(mapping, Path("m.txt")) == []
    train = next(index for index, number in mapping.items() if number <= 162770)
    mapping[train] = next(number for number in range(182638, 202600) if number not in numbers)
    (fault,) = wrong_split(mapping, Path("m.txt"))
    assert "splits into 24182/2993/2825 photos, the official mapping into 24183/2993/2824" in str(fault)
    del mapping[train]
    assert wrong_split(mapping, Path("m.txt")) == []  # a part of the data set splits as it may
