"""Rows of runs on the data sets of a protocol, each data set once a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.config.composition import Composition
from experiments.protocols.runs import ComparedRun, composed, told_for
from experiments.protocols.settings import Settings
from experiments.protocols.sheets import Result, file_stem
from seethrough.errors import SeethroughError

Summary = dict[str, dict[str, float]]
_MASKS_OF = {
    "ar": "prepare it with data.masked_only=true, after putting the masks beside the photos",
    "celeba_hq": "prepare it with data.masks=true",
}


@dataclass(frozen=True)
class MeasuredRun:
    """What a run scored on a data set: ``summary`` is ``{subset: {key: value}}``."""

    run: ComparedRun
    summary: Summary


def get_ready(settings: Settings) -> None:
    """Prepare and check all data sets of a protocol, before hours go into the evaluation of the first.

    Raises:
        SeethroughError: a folder was prepared otherwise, cannot be prepared, or its faces lack the masks.
    """
    from experiments.building import build_data

    for data_set, overrides in settings.overrides.items():
        composition = composed(settings.runs[0], data_set, overrides)
        with told_for(data_set):
            data = build_data(composition)
            data.prepare_data()
            faces = data.dataset("test")
        if data_set in _MASKS_OF and not faces.masks:
            raise _without_masks(composition, data_set)


def _without_masks(composition: Composition, data_set: str) -> SeethroughError:
    return SeethroughError(
        f"{composition.plain['data']['prepared']}: the faces of {data_set} have no masks of the visible face: "
        f"{_MASKS_OF.get(data_set, 'choose another data set')}"
    )


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
        composition = composed(run, data_set, settings.overrides[data_set])
        with told_for(data_set):
            found = measure(run.run, composition, FocusRunEvaluation(soft_masks=settings.soft_masks))
        if not np.isfinite(found.rows["image_rmse"]).any():
            raise _without_masks(composition, data_set)
        summary = summarise_subsets(found.rows)
        measured.append(MeasuredRun(run, summary))
        result.numbers.setdefault(run.label, {})[data_set] = {"pictures": found.set_name, **summary}
        result.rows[f"{file_stem(run.label)}-{data_set}"] = (found.rows, found.set_name)
    return measured
