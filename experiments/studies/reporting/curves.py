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


def cumulative_errors(report: Report, column: str) -> Path:
    """Draw the share of images whose error is below a value, for every row and for the mean face."""
    figure, axes = new_figure(columns=len(SUBSETS))
    lines = [(method.label, method, column) for method in report.methods.values()]
    lines.append(("mean face", report.anyone, "mean_face_error_mm"))
    for axis, subset in zip(axes[0], SUBSETS, strict=True):
        for number, (label, method, name) in enumerate(lines):
            errors = np.sort(_known(method, name, subset))
            if len(errors):
                axis.step(errors, 100 * np.arange(1, len(errors) + 1) / len(errors), label=label, **style(number))
        axis.set(title=subset, xlabel="shape error of an image, mm", ylabel="images below, %", ylim=(0, 100))
    axes[0][0].legend(fontsize=6)
    return save_figure(figure, report.out / "cumulative_errors.png")


def error_by_yaw(report: Report, column: str) -> Path:
    """Draw mean and standard deviation of the error over images against yaw, rounded to ten degrees."""
    figure, axes = new_figure(columns=len(SUBSETS))
    for axis, subset in zip(axes[0], SUBSETS, strict=True):
        for number, method in enumerate(report.methods.values()):
            yaw, mean, deviation = by_yaw(method, column, subset)
            if len(yaw):
                shift = (number - len(report.methods) / 2) * 0.4
                axis.errorbar(
                    yaw + shift,
                    mean,
                    deviation,
                    label=method.label,
                    capsize=2,
                    linewidth=1,
                    elinewidth=0.6,
                    **style(number),
                )
        axis.set(title=subset, xlabel="yaw, degrees", ylabel="shape error, mm")
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
