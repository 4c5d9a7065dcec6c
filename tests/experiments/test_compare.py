"""Two evaluations of the same pictures, row by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.command_line import run
from experiments.compare import compare, main
from experiments.evaluation.row_files import read_columns, write_rows
from seethrough.errors import SeethroughError


def rows(**changes: np.ndarray) -> dict[str, np.ndarray]:
    table = {
        "id": np.array(["a", "b", "c", "d"]),
        "set": np.array(["one"] * 4),
        "subset": np.array(["none", "none", "hand", "ood_hand"]),
        "occluder": np.array([0, 0, 3, 3]),
        "identity": np.array([1, 2, 1, 2]),
        "error_mm": np.array([1.0, 2.0, 3.0, 4.0]),
    }
    return {**table, **changes}


def test_differences_are_of_the_same_picture_whatever_the_order(tmp_path: Path) -> None:
    after = rows(error_mm=np.array([0.5, 1.0, 2.0, 5.0]))
    turned = {name: values[::-1] for name, values in after.items() if name != "set"}
    write_rows(tmp_path / "turned.npz", turned, "one")
    for second in (after, read_columns(tmp_path / "turned.npz")):
        lines = {str(line["subset"]): line for line in compare(rows(), second)}
        assert list(lines) == ["unoccluded", "occluded", "out of distribution"]
        assert (lines["unoccluded"]["before"], lines["unoccluded"]["change"]) == (1.5, pytest.approx(-0.75))
        assert (lines["occluded"]["change"], lines["out of distribution"]["change"]) == (-1.0, 1.0)


def test_unknown_values_are_left_out_on_both_sides() -> None:
    after = rows(error_mm=np.array([0.5, np.nan, 2.0, 5.0]))
    line = compare(rows(), after)[0]
    assert (line["images"], line["before"], line["after"]) == (1, 1.0, 0.5)


def test_other_pictures_or_columns_are_refused() -> None:
    with pytest.raises(SeethroughError, match="not hold the same pictures"):
        compare(rows(), rows(set=np.array(["two"] * 4)))
    with pytest.raises(SeethroughError, match=r"--columns f1: not a number in both files; they hold error_mm"):
        compare(rows(), rows(), ["f1"])


def test_the_command_reads_what_evaluations_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = {name: values for name, values in rows().items() if name != "set"}
    for name in ("before.npz", "after.npz"):
        write_rows(tmp_path / name, table, "one")
    assert read_columns(tmp_path / "before.npz")["set"].tolist() == ["one"] * 4
    main([str(tmp_path / "before.npz"), str(tmp_path / "after.npz")])
    assert "error_mm" in capsys.readouterr().out
    (tmp_path / "text.npz").write_text("no rows")
    for name, told in (("text.npz", "holds no rows of an evaluation"), ("nowhere.npz", "FileNotFoundError")):
        with pytest.raises(SystemExit) as ended:
            run(main, [str(tmp_path / name), str(tmp_path / "after.npz")])
        assert ended.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line
