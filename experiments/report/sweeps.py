"""Tables of sweeps, as ``experiments.sweep`` writes them beside its runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.report.sources import SWEEP_TABLE


def sweep_tables(folders: Iterable[Path], problems: list[str]) -> list[dict[str, Any]]:
    """Return title, command, columns, variants and runs of each sweep; a table that is none of ours becomes a problem.

    Runs that failed before they had a folder are in no other part of the report.
    """
    tables = []
    for folder in folders:
        try:
            content = json.loads((folder / SWEEP_TABLE).read_text(encoding="utf-8"))
            tables.append(
                {
                    "name": folder.resolve().name,
                    "folder": str(folder.resolve()),
                    "written": (folder / SWEEP_TABLE).stat().st_mtime,
                    "command": str(content["command"]),
                    "columns": [str(column) for column in content["columns"]],
                    "variants": [_variant(row) for row in content["variants"]],
                    "runs": [_run(row) for row in content["runs"]],
                }
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            problems.append(f"{folder / SWEEP_TABLE} is no table of a sweep ({type(error).__name__})")
    return tables


def failed_runs(tables: Iterable[dict[str, Any]]) -> dict[Path, tuple[str, float]]:
    """Return of failed runs, by folder, why and when that was known; their own files tell that they stand still."""
    runs = ((table, run) for table in tables for run in table["runs"] if run["status"] == "failed")
    return {Path(table["folder"]) / str(run["name"]): (str(run["reason"]), table["written"]) for table, run in runs}


def _variant(row: dict[str, Any]) -> dict[str, Any]:
    settings = {str(key): value for key, value in row["settings"].items()}
    metrics = {
        str(key): {"mean": cell["mean"], "deviation": cell["sd"], "seeds": cell["n"]}
        for key, cell in row["metrics"].items()
    }
    return {
        "label": str(row["variant"]), "settings": settings, "runs": row["runs"], "finished": row["finished"],
        "metrics": metrics,
    }  # fmt: skip


def _run(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row.get(key) for key in ("name", "variant", "seed", "status", "reason", "minutes")}
