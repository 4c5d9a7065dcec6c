"""What the project wants to reach, beside what others have reported and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.benchmark.measuring import Measurement
from tools.benchmark.report import Report


@dataclass(frozen=True)
class Goal:
    """One row of the table of goals.

    Attributes:
        what: in words.
        peer: what a paper or its released code reports, on its own machine.
        section: of the benchmark.
        case: of that section; where several cases begin so, the one with the best value counts.
        value: what of a measured row is compared.
        limit: the largest value that meets the goal, or with ``at_least`` the smallest.
        unit: of both, with a place for the number.
        at_least: whether more is better.
    """

    what: str
    peer: str
    section: str
    case: str
    value: Callable[[Measurement], float | None]
    limit: float
    unit: str
    at_least: bool = False

    def measured(self, rows: Sequence[Measurement]) -> float | None:
        """Return the value of the rows, None where none of them has it."""
        found = [self.value(row) for row in rows if row.section == self.section and self._is(row)]
        values = [value for value in found if value is not None]
        return (max if self.at_least else min)(values, default=None)

    def met(self, value: float) -> bool:
        """Return whether a value meets the goal."""
        return value >= self.limit if self.at_least else value <= self.limit

    def _is(self, row: Measurement) -> bool:
        return row.case.startswith(self.case) if self.at_least else row.case == self.case


def _cpu_ms(row: Measurement) -> float:
    return 1e3 * row.cpu_s


def _cpu_s(row: Measurement) -> float:
    return row.cpu_s


def _wall_s(row: Measurement) -> float:
    return row.wall_s


def _ratio(row: Measurement) -> float | None:
    return row.ratio


def _per_second(row: Measurement) -> float:
    return 1 / row.wall_s


_PLAIN = "{} times the plain networks' passes alone"

GOALS = (
    Goal(
        "rendering a face, 224 px, 53,000 triangles, forward and backward", "released FOCUS: about 700 CPU ms",
        "renderer", "224 53k forward+backward", _cpu_ms, 6.0, "{} CPU ms",
    ),
    Goal(
        "reconstruction step, paper's networks, 224 px, on a CPU", "released FOCUS: 6.7 CPU s an image",
        "reconstruction_step", "paper 224", _ratio, 1.1, _PLAIN,
    ),
    Goal(
        "segmentation step, paper's networks, 224 px, on a CPU", "released FOCUS: 6.8 CPU s an image",
        "segmentation_step", "paper 224", _ratio, 1.1, _PLAIN,
    ),
    Goal(
        "joint training, paper's networks, 224 px, one H100, bf16", "FOCUS: 8.3 images a second on an RTX 2080 Ti",
        "joint_training", "paper 224 1:5 bf16", _per_second, 1000.0, "{} images a second", True,
    ),
    Goal(
        "soft symmetry, a photo", "Extreme 3D: 50 s", "soft_symmetry", "500 px 10k vertices default", _cpu_s, 0.5,
        "{} CPU s",
    ),
    Goal(
        "hole filling from 12,000 references, a photo", "Extreme 3D: 0.6 s", "hole_filling",
        "500 px hand, 12k, default", _cpu_s, 0.1, "{} CPU s",
    ),
    Goal(
        "shape from shading, a photo", "Extreme 3D: minutes", "shape_from_shading", "500 px default", _cpu_s, 5.0,
        "{} CPU s",
    ),
    Goal(
        "a photo to its complete detailed mesh, 500 px", "Extreme 3D: about 51 s, with a GPU", "photo_to_mesh",
        "a photo, all stages", _wall_s, 5.0, "{} s on the clock",
    ),
    Goal(
        "NoW metric, a scan", "official tool: 2 to 3 s", "now_metric", "19k points, 100k triangles", _cpu_s, 0.3,
        "{} CPU s",
    ),
)  # fmt: skip


def goal_lines(report: Report, number: Callable[[float | None], str]) -> list[str]:
    """Return a Markdown table of the goals whose sections were asked for; nothing where none was.

    Args:
        report: what was measured, and what could not be.
        number: how a value is written.
    """
    lines = []
    for goal in GOALS:
        value = goal.measured(report.rows)
        lost = any(each.section == goal.section and each.case in ("", goal.case) for each in report.failures)
        if value is None and not lost:
            continue
        most = "at least" if goal.at_least else "at most"
        cells = (
            goal.what,
            f"{goal.section}: {goal.case}",
            goal.peer,
            f"{most} {goal.unit.format(f'{goal.limit:,g}')}",
            "not measured" if value is None else goal.unit.format(number(value)),
            "" if value is None else "yes" if goal.met(value) else "no",
        )
        lines.append(f"| {' | '.join(cells)} |")
    head = ["", "## Goals", "", "| what | row | others | goal | measured | met |", f"|{' :-- |' * 6}"]
    return [*head, *lines] if lines else []
