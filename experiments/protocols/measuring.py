"""Rows of runs on the data sets of a protocol, each data set once a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.protocols.runs import ComparedRun, composed
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import Result, file_stem
from seethrough.errors import SeethroughError

Summary = dict[str, dict[str, float]]
# What AR's protocol is about, where its photos have yet to be prepared.
_OWN_SETTINGS = {"ar": ("data.masked_only=true", "data.other=false")}
_MASKS_OF = {
    "ar": "prepare it with data.masked_only=true, after putting the masks beside the photos",
    "celeba_hq": "prepare it with data.masks=true",
}


@dataclass(frozen=True)
class MeasuredRun:
    """What a run scored on a data set: ``summary`` is ``{subset: {key: value}}``."""

    run: ComparedRun
    summary: Summary


def measured_with_masks(settings: Settings, data_set: str, result: Result) -> list[MeasuredRun]:
    """Score all runs on a data set that has masks, and put their rows and numbers into a result.

    Raises:
        SeethroughError: the faces have no masks.
    """
    from experiments.evaluation.focus import FocusRunEvaluation
    from experiments.evaluation.measuring import measure
    from lightning_modules.focus.evaluation_summary import summarise_subsets

    measured = []
    for run in settings.runs:
        settings.say(f"{run.label} on {data_set}")
        composition = composed(run, data_set, [*_OWN_SETTINGS.get(data_set, ()), *settings.overrides[data_set]])
        found = measure(run.run, composition, FocusRunEvaluation(soft_masks=settings.soft_masks))
        if not np.isfinite(found.rows["image_rmse"]).any():
            raise SeethroughError(
                f"{composition.plain['data']['prepared']}: the faces of {data_set} have no masks of the visible face: "
                f"{_MASKS_OF.get(data_set, 'choose another data set')}"
            )
        summary = summarise_subsets(found.rows)
        measured.append(MeasuredRun(run, summary))
        result.numbers.setdefault(run.label, {})[data_set] = {"pictures": found.set_name, **summary}
        result.rows[f"{file_stem(run.label)}-{data_set}"] = (found.rows, found.set_name)
    return measured
