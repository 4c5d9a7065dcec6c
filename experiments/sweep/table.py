"""The table at the end of a sweep: every run, and means over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command_line import write_json
from experiments.config.suggestions import did_you_mean
from experiments.studies.reporting.markdown import markdown_table
from experiments.sweep.scores import RunScores
from seethrough.errors import SeethroughError

SHOWN = 6
# What a score of the whole is called first, then what was measured of parts of it, then the losses.
_FIRST = ("validation/", "test/")


def chosen_metrics(runs: Sequence[RunScores], asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns of the table, and one line for each that was asked for and no run has.

    Without any asked for: what was measured on validation or test faces, or else the losses; the first six.
    """
    known = list(dict.fromkeys(key for run in runs for key in run.metrics))
    if asked:
        lines = [
            f"no finished run has the metric '{key}'{did_you_mean(key, known)}" for key in asked if key not in known
        ]
        return [key for key in asked if key in known], lines if known else []
    measured = [key for key in known if key.startswith(_FIRST)]
    return (measured or [key for key in known if not key.startswith(("lr", "learning_rate"))])[:SHOWN], []


def mean_rows(runs: Sequence[RunScores]) -> list[dict[str, Any]]:
    """Return one row for each variant: how many seeds have finished, and mean and deviation of each metric.

    ``sd`` is the standard deviation over seeds (n - 1), None for a single one.
    """
    rows = []
    for variant in dict.fromkeys(run.job.variant for run in runs):
        own = [run for run in runs if run.job.variant == variant]
        done = [run for run in own if run.status == "finished"]
        metrics = {}
        for key in dict.fromkeys(key for run in done for key in run.metrics):
            values = np.array([run.metrics[key] for run in done if key in run.metrics])
            deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
            metrics[key] = {"mean": float(np.mean(values)), "sd": deviation, "n": len(values)}
        rows.append(
            {"variant": variant, "settings": dict(own[0].job.changes), "runs": len(own), "finished": len(done),
             "metrics": metrics}
        )  # fmt: skip
    return rows


def as_markdown(runs: Sequence[RunScores], columns: Sequence[str], command: str) -> str:
    """Return the tables as Markdown: means over seeds if there are several, then every run, then what went wrong."""
    text = f"Made by `{command}`.\n\n"
    means = mean_rows(runs)
    if any(row["runs"] > 1 for row in means):
        text += markdown_table(
            ["run", "seeds", *columns],
            [[row["variant"], _seeds(row), *(_mean(row["metrics"].get(key)) for key in columns)] for row in means],
        )
        text += "\n± is the standard deviation over seeds.\n\n"
    text += markdown_table(
        ["run", "state", "minutes", *columns],
        [
            [run.job.name, run.status, "" if run.minutes is None else f"{run.minutes:.1f}",
             *(_number(run.metrics.get(key)) for key in columns)]
            for run in runs
        ],
    )  # fmt: skip
    problems = [f"- {run.job.name}: {run.status}, {run.reason}" for run in runs if run.reason]
    return text + ("\n" + "\n".join(problems) + "\n" if problems else "")


def write_table(folder: Path, runs: Sequence[RunScores], columns: Sequence[str], command: str) -> tuple[Path, Path]:
    """Write ``table.md`` and ``table.json``, which has all metrics; returns their paths.

    Raises:
        SeethroughError: the folder cannot be written.
    """
    markdown, data = folder / "table.md", folder / "table.json"
    rows = [
        {"name": run.job.name, "variant": run.job.variant, "seed": run.job.seed, "status": run.status,
         "reason": run.reason, "settings": dict(run.job.changes), "metrics": dict(run.metrics),
         "minutes": run.minutes, "folder": str(run.job.folder.path)}
        for run in runs
    ]  # fmt: skip
    write_json(data, {"command": command, "columns": list(columns), "runs": rows, "variants": mean_rows(runs)})
    try:
        markdown.write_text(as_markdown(runs, columns, command), encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {markdown}: {error.strerror}") from None
    return markdown, data


def _seeds(row: dict[str, Any]) -> str:
    return str(row["runs"]) if row["finished"] == row["runs"] else f"{row['finished']} of {row['runs']}"


def _mean(cell: dict[str, Any] | None) -> str:
    if cell is None:
        return "-"
    return _number(cell["mean"]) + (f" ± {_number(cell['sd'])}" if cell["sd"] is not None else "")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
