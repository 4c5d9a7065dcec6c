"""Shape errors as curves: cumulative over images, and against the head's yaw."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiments.studies.reporting.figure import new_figure, save_figure, style
from experiments.studies.reporting.measured import Method
from experiments.studies.reporting.report import Report

SUBSETS = ("unoccluded", "occluded")
YAW_STEP_DEG = 10.0
_FEWEST = 10
_NORMAL_95 = 1.96
_GRID, _COARSE = 400, 16
_COLUMNS = 3


def cumulative_errors(report: Report, column: str) -> Path:
    """Draw the share of images whose error is below a value, for every row and for the mean face.

    Where rows lie close to each other, the differences below show what the curves cannot: the same share minus that of
    FOCUS, or of the first row where FOCUS has not been run.
    """
    reference = report.method("focus") or report.anyone
    figure, axes = new_figure(columns=len(SUBSETS), rows=2, width=5.2, height=3.2)
    lines = [(method, column, style(number)) for number, method in enumerate(report.methods.values())]
    for curve, difference, subset in zip(axes[0], axes[1], SUBSETS, strict=True):
        grid = _grid(report, column, subset)
        shares = below(_known(reference, column, subset), grid)
        for method, name, line in lines:
            label = method.label + " (reference)" * (method is reference)
            values = below(_known(method, name, subset), grid)
            curve.plot(grid, values, label=label, **line)
            difference.plot(grid[::_COARSE], (values - shares)[::_COARSE], linewidth=1.2, **line)
        values = below(_known(report.anyone, "mean_face_error_mm", subset), grid)
        curve.plot(grid, values, label="mean face", color="red", linestyle=(0, (1, 3)))
        curve.set(title=subset, ylabel="images below, %", ylim=(0, 100))
        difference.set(xlabel="shape error of an image, mm", ylabel=f"minus {_short(reference)}, points")
    figure.suptitle("Cumulative error of the neutral shape after a similarity")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside right center", fontsize=7)
    return save_figure(figure, report.out / "cumulative_errors.png")


def below(errors: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return the share of errors that are at most each value of ``grid``, in percent; NaN of no errors."""
    if not len(errors):
        return np.full(len(grid), np.nan)
    return 100 * np.searchsorted(np.sort(errors), grid, side="right") / len(errors)


def error_by_yaw(report: Report, column: str) -> Path:
    """Draw the mean error against yaw with its 95 % interval, one diagram a row."""
    methods = list(report.methods.values())
    columns = min(len(methods), _COLUMNS)
    figure, axes = new_figure(columns, -(-len(methods) // columns), width=3.2, height=2.4, share=True)
    for axis in axes.flat[len(methods) :]:
        axis.set_axis_off()
    for axis, method in zip(axes.flat, methods, strict=False):
        for number, subset in enumerate(SUBSETS):
            yaw, mean, half = by_yaw(method, column, subset)
            line = style(number + 4)
            axis.plot(yaw, mean, label=subset, **line)
            axis.fill_between(yaw, mean - half, mean + half, color=line["color"], alpha=0.2, linewidth=0)
        axis.set_title(method.label, fontsize=8)
    figure.suptitle(
        f"Error of the neutral shape against yaw, {YAW_STEP_DEG:g} degrees a step (band: 95 % interval of the mean)",
        fontsize=10,
    )
    figure.supxlabel("yaw, degrees", fontsize=9)
    figure.supylabel("shape error, mm", fontsize=9)
    axes[0][0].legend(fontsize=7)
    return save_figure(figure, report.out / "error_by_yaw.png")


def by_yaw(method: Method, column: str, subset: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return yaw in degrees, mean and half of its normal 95 % interval; yaws of fewer than ten images are left out."""
    errors, yaw = method.mean(column), method.facts["yaw_deg"].astype(np.float64)
    chosen = method.subset(subset) & np.isfinite(errors) & np.isfinite(yaw)
    bins, errors = np.round(yaw[chosen] / YAW_STEP_DEG) * YAW_STEP_DEG, errors[chosen]
    kept = [value for value in np.unique(bins) if (bins == value).sum() >= _FEWEST]
    groups = [errors[bins == value] for value in kept]
    halves = [_NORMAL_95 * group.std(ddof=1) / np.sqrt(len(group)) for group in groups]
    return np.array(kept), np.array([group.mean() for group in groups]), np.array(halves)


def _grid(report: Report, column: str, subset: str) -> np.ndarray:
    """Return errors from the smallest of any row to the largest, those of the mean face included."""
    known = [_known(method, column, subset) for method in report.methods.values()]
    known = np.concatenate([*known, _known(report.anyone, "mean_face_error_mm", subset)])
    return np.linspace(known.min(), known.max(), _GRID) if len(known) else np.zeros(1)


def _short(method: Method) -> str:
    return method.label.partition(":")[0]


def _known(method: Method, column: str, subset: str) -> np.ndarray:
    values = method.mean(column)[method.subset(subset)]
    return values[np.isfinite(values)]
