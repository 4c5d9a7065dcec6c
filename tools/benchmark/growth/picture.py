"""A small diagram for each curve of section ``growth``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.benchmark.measuring import Measurement

COLUMNS = 4


def draw_growth(rows: Sequence[Measurement], path: Path) -> bool:
    """Draw time and peak memory over size, both axes logarithmic, and return whether there was anything to draw.

    A dotted line through the first point shows cost in proportion: to pixels, triangles, references, or one over
    threads; over the images of a batch an item's cost would stay.

    Args:
        rows: of any sections.
        path: of the PNG.

    Raises:
        SeethroughError: it cannot be written.
    """
    # Imported here: a run without these rows waits neither for matplotlib nor for what they measure.
    if not any(row.section == "growth" for row in rows):
        return False
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    from experiments.studies.reporting.figure import new_figure, save_figure, style
    from tools.benchmark.growth.curves import curves

    measured = {row.case: row for row in rows if row.section == "growth"}
    drawn = []
    for curve in curves():
        points = [(point, measured[curve.case(point)]) for point in curve.points if curve.case(point) in measured]
        if points:
            drawn.append((curve, points))
    if not drawn:
        return False
    columns = min(COLUMNS, len(drawn))
    figure, axes = new_figure(columns, -(-len(drawn) // columns), width=3.6, height=2.8)
    for axis in axes.flat[len(drawn) :]:
        axis.set_visible(False)
    for axis, (curve, points) in zip(axes.flat, drawn, strict=False):
        sizes = [point for point, _ in points]
        times = [1e3 * (row.wall_s if curve.wall else row.cpu_s) for _, row in points]
        axis.loglog(sizes, times, marker="o", markersize=3, label="time", **style(5))
        straight = [times[0] * (size / sizes[0]) ** curve.power for size in sizes]
        axis.loglog(sizes, straight, linewidth=0.8, color="#777777", linestyle=":", label="in proportion")
        axis.set_title(curve.name, fontsize=9)
        if axis is axes.flat[0]:
            axis.legend(fontsize=6, loc="upper left")
        axis.set_xlabel(curve.unit, fontsize=8)
        axis.set_ylabel(f"{'wall' if curve.wall else 'CPU'} ms an item", fontsize=8)
        axis.set_xticks(sizes, [_short(size) for size in sizes])
        axis.minorticks_off()
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.tick_params(labelsize=7)
        peaks = [row.peak_mb for _, row in points]
        if None not in peaks and not curve.wall:
            memory = axis.twinx()
            memory.plot(sizes, peaks, marker="s", markersize=2, linewidth=0.8, **style(4))
            memory.set_ylim(0, 1.2 * max(peak or 0.0 for peak in peaks))
            memory.set_ylabel("peak MB", fontsize=7, color=style(4)["color"])
            memory.tick_params(labelsize=7, colors=style(4)["color"])
            memory.grid(False)
    save_figure(figure, path)
    return True


def _short(size: int) -> str:
    return f"{size // 1000}k" if size >= 1000 and size % 1000 == 0 else str(size)
