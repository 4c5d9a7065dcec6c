"""Indices of a mask against a weight that was swept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.studies.planning.sweep import SweepPoint
from experiments.studies.reporting.figure import new_figure, save_figure, style
from experiments.studies.reporting.mask_tables import SCORES
from experiments.studies.reporting.measured import Method
from experiments.studies.reporting.report import Report

SUBSET = "occluded"


def sweep_curves(report: Report, settings: Sequence[Sequence[SweepPoint]], indices: Sequence[str]) -> Path:
    """Draw one diagram a setting: each index on occluded images against its value; the standard is marked."""
    figure, axes = new_figure(columns=len(settings), width=3.0, height=2.8)
    for axis, points in zip(axes[0], settings, strict=True):
        values = [point.value for point in points]
        for number, score in enumerate(indices):
            scores = [_mean(report.methods[point.row], score) for point in points]
            axis.plot(values, scores, marker="o", ms=3, label=SCORES[score], **style(number))
        for point in points:
            if point.standard:
                axis.axvline(point.value, color="red", linewidth=0.8)
        axis.set(xlabel="value (red: standard)", ylim=(0, 1))
        axis.set_title(points[0].title, fontsize=8)
    axes[0][0].set_ylabel(f"mean over {SUBSET} images")
    axes[0][0].legend(fontsize=7)
    figure.suptitle("The mask of the rendered face against the weights of its loss", fontsize=10)
    return save_figure(figure, report.out / "indices.png")


def _mean(method: Method, score: str) -> float:
    scores = method.mean(f"mask_own_{score}")[method.subset(SUBSET)]
    return float(scores[np.isfinite(scores)].mean())
