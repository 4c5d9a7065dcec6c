"""Compare two evaluations of the same pictures, row by row: means before and after, and the mean difference.

python -m experiments.evaluate default data/synthetic --rows before.npz
python -m experiments.evaluate default data/synthetic --adapt 200 --rows after.npz
python -m experiments.compare before.npz after.npz --columns shape_error_mm mask_own_f1
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from experiments.command_line import run, write_json
from experiments.evaluation.row_files import read_columns
from seethrough.errors import SeethroughError
from seethrough.metrics.paired import paired_comparison

_LABELS = ("id", "set", "subset", "twin", "identity", "occluder")


def main(arguments: list[str]) -> None:
    """Read both files, print the table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(
        "python -m experiments.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, metavar="BEFORE.npz", help="rows that experiments.evaluate --rows wrote")
    parser.add_argument("after", type=Path, metavar="AFTER.npz", help="the same pictures, evaluated otherwise")
    parser.add_argument("--columns", nargs="+", metavar="NAME", help="default: all numbers that both files hold")
    parser.add_argument("--json", metavar="PATH", help="also write the table as JSON")
    options = parser.parse_args(arguments)
    before, after = read_columns(options.before), read_columns(options.after)
    table = compare(before, after, options.columns)
    console = Console(width=130, highlight=False)
    shown = Table("subset", "column", "images", "before", "after", "after - before [95 %, over people]", "p, people")
    for line in table:
        change = f"{line['change']:+.4f} [{line['low']:+.4f}, {line['high']:+.4f}]"
        numbers = (f"{line['images']:,}", f"{line['before']:.4f}", f"{line['after']:.4f}", change, f"{line['p']:.1e}")
        shown.add_row(str(line["subset"]), str(line["column"]), *numbers)
    console.print(shown)
    if options.json:
        write_json(options.json, {"table": table})


def compare(
    first: dict[str, np.ndarray], second: dict[str, np.ndarray], columns: Sequence[str] | None = None
) -> list[dict[str, object]]:
    """Return a line for each subset and column: means, and the mean difference with its interval over people.

    Both have their rows in the order of the pictures, as :func:`~experiments.evaluation.row_files.read_columns` gives
    them. Subsets, as far as they occur: all pictures, those without and with an occluder, those out of distribution.

    Raises:
        SeethroughError: the files hold other pictures, or a column that is asked for is not in both.
    """
    if first["id"].tolist() != second["id"].tolist() or set(first["set"]) != set(second["set"]):
        raise SeethroughError("the two files do not hold the same pictures: evaluate both on the same data and split")
    both = [name for name in first if name in second and name not in _LABELS and first[name].dtype.kind == "f"]
    for name in columns or ():
        if name not in both:
            raise SeethroughError(f"--columns {name}: not a number in both files; they hold {', '.join(both)}")
    table: list[dict[str, object]] = []
    for subset, chosen in _subsets(first).items():
        people = first["identity"][chosen] if "identity" in first else None
        for name in columns or both:
            pair = paired_comparison(second[name][chosen], first[name][chosen], people)
            known = np.isfinite(first[name][chosen]) & np.isfinite(second[name][chosen])
            if not known.any():
                continue
            numbers = {"change": pair.difference.mean, "low": pair.difference.low, "high": pair.difference.high}
            means = {"before": first[name][chosen][known].mean(), "after": second[name][chosen][known].mean()}
            table.append(
                {"subset": subset, "column": name, "images": int(known.sum())}
                | {key: float(value) for key, value in {**means, **numbers}.items()}
                | {"p": pair.people_t_p}
            )
    return table


def _subsets(rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    everything = np.ones(len(rows["id"]), bool)
    if "occluder" not in rows or "subset" not in rows:
        return {"all": everything}
    unseen = np.char.startswith(rows["subset"].astype(str), "ood_")
    parts = {"unoccluded": ~unseen & (rows["occluder"] == 0), "occluded": ~unseen & (rows["occluder"] > 0)}
    parts["out of distribution"] = unseen
    return {name: chosen for name, chosen in parts.items() if chosen.any()}


if __name__ == "__main__":
    run(main)
