"""What the misfit prior changes on the same photos of NoW (FOCUS, supplement B.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.protocols.now_scored import Scored
from experiments.protocols.sheets import Result, Sheet, interval, probability
from seethrough.metrics.paired import paired_comparison


def prior_sheet(scored: Sequence[Scored], result: Result) -> list[Sheet]:
    """Return what the misfit prior changes on the same photos (FOCUS, supplement B.3), where a run has one."""
    sheet = Sheet(
        "What the misfit prior takes off the mean error of a photo, mm",
        ["", "difference [95 %]", "p: photos", "p: people", "p: Wilcoxon", "photos improved"],
    )
    for corrected in (each for each in scored if each.prior):
        plain = next(each for each in scored if each.run is corrected.run and not each.prior)
        paths = sorted(plain.scores.distances.keys() & corrected.scores.distances.keys())
        people = {name: number for number, name in enumerate(dict.fromkeys(path.split("/")[0] for path in paths))}
        test = paired_comparison(
            [plain.scores.distances[path].mean() for path in paths],
            [corrected.scores.distances[path].mean() for path in paths],
            np.array([people[path.split("/")[0]] for path in paths], dtype=int),
        )
        gain = test.difference
        result.numbers.setdefault(plain.run.label, {})["misfit_prior_gain"] = {
            "mean_mm": gain.mean, "low": gain.low, "high": gain.high, "t_p": test.t_p, "people_t_p": test.people_t_p,
            "wilcoxon_p": test.wilcoxon_p, "improved_share": 1 - test.first_lower, "images": len(paths),
        }  # fmt: skip
        values = [probability(value) for value in (test.t_p, test.people_t_p, test.wilcoxon_p)]
        shown = interval(gain.mean, gain.low, gain.high)
        sheet.rows.append([plain.run.label, shown, *values, f"{1 - test.first_lower:.0%}"])
    if not sheet.rows:
        return []
    result.notes.append(
        "The paper's test of the misfit prior: paired t over the photos of the validation people, p = 3.4e-19. Photos "
        "of one person are alike, so the test over people is the honest one."
    )
    return [sheet]
