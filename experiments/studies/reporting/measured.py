"""The rows of one method's evaluations, one file a seed, aligned image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from experiments.evaluation.row_files import read_columns
from seethrough.errors import SeethroughError
from seethrough.metrics import twin_pairs

OUT_OF_DISTRIBUTION = "out_of_distribution"
MAIN_SUBSETS = ("unoccluded", "occluded", "overall", OUT_OF_DISTRIBUTION)
_REQUIRED = ("set", "id", "identity", "subset")
_OF_OCCLUDERS = ("twin", "occluder", "occluder_name")
HIDDEN_SHARES = {
    "up to 5 %": (0.0, 0.05),
    "5 to 10 %": (0.05, 0.1),
    "10 to 20 %": (0.1, 0.2),
    "20 to 30 %": (0.2, 0.3),
    "30 to 40 %": (0.3, 0.4),
    "above 40 %": (0.4, 1.0),
}
"""Subsets of the occluded images by how much of the face is hidden, each without its lower end."""


def read_rows(path: Path) -> dict[str, np.ndarray]:
    """Read the columns that an evaluation wrote with ``--rows``, sorted by image.

    Raises:
        SeethroughError: the file is missing, broken or none of ours.
    """
    columns = read_columns(path, _REQUIRED)
    if any(name in columns for name in _OF_OCCLUDERS):  # rows of methods that occluders mean nothing to have none
        read_columns(path, _OF_OCCLUDERS)
    return columns


@dataclass(frozen=True)
class Method:
    """What some seeds of one method scored on the same images.

    Attributes:
        name: of the row.
        label: in tables.
        seeds: numbers of the seeds.
        rows: columns of each seed, on the same images in the same order.
    """

    name: str
    label: str
    seeds: tuple[int, ...]
    rows: tuple[dict[str, np.ndarray], ...]

    @property
    def facts(self) -> dict[str, np.ndarray]:
        """Columns that say what an image shows, the same for every seed."""
        return self.rows[0]

    @property
    def people(self) -> np.ndarray:
        """(N,) the person in each image."""
        return self.facts["identity"]

    def of_seeds(self, seeds: Sequence[int]) -> Method:
        """Return the same of some of its seeds only, in their order."""
        return Method(self.name, self.label, tuple(seeds), tuple(self.rows[self.seeds.index(seed)] for seed in seeds))

    def values(self, column: str) -> np.ndarray:
        """Return (seeds, N) float64 of a column; NaN where it is not known or not there.

        ``twin:COLUMN`` is what an occluder costs: the occluded image's value minus that of its twin without the
        occluder, NaN in all other images.
        """
        name = column.removeprefix("twin:")
        nothing = np.full(len(self.people), np.nan)
        stacked = np.stack([rows.get(name, nothing).astype(np.float64) for rows in self.rows])
        return stacked if name == column else self._twin_differences(stacked)

    def mean(self, column: str) -> np.ndarray:
        """Return (N,) of each image's mean over seeds."""
        return self.values(column).mean(0)

    def subset(self, name: str) -> np.ndarray:
        """Return (N,) whether an image belongs to a subset or occluder class.

        Images out of distribution belong to that subset only.
        """
        facts = self.facts
        foreign = np.char.startswith(facts["subset"].astype(str), "ood_")
        if name == OUT_OF_DISTRIBUTION:
            return foreign
        if name == "overall":
            return ~foreign
        if name == "unoccluded":
            return ~foreign & (facts["occluder"] == 0)
        if name == "occluded":
            return ~foreign & (facts["occluder"] > 0)
        if name in HIDDEN_SHARES:
            low, high = HIDDEN_SHARES[name]
            share = facts["occluded_share"].astype(np.float64)
            return self.subset("occluded") & (share > low) & (share <= high)
        return ~foreign & (facts["occluder"] > 0) & (facts["occluder_name"] == name)

    @cached_property
    def families(self) -> list[str]:
        """The occluder classes of the test images, by their numbers."""
        chosen = self.subset("occluded")
        numbers, names = self.facts["occluder"][chosen], self.facts["occluder_name"][chosen]
        return [name for _, name in sorted({(int(n), str(w)) for n, w in zip(numbers, names, strict=True)})]

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the occluded images that have a twin, and the rows of these twins."""
        return twin_pairs(self.facts["id"], self.facts["twin"], self.facts["occluder"])

    def _twin_differences(self, values: np.ndarray) -> np.ndarray:
        occluded, clean = self.pairs
        differences = np.full_like(values, np.nan)
        differences[:, occluded] = values[:, occluded] - values[:, clean]
        return differences


def gather(
    name: str, label: str, files: Sequence[tuple[int, Path]], more: Mapping[int, Path] | None = None
) -> Method | None:
    """Return what the seeds of a method scored, from those (seed, file) whose file is there; None if none is.

    Args:
        name: of the row.
        label: in tables.
        files: seed and rows.
        more: seed -> file with more columns of the same images; what is of other images is left out.

    Raises:
        SeethroughError: two seeds were evaluated on different images.
    """
    found = [(seed, _with_more(read_rows(path), (more or {}).get(seed))) for seed, path in files if path.is_file()]
    if not found:
        return None
    for seed, rows in found:
        if not _same_images(rows, found[0][1]):
            raise SeethroughError(
                f"{name}, seed {seed} was evaluated on other images than seed {found[0][0]}: {_AGAIN}"
            )
    return Method(name, label, tuple(seed for seed, _ in found), tuple(rows for _, rows in found))


def check_same_images(methods: Sequence[Method]) -> None:
    """Raise ``SeethroughError`` where methods were evaluated on different images, which no table could compare."""
    for method in methods:
        if not _same_images(method.facts, methods[0].facts):
            raise SeethroughError(f"{method.name} was evaluated on other images than {methods[0].name}: {_AGAIN}")


def _with_more(rows: dict[str, np.ndarray], path: Path | None) -> dict[str, np.ndarray]:
    if path is None or not path.is_file():
        return rows
    more = read_columns(path)
    return {**more, **rows} if _same_images(more, rows) else rows


def _same_images(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    """Return whether rows are of the same pictures: ids alone are those of every version of the test set."""
    return all(np.array_equal(first[column], second[column]) for column in ("id", "set"))


_AGAIN = "run the study with --evaluate-again"
