"""Table 4 of FOCUS: how well masks of the visible face are."""

from __future__ import annotations

from pathlib import Path

from experiments.studies.reporting.cells import SIGNS
from experiments.studies.reporting.galleries import mask_gallery
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.mask_tables import SCORES, subsets_of
from experiments.studies.reporting.measured import HIDDEN_SHARES, Method
from experiments.studies.reporting.report import Report

# A mask is a column of some row's evaluation: those without a network are scored on FOCUS's renders.
MASKS = (
    ("everything is face", "focus", "all_face"),
    ("mean mask of the training pictures", "focus", "position_prior"),
    ("skin colour (Gaussians)", "focus", "skin"),
    ("threshold on the residual (Eq. 10)", "focus", "preliminary"),
    ("Pretrained (Sec. 3.3)", "pretrained", "mask"),
    ("FOCUS", "focus", "mask"),
    ("network trained on true masks (upper bound)", "supervised", "mask"),
)
REGIONS = {
    "own": "the face that the method rendered, the paper's region",
    "fixed": "the true face, the same for every method",
}


def tables(report: Report) -> str:
    """Return the tables as Markdown."""
    parts = []
    subsets = subsets_of(report.anyone)
    for region, meaning in REGIONS.items():
        rows = [
            [label, *(report.cells.value(report.method(row), f"{mask}_{region}_f1", s) for s in subsets)]
            for label, row, mask in MASKS
        ]
        parts += [f"## F1 inside {meaning}", "", markdown_table(["", *_names(subsets)], rows)]
    parts += [
        "## F1 by how much of the face is hidden",
        "",
        "Share of the true face that the occluder covers, with the number of images in brackets; inside the true face.",
        "",
        _by_hidden_share(report),
        "## What FOCUS's mask gains in F1",
        "",
        f"Differences on the same images, 95 % interval over images (people resampled){SIGNS}.",
        "",
        _gains(report, subsets),
        "## All scores inside the rendered face",
        "",
        "The IoU is that of the occluder, so it is missing where there is none.",
        "",
        _all_scores(report, subsets),
        "## How much of the face is rendered",
        "",
        "Area of the render over area of the true face: a mask that is scored inside its own render must not win by a "
        "small one.",
        "",
        markdown_table(
            ["", *_names(subsets)],
            [
                [label, *(report.cells.value(report.method(row), "rendered_area_ratio", s) for s in subsets)]
                for row, label in report.labels.items()
            ],
        ),
    ]
    return "\n".join(parts)


def _by_hidden_share(report: Report) -> str:
    images = {share: int(report.anyone.subset(share).sum()) for share in HIDDEN_SHARES}
    shares = [share for share, count in images.items() if count]
    rows = [
        [label, *(report.cells.value(report.method(row), f"{mask}_fixed_f1", share) for share in shares)]
        for label, row, mask in MASKS
    ]
    return markdown_table(["", *(f"{share} ({images[share]})" for share in shares)], rows)


def _gains(report: Report, subsets: list[str]) -> str:
    focus, rows = report.method("focus"), []
    others: list[tuple[str, Method | None, str]] = [
        (f"over {label}", report.method(row), mask) for label, row, mask in MASKS if (row, mask) != ("focus", "mask")
    ]
    for region in REGIONS:
        for label, method, mask in others:
            column, second = f"mask_{region}_f1", f"{mask}_{region}_f1"
            cells = [report.cells.difference(focus, method, column, s, second_column=second) for s in subsets]
            rows.append([f"{label}, {region} region", *cells])
    return markdown_table(["", *_names(subsets)], rows)


def _all_scores(report: Report, subsets: list[str]) -> str:
    rows = []
    for subset in subsets:
        for label, row, mask in MASKS:
            columns = [f"{mask}_own_{score}" for score in SCORES]
            cells = [report.cells.value(report.method(row), column, subset) for column in columns]
            rows.append([f"{subset.replace('_', ' ')}: {label}", *cells])
    return markdown_table(["", *SCORES.values()], rows)


def _names(subsets: list[str]) -> list[str]:
    return [subset.replace("_", " ") for subset in subsets]


def pictures(report: Report) -> list[Path]:
    """Draw the masks for the same faces."""
    return mask_gallery(report)
