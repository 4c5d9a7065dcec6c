"""Line drawings with matplotlib, without a display."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from experiments.studies.reporting.small_pictures import save_small

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Distinct without colour vision too: colours of Okabe and Ito, in turn with dashes.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7", "#999999")
DASHES = ("-", "--", ":", "-.")


def new_figure(
    columns: int = 1, rows: int = 1, width: float = 5.0, height: float = 3.6, *, share: bool = False
) -> tuple[Figure, Any]:
    """Return a figure and its (rows, columns) array of axes.

    Args:
        columns: diagrams side by side.
        rows: diagrams below each other.
        width: of one diagram in inches.
        height: the same.
        share: give all of them the same scales.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
    for axis in axes.flat:
        axis.grid(True, linewidth=0.4, alpha=0.6)
    return figure, axes


def style(number: int) -> dict[str, str]:
    """Return colour and dashes of line ``number``."""
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[(number // len(COLOURS)) % len(DASHES)]}


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as a small PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    buffer.seek(0)
    return save_small(Image.open(buffer).convert("RGB"), path)
