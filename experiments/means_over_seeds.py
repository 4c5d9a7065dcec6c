"""From rows of single faces to a table of means over seeds, for every study that renders its own faces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np


def means_over_seeds(
    rows: Iterable[Mapping[str, object]], groups: Sequence[str], measures: Sequence[str]
) -> list[dict[str, object]]:
    """Average faces: one line for each combination of ``groups``, in the order in which they first come.

    Args:
        rows: of single faces, with ``seed``, the groups and the measures.
        groups: keys that part the lines.
        measures: keys of numbers; nan where one could not be measured.

    Returns:
        Lines with the groups; each measure as its mean over seeds of the means over faces, and as
        ``MEASURE_deviation`` the standard deviation over seeds (nan for a single one); and how many ``faces``.
    """
    gathered: dict[tuple, dict[object, list[Mapping[str, object]]]] = {}
    for row in rows:
        gathered.setdefault(tuple(row[name] for name in groups), {}).setdefault(row["seed"], []).append(row)
    table = []
    for key, seeds in gathered.items():
        line: dict[str, object] = dict(zip(groups, key, strict=True))
        for measure in measures:
            # By numpy: statistics.stdev fails on nan in Python 3.11.
            means = [np.mean([float(str(row[measure])) for row in faces]) for faces in seeds.values()]
            line[measure] = float(np.mean(means))
            line[f"{measure}_deviation"] = float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")
        line["faces"] = sum(map(len, seeds.values()))
        table.append(line)
    return table
