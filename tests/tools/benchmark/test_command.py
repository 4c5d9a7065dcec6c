from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from experiments.command_line import run
from seethrough.errors import SeethroughError
from tools.benchmark import registry
from tools.benchmark.command import main
from tools.benchmark.measuring import Measurement
from tools.benchmark.registry import SECTIONS, cases_of
from tools.benchmark.report import Failure, Report
from tools.benchmark.section_process import _row, rows_of

KEYS = [
    *("section", "case", "cpu_s", "wall_s", "wall_s_spread", "peak_mb", "reference_cpu_s", "ratio"),
    *("flop", "bytes", "ceiling_fraction", "device"),
]


def test_list_names_every_case_once(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{section}: {case}" for section in SECTIONS for case in cases_of(section)]
    assert len(set(lines)) == len(lines)
    assert "renderer: 224 53k forward+backward" in lines
    assert "growth: hole filling, set: 12,000 references" in lines


def test_one_run_writes_rows_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The processes of sections start once here, since that takes seconds."""
    rows, page = tmp_path / "rows.json", tmp_path / "table.md"
    assert main(["ceilings", "--case", "copy", "--json", str(rows), "--markdown", str(page)]) == 0
    written = json.loads(rows.read_text())
    (row,) = written["rows"]
    assert "--case copy" in written["command"] and written["machine"]["day"] and written["failures"] == []
    assert list(row) == KEYS
    assert row["section"] == "ceilings" and row["case"] == "copy of 67 MB"
    assert 0 < row["cpu_s"] < 10 and row["ceiling_fraction"] > 0.1
    assert row["peak_mb"] > 134  # both arrays
    assert "copy of 67 MB" in capsys.readouterr().out
    text = page.read_text()
    assert "## Machine" in text and "| copy of 67 MB |" in text and "GB/s, read and written" in text
    assert {path.name for path in tmp_path.iterdir()} == {"rows.json", "table.md"}

    (lost,) = rows_of("no such section", "", 1)
    assert isinstance(lost, Failure) and lost.reason == "its process ended with exit code 1"


def test_a_case_that_fails_does_not_end_the_others() -> None:
    def refused() -> None:
        raise SeethroughError("no reference\nhere")

    def broken() -> None:
        raise ZeroDivisionError("by nothing")

    assert _row("s", "c", refused) == Failure("s", "c", "no reference here")
    assert _row("s", "c", broken) == Failure("s", "c", "ZeroDivisionError: by nothing")


def test_what_was_measured_before_an_interruption_is_kept(tmp_path: Path, monkeypatch) -> None:
    row = Measurement("decode", "first", 1.0, 1.0, 0.0, None)

    def interrupted(*_: object) -> Iterator[Measurement]:
        yield row
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.benchmark.command.rows_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        main(["decode", "--json", str(tmp_path / "rows.json"), "--markdown", str(tmp_path / "page.md")])
    kept = Report.read(tmp_path / "rows.json")
    assert kept.rows == [row] and kept.failures == [Failure("decode", "", "interrupted")]
    assert "| first | 1,000 |" in (tmp_path / "page.md").read_text()

    def interrupted_at_once(*_: object) -> Iterator[Measurement]:
        raise KeyboardInterrupt
        yield row

    monkeypatch.setattr("tools.benchmark.command.rows_of", interrupted_at_once)
    with pytest.raises(KeyboardInterrupt):
        main(["decode", "--json", str(tmp_path / "rows.json")])
    assert Report.read(tmp_path / "rows.json") == kept


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    with pytest.raises(SystemExit) as ended:
        run(main, ["render"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: unknown benchmark section 'render': choose from {', '.join(SECTIONS)}"
    ]
    for option in ("--json", "--markdown"):
        with pytest.raises(SeethroughError, match="folder does not exist"):
            main(["decode", option, str(tmp_path / "missing" / "file")])
    with pytest.raises(SeethroughError, match="name it with --markdown"):
        main(["decode", "--before", str(tmp_path / "rows.json")])
    with pytest.raises(SeethroughError, match="cannot read"):
        main(["decode", "--before", str(tmp_path / "rows.json"), "--markdown", str(tmp_path / "page.md")])
    with pytest.raises(SeethroughError, match="name two files"):
        main(["decode", "--json", str(tmp_path / "a"), "--markdown", str(tmp_path / "a")])
    with pytest.raises(SeethroughError, match="it is a folder"):
        main(["decode", "--markdown", str(tmp_path)])
    with pytest.raises(SeethroughError, match="no case contains 'nonsense'"):
        main(["decode", "--case", "nonsense"])
    monkeypatch.setattr("tools.benchmark.command.os.access", lambda path, mode: False)
    with pytest.raises(SeethroughError, match="no permission; name another file"):
        main(["decode", "--json", str(tmp_path / "rows.json")])
    with pytest.raises(SeethroughError, match="--threads must be at least 1"):
        main(["decode", "--threads", "0"])
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(SeethroughError, match=r"needs onnx, onnxruntime, onnxscript: pip install -e '.\[onnx\]'"):
        main(["onnx"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SeethroughError, match="'joint_training' needs a CUDA device"):
        main(["joint_training"])
