from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seethrough.errors import SeethroughError
from tools.benchmark.goals import GOALS
from tools.benchmark.growth.curves import SECTION, cases, curves, thread_counts
from tools.benchmark.machine import Machine, describe_machine
from tools.benchmark.markdown_table import markdown, three_digits
from tools.benchmark.measuring import Measurement
from tools.benchmark.page import write_page
from tools.benchmark.registry import cases_of
from tools.benchmark.report import Failure, Report

MACHINE = Machine("Chip, 2 cores", "8 GiB", "Linux", "Python 3", 1, 0.25, "abc1234", "2030-01-02")
ROW = Measurement(
    section="decode",
    case="2.6k vertices",
    cpu_s=0.0012345,
    wall_s=0.0025,
    wall_s_spread=0.0,
    peak_mb=1234.5,
    reference_cpu_s=0.01,
    ratio=0.12345,
    flop=3e9,
    bytes=None,
    ceiling_fraction=0.456,
)


def report(*rows: Measurement, failures: Sequence[Failure] = ()) -> Report:
    return Report("python -m x", MACHINE, list(rows), list(failures))


def test_a_row_of_the_page() -> None:
    ceiling = replace(ROW, section="ceilings", case="product", flop=5e9, cpu_s=0.1)
    text = markdown(report(ceiling, ROW, failures=[Failure("onnx", "", "needs onnx")]))
    assert "| 2.6k vertices | 1.23 | 2.5 | 0 | 1,234 | 10 | 0.123 | 3 |  | 46 % |" in text.splitlines()
    assert "By `python -m x` on 2030-01-02, commit abc1234." in text
    assert "- one core, product: 50 GFLOP/s" in text
    assert "load before the first section 0.2" in text
    assert "- onnx : needs onnx" in text
    assert text.index("## Machine") < text.index("## Face model and renderer") < text.index("## Not measured")


def test_goals_are_met_or_not() -> None:
    slow = replace(ROW, section="renderer", case="224 53k forward+backward", cpu_s=0.0075)
    gpu = [
        replace(ROW, section="joint_training", case=f"paper 224 1:5 bf16, batch of {batch}", wall_s=1 / speed)
        for batch, speed in ((8, 400), (64, 1200), (128, 900))
    ]
    goals = [line for line in markdown(report(slow, *gpu)).splitlines() if line.endswith(("yes |", "no |"))]
    assert [line.split(" | ")[3:] for line in goals] == [
        ["at most 6 CPU ms", "7.5 CPU ms", "no |"],
        ["at least 1,000 images a second", "1,200 images a second", "yes |"],
    ]
    assert "| renderer: 224 53k forward+backward |" in goals[0]
    without = markdown(report(slow, failures=[Failure("joint_training", "", "needs a CUDA device")]))
    assert "| at least 1,000 images a second | not measured |  |" in without
    assert "## Goals" not in markdown(report(ROW))


def test_what_has_changed_is_listed_beside_the_machine() -> None:
    ceiling = replace(ROW, section="ceilings", case="product")
    same, faster, gone = (replace(ROW, case=name) for name in ("same", "faster", "gone"))
    now = report(ceiling, same, replace(faster, cpu_s=faster.cpu_s / 2, ratio=0.06), replace(ROW, case="new"))
    before = Report("x", replace(MACHINE, commit="0ld", day="2030-01-01"), [ceiling, same, faster, gone])
    text = markdown(now, before=before)
    lines = [line for line in text.splitlines() if line.count("|") == 9][2:]
    assert lines == [
        "| ceilings | product | 1.23 | 1.23 | 1 | 1 | 0.123 | 0.123 |",
        "| decode | faster | 1.23 | 0.617 | 0.5 | 1 | 0.123 | 0.06 |",
    ]
    assert "Before: commit 0ld on 2030-01-01" in text and "Of 3 cases" in text
    assert "Not in this run: decode: gone." in text
    assert "## Before and now" not in markdown(now)


def test_runs_are_kept_and_read(tmp_path: Path) -> None:
    file, kept = tmp_path / "rows.json", report(ROW, failures=[Failure("onnx", "", "needs onnx")])
    kept.write(file)
    assert Report.read(file) == kept
    for text in ("", "[]", "{}", '{"command": "x", "machine": {}, "rows": [], "failures": []}', "\udcff"):
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(SeethroughError, match="is no run of the benchmark"):
            Report.read(file)
    for cpu_s in (0, None, "long"):
        Report("x", MACHINE, [replace(ROW, cpu_s=cpu_s)]).write(file)
        with pytest.raises(SeethroughError, match="is no run of the benchmark"):
            Report.read(file)
    with pytest.raises(SeethroughError, match="cannot read"):
        Report.read(tmp_path / "none.json")


def test_goals_name_cases_that_there_are() -> None:
    for goal in GOALS:
        assert any(case.startswith(goal.case) for case in cases_of(goal.section)), goal.case


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (0.0012345, "0.00123"), (99.94, "99.9"), (1234.5, "1,234"), (0.00001234, "1.2e-05")],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert three_digits(value) == text


def test_growth_is_drawn_beside_the_page(tmp_path: Path) -> None:
    rows = [
        replace(ROW, section=SECTION, case=curve.case(point), cpu_s=1e-5 * point, wall_s=1 / point)
        for curve in curves()
        for point in curve.points
    ]
    write_page(tmp_path / "table.md", report(*rows))
    assert "](table_growth.png)" in (tmp_path / "table.md").read_text()
    with Image.open(tmp_path / "table_growth.png") as picture:
        assert picture.width > 800 and len(picture.convert("RGB").getcolors(1 << 20) or []) > 10
    write_page(tmp_path / "other.md", report(ROW))
    assert not (tmp_path / "other_growth.png").exists()
    with pytest.raises(SeethroughError, match="cannot write"):
        write_page(tmp_path / "missing" / "other.md", report(ROW))


def test_growth_has_a_case_for_every_point() -> None:
    assert len(cases()) == sum(len(curve.points) for curve in curves())
    counts = thread_counts()
    assert counts[0] == 1 and list(counts) == sorted(set(counts))


def test_this_machine_is_described() -> None:
    machine = describe_machine(3)
    assert "core" in machine.processor and "PyTorch" in machine.software and machine.threads == 3
    assert machine.memory.endswith("GiB") or machine.memory == "not told"
