"""One face with a hole, filled in every way, and how far each comes from the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from experiments.filling_study.cases import Case
from seethrough.details.filling import (
    Candidates,
    FillSettings,
    Holed,
    ReferenceSearch,
    ReferenceSet,
    fill_from,
    fills_from,
)
from seethrough.details.filling.fills import harmonic_fill, mean_fill, zero_fill

RANKINGS = ("default", "pose only", "random")
"""Which references are mixed: the most alike of those seen from the same side, the nearest in viewpoint, any."""

NUMBERS, SHRINKAGES = (1, 16, 32, 64, 100), (0.3, 1.0, 2.0, 4.0, 10.0, 30.0)
"""References that fill a hole together, and shrinkages of their weights, that ``--choose`` compares."""

Fill = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Choice:
    """Settings of hole filling that are compared.

    Attributes:
        ranking: one of :data:`RANKINGS`.
        together: references mixed.
        shrinkage: of their weights; it means nothing for one.
    """

    ranking: str
    together: int
    shrinkage: float

    def as_row(self) -> dict[str, object]:
        """Return the groups of a table's line."""
        return {"ranking": self.ranking, "together": self.together, "shrinkage": self.shrinkage}


def choices(most: int) -> list[Choice]:
    """Return all combinations of at most so many references."""
    found = []
    for ranking in RANKINGS:
        for number in NUMBERS:
            if number <= most:
                found += [Choice(ranking, number, shrinkage) for shrinkage in (SHRINKAGES if number > 1 else (0.0,))]
    return found


class Ranked:
    """The references of one case in the order of each ranking; each is found once.

    Args:
        case: the face.
        search: by the preset ``default``.
        k: length of the short list.
    """

    def __init__(self, case: Case, search: ReferenceSearch, k: int) -> None:
        self._case, self._search, self._k = case, search, k
        self._found: dict[str, Candidates | list[int]] = {}

    def __getitem__(self, ranking: str) -> Candidates | list[int]:
        if ranking not in self._found:
            pose, k = self._case.face.viewpoint, self._k
            if ranking == "random":
                rows = self._case.random().permutation(len(self._search.references))[:k]
                self._found[ranking] = [int(row) for row in rows]
            else:
                feature = self._case.feature if ranking == "default" else None
                self._found[ranking] = self._search.nearest(pose, feature, k=k)
        return self._found[ranking]


def chosen_fills(
    case: Case, ranked: Ranked, references: ReferenceSet, every: Sequence[Choice], k: int
) -> Iterator[tuple[Choice, np.ndarray]]:
    """Yield each setting with the (S, S) mm that it fills a face with; references are read once a ranking."""
    for ranking in dict.fromkeys(choice.ranking for choice in every):
        chosen = [choice for choice in every if choice.ranking == ranking]
        settings = [FillSettings(k=k, together=choice.together, shrinkage=choice.shrinkage) for choice in chosen]
        fillings = fills_from(case.holed, references, ranked[ranking], settings)
        yield from zip(chosen, (filling.bump for filling in fillings), strict=True)


def compared_fills(case: Case, searches: Mapping[str, ReferenceSearch], k: int) -> dict[str, Fill]:
    """Return name -> fill of what the table of the study compares; ``default`` has the settings that come along."""
    search, paper, usual = searches["default"], searches["paper"], FillSettings()
    ranked = Ranked(case, search, k)

    found = paper.nearest(case.face.viewpoint, case.feature, k=k)
    fills: dict[str, Fill] = {
        "zero": partial(zero_fill, case.holed),
        "mean of the visible face": partial(mean_fill, case.holed),
        "harmonic": partial(harmonic_fill, case.holed),
        "paper": partial(_filled, case.holed, paper.references, found, FillSettings("paper", k=k)),
    }
    for ranking in RANKINGS:
        for name, number in ((f"{ranking}, one reference", 1), (f"{ranking}, mixed", usual.mixed)):
            settings = FillSettings(k=k, together=number)
            fills[name] = partial(_filled, case.holed, search.references, ranked[ranking], settings)
    return fills


def _filled(
    holed: Holed, references: ReferenceSet, ranked: Candidates | list[int], settings: FillSettings
) -> np.ndarray:
    return fill_from(holed, references, ranked, settings).bump


def errors(filled: np.ndarray, truth: np.ndarray, gap: np.ndarray) -> dict[str, float]:
    """Return mean and root mean square error in mm and the mean error of steps between neighbours, in the hole."""
    wrong = filled.astype(np.float64) - truth
    steps = [
        np.abs(np.diff(wrong, axis=0))[gap[1:] & gap[:-1]],
        np.abs(np.diff(wrong, axis=1))[gap[:, 1:] & gap[:, :-1]],
    ]
    inside = wrong[gap]
    return {
        "l1_mm": float(np.abs(inside).mean()),
        "rmse_mm": float(np.sqrt(np.square(inside).mean())),
        "step_mm": float(np.concatenate(steps).mean()),
    }


def measured(case: Case, fill: Fill) -> tuple[np.ndarray, dict[str, float]]:
    """Return a filled map and its errors, with the CPU seconds that it took once the references were found."""
    start = time.process_time()
    filled = fill()
    seconds = time.process_time() - start
    return filled, {**errors(filled, case.face.bump, case.gap), "seconds": seconds}
