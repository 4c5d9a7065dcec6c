from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from experiments.study_command import check_study, mean_cell, study_parser, study_setting, write_study
from seethrough.errors import SeethroughError

NAMES = ("harmonic", "zero")


def parsed(*words: str) -> argparse.Namespace:
    parser = study_parser("some_study", "What it does.", faces=4)
    parser.add_argument("--size", type=int, default=500)
    parser.add_argument("--methods", nargs="+", default=list(NAMES))
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--faces", "0"], "--faces 0 must be at least 1"),
        (["--size", "63"], "--size 63 must be at least 64"),
        (["--threads", "0"], "--threads 0 must be at least 1"),
        (["--seeds", "0", "-1"], "--seeds -1 must not be negative"),
        (["--seeds", "3", "1", "3"], "--seeds: 3 is named twice"),
        (["--methods", "zero", "zero"], "--methods: zero is named twice"),
        (
            ["--methods", "harmonica"],
            "--methods: unknown name 'harmonica' (did you mean 'harmonic'?): choose from harmonic; zero",
        ),
        (["--json", "no/such/folder/t.json"], "cannot write no/such/folder/t.json: its folder does not exist"),
        (["--table", "no/t.md"], "cannot write no/t.md: its folder does not exist"),
        (["--table", "."], "cannot write .: it is a folder"),
        (["--picture", "p.tga"], "--picture p.tga: a picture ends in .jpg, .jpeg, .png"),
    ],
)
def test_what_would_fail_later_is_refused_before_the_work(words: list[str], message: str) -> None:
    with pytest.raises(SeethroughError) as caught:
        check_study(parsed(*words), least={"size": 64}, known={"methods": NAMES})
    assert str(caught.value) == message


def test_results_say_what_they_were_made_with(tmp_path: Path) -> None:
    words = [
        "--seeds",
        "4",
        "5",
        "--json",
        str(tmp_path / "t.json"),
        "--table",
        str(tmp_path / "t.md"),
        "--methods",
        "zero",
    ]
    options = parsed(*words)
    check_study(options, least={"size": 64}, known={"methods": NAMES})
    setting = study_setting("some_study", [*words, "a b"], options, "size")
    table = [(("fill", "mm"), [["zero", "0.1 ± 0.0"], ["a|b", "2"]], 1)]
    write_study(options, setting, {"table": [{"fill": "zero", "mm": float("nan")}]}, "Holes", ["a note"], table)
    written = json.loads((tmp_path / "t.json").read_text())
    assert written["command"].startswith("python -m experiments.some_study --seeds 4 5 --json ")
    assert written["command"].endswith("--methods zero 'a b'")
    assert (written["seeds"], written["faces"], written["size"], written["threads"]) == ([4, 5], 4, 500, 1)
    assert written["commit"] and "cores" in written["machine"]
    assert written["table"] == [{"fill": "zero", "mm": None}]
    page = (tmp_path / "t.md").read_text().splitlines()
    assert page[:2] == ["# Holes", ""]
    for line in (f"- commit: {written['commit']}", "- seeds: 4, 5", "- a note", "| fill | mm |", "| zero | 0.1 ± 0.0 |",
                 "| a\\|b | 2 |"):  # fmt: skip
        assert line in page


def test_what_cannot_be_told_is_a_dash() -> None:
    line = {"mm": 1.25, "mm_deviation": float("nan"), "r": float("nan"), "r_deviation": float("nan")}
    assert mean_cell(line, "mm", 1) == "1.2 ± -"
    assert mean_cell(line, "r", 2) == "- ± -"
