"""Tables, JSON and the cumulative error curve of scored predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from datamodules.now.scoring import Scores, challenges, group_statistics, statistics
from seethrough.errors import SeethroughError

_CURVE_END = 8.0


def as_json(scores: Scores) -> dict[str, Any]:
    """Return all numbers; ``all`` and ``challenges`` are of the points of all images together, as NoW ranks."""
    images: dict[str, Any] = {}
    for path in sorted(scores.distances):
        images[path] = statistics([scores.distances[path]])
        if path in scores.warnings:
            images[path]["warnings"] = scores.warnings[path]
    return {
        "images": images,
        "challenges": {name: group_statistics(scores, paths) for name, paths in challenges(scores).items()},
        "all": group_statistics(scores, list(scores.distances)),
        "missing": sorted(scores.missing),
        "missing_count": len(scores.missing),
        "missing_reasons": dict(sorted(scores.missing.items())),
    }


def results_table(scores: Scores, title: str) -> Table:
    """Return the table of the challenge: one row each, and all of them together."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in ("challenge", "median mm", "mean mm", "std mm", "images", "missing"):
        table.add_column(heading, justify="left" if heading == "challenge" else "right")
    for cells in result_rows(scores):
        table.add_row(*cells)
    return table


def result_rows(scores: Scores) -> list[list[str]]:
    """Return the cells of the table."""
    groups = {**challenges(scores), "all": list(scores.distances)}
    rows = []
    for name, paths in groups.items():
        result = group_statistics(scores, paths)
        missing = sum(name in ("all", path.split("/")[1]) for path in scores.missing)
        numbers = [f"{result[key]:.3f}" if paths else "-" for key in ("median_mm", "mean_mm", "std_mm")]
        rows.append([name, *numbers, str(len(paths)), str(missing)])
    return rows


def write_report(folder: Path, scores: Scores, title: str) -> None:
    """Write ``scores.md``, ``cumulative_error.png`` and ``distances.npz`` (one array an image).

    Raises:
        SeethroughError: the folder cannot be written.
    """
    lines = [f"# {title}", "", "| challenge | median mm | mean mm | std mm | images | missing |"]
    lines += ["| --- | --: | --: | --: | --: | --: |"]
    lines += [f"| {' | '.join(cells)} |" for cells in result_rows(scores)]
    if scores.missing:
        lines += ["", f"{len(scores.missing)} images without a score:", ""]
        lines += [f"- `{path}`: {reason}" for path, reason in sorted(scores.missing.items())]
    distances: dict[str, Any] = dict(scores.distances)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "scores.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
        np.savez_compressed(folder / "distances.npz", **distances)
        _draw_curves(folder / "cumulative_error.png", scores)
    except OSError as error:
        raise SeethroughError(f"cannot write {folder}: {error.strerror or error}") from None


def cumulative_error(points: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Return the percentage of points with an error of at most each limit."""
    return 100 * np.searchsorted(np.sort(points), limits, side="right") / len(points)


def _draw_curves(path: Path, scores: Scores) -> None:
    from experiments.studies.reporting.figure import new_figure, save_figure, style

    figure, axes = new_figure(width=6.0, height=4.2)
    axis = axes[0, 0]
    limits = np.linspace(0, _CURVE_END, 801)
    groups = {"all": list(scores.distances), **challenges(scores)}
    for number, (name, paths) in enumerate((name, paths) for name, paths in groups.items() if paths):
        points = np.concatenate([scores.distances[path] for path in paths])
        axis.plot(limits, cumulative_error(points, limits), label=name.replace("_", " "), **style(number))
    axis.set(xlabel="error [mm]", ylabel="points [%]", xlim=(0, _CURVE_END), ylim=(0, 100))
    axis.legend(loc="lower right")
    save_figure(figure, path)
