"""Shape errors as curves: cumulative over images, and against the head's yaw."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiments.studies.reporting.figure import new_figure, save_figure, style
from experiments.studies.reporting.measured import Method
from experiments.studies.reporting.report import Report

SUBSETS = ("unoccluded", "occluded")
YAW_STEP_DEG = 10.0
_FEWEST = 5
_COLUMNS = 3


def cumulative_errors(report: Report, column: str) -> Path:
    """Draw the share of images whose error is below a value, for every row and for the mean face."""
    figure, axes = new_figure(columns=len(SUBSETS), width=5.5)
    lines = [(method.label, method, column) for method in report.methods.values()]
    lines.append(("mean face", report.anyone, "mean_face_error_mm"))
    for axis, subset in zip(axes[0], SUBSETS, strict=True):
        for number, (label, method, name) in enumerate(lines):
            errors = np.sort(_known(method, name, subset))
            if len(errors):
                axis.step(errors, 100 * np.arange(1, len(errors) + 1) / len(errors), label=label, **style(number))
        axis.set(title=subset, xlabel="shape error of an image, mm", ylabel="images below, %", ylim=(0, 100))
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside right center", fontsize=7)
    return save_figure(figure, report.out / "cumulative_errors.png")


def error_by_yaw(report: Report, column: str) -> Path:
    """Draw mean and standard deviation of the error over images against yaw, one diagram a row."""
    methods = list(report.methods.values())
    columns = min(len(methods), _COLUMNS)
    figure, axes = new_figure(columns, -(-len(methods) // columns), width=3.2, height=2.4, share=True)
    for axis in axes.flat[len(methods) :]:
        axis.set_axis_off()
    for axis, method in zip(axes.flat, methods, strict=False):
        for number, subset in enumerate(SUBSETS):
            yaw, mean, deviation = by_yaw(method, column, subset)
            line = style(number + 4)
            axis.plot(yaw, mean, label=subset, **line)
            axis.fill_between(yaw, mean - deviation, mean + deviation, color=line["color"], alpha=0.2, linewidth=0)
        axis.set_title(method.label, fontsize=8)
    figure.supxlabel("yaw, degrees (band: standard deviation over images)", fontsize=8)
    figure.supylabel("shape error, mm", fontsize=8)
    axes[0][0].legend(fontsize=6)
    return save_figure(figure, report.out / "error_by_yaw.png")


def by_yaw(method: Method, column: str, subset: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return yaw in degrees, mean and standard deviation of a column; yaws of fewer than five images are left out."""
    errors, yaw = method.mean(column), method.facts["yaw_deg"].astype(np.float64)
    chosen = method.subset(subset) & np.isfinite(errors) & np.isfinite(yaw)
    bins, errors = np.round(yaw[chosen] / YAW_STEP_DEG) * YAW_STEP_DEG, errors[chosen]
    kept = [value for value in np.unique(bins) if (bins == value).sum() >= _FEWEST]
    groups = [errors[bins == value] for value in kept]
    return np.array(kept), np.array([g.mean() for g in groups]), np.array([g.std() for g in groups])


def _known(method: Method, column: str, subset: str) -> np.ndarray:
    values = method.mean(column)[method.subset(subset)]
    return values[np.isfinite(values)]
