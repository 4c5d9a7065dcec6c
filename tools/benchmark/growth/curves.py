"""Section ``growth``: how cost grows with image size, triangles, batch, references and threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch

from lightning_modules.focus.phases import Phase
from seethrough.processors import usable_cores
from tools.benchmark.details.hole_filling import fill_measured
from tools.benchmark.details.translator import translation_measured
from tools.benchmark.focus.setup import SMALL
from tools.benchmark.focus.training_steps import step_measured
from tools.benchmark.measuring import Measurement
from tools.benchmark.registry import Case
from tools.benchmark.rendering.renderer import picture_measured

SECTION = "growth"


@dataclass(frozen=True)
class Curve:
    """What is measured at several sizes.

    Attributes:
        name: what is measured, and over what.
        unit: of the points; its last word names the axis.
        points: the sizes.
        measured: gives the row at a point.
        power: of the size, to which an item's cost would be in proportion: 2 over the side of an image, 0 over the
            images of a batch, -1 over threads.
        wall: whether the time that passes is what matters, as over threads.
    """

    name: str
    unit: str
    points: tuple[int, ...]
    measured: Callable[[int], Measurement]
    power: float = 1.0
    wall: bool = False

    def case(self, point: int) -> str:
        """Return the name of the row at ``point``."""
        return f"{self.name}: {point:,} {self.unit}"

    def row(self, point: int) -> Measurement:
        """Measure at ``point``."""
        return replace(self.measured(point), section=SECTION, case=self.case(point))


def _triangles(count: int) -> int:
    """Return the vertices along a side of the shell that has about ``count`` triangles."""
    return round((count / 2) ** 0.5) + 1


def _render(size: int, triangles: int) -> Measurement:
    return picture_measured(SECTION, size, _triangles(triangles), True, compared=False)


def _step(batch: int) -> Measurement:
    return step_measured(SECTION, replace(SMALL, batch=batch), Phase.RECONSTRUCT, 6)


def _fill(count: int) -> Measurement:
    return fill_measured(SECTION, "hand", "default", count, compared=False)


def _with_threads(measured: Callable[[], Measurement], threads: int) -> Measurement:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return measured()
    finally:
        torch.set_num_threads(before)


def thread_counts() -> tuple[int, ...]:
    """Return 1, 2, 4 and so on, up to all cores of this process."""
    cores, counts = usable_cores(), [1]
    while 2 * counts[-1] <= cores:
        counts.append(2 * counts[-1])
    return tuple(counts) if counts[-1] == cores else (*counts, cores)


def curves() -> list[Curve]:
    """Return all curves, in the order in which they are drawn."""
    threads = thread_counts()
    render, step = partial(_render, 224, 53_000), partial(_step, SMALL.batch)
    translate = partial(translation_measured, SECTION, "small", "32-true", 3, compared=False)
    return [
        Curve("renderer 53k, image size", "px", (112, 224, 336, 500), lambda size: _render(size, 53_000), 2.0),
        Curve("small translator, image size", "px", (128, 256, 500, 724), lambda size: translate(size=size), 2.0),
        Curve("renderer 224, mesh", "triangles", (5_000, 20_000, 53_000, 105_000, 210_000), partial(_render, 224)),
        Curve("small reconstruction step, batch", "images", (1, 4, 16, 64), _step, 0.0),
        Curve("hole filling, set", "references", (1_000, 4_000, 12_000, 48_000), _fill),
        Curve("renderer 224 53k, batch of 8", "threads", threads, partial(_with_threads, render), -1.0, True),
        Curve("small reconstruction step, batch of 32", "threads", threads, partial(_with_threads, step), -1.0, True),
    ]


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    return {curve.case(point): partial(curve.row, point) for curve in curves() for point in curve.points}
