"""From one row per image to the keys that an evaluation of bump maps reports."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from seethrough.metrics import MeanInterval, mean_interval, skill_interval

Rows = Mapping[str, np.ndarray]
_NOT_NUMBERS = ("id", "subset", "identity", "set")
_COMPARED = ("rmse_mm", "normal_angle_deg")
_BASELINES = ("zero", "luminance")


def summarise_subsets(rows: Rows) -> dict[str, dict[str, float]]:
    """Summarise all images, ``overall``, and each subset that data name.

    Args:
        rows: columns of :meth:`lightning_modules.bump.evaluation.BumpEvaluation.rows`.

    Returns:
        ``{subset: {key: value}}``, bumps in mm, gradient errors in mm a mm, angles in degrees.
    """
    subsets = {"overall": np.ones(len(rows["id"]), dtype=bool)}
    named = np.array([re.sub(r"[^a-z0-9]+", "_", str(name).lower()).strip("_") for name in rows["subset"]])
    for name in np.unique(named[named != ""]):
        subsets.setdefault(str(name), named == name)
    return {name: summarise({key: values[chosen] for key, values in rows.items()}) for name, chosen in subsets.items()}


def summarise(rows: Rows) -> dict[str, float]:
    """Turn rows into the keys of one subset; intervals are 95 %, by person where people are known.

    ``bump_rmse_mm`` and the like are means over images; ``bump_rmse_mm_gain_over_zero`` is ``1 - error / error of the
    zero bump``, above 0 where the translator is nearer.
    """
    people = rows["identity"]
    result: dict[str, float] = {"images": len(people), "people": len(np.unique(people[people >= 0]))}
    for name, values in rows.items():
        if name not in _NOT_NUMBERS:
            known = values[np.isfinite(values)].astype(np.float64)
            result[name] = float(known.mean()) if len(known) else float("nan")
    for error in _COMPARED:
        interval = mean_interval(rows[f"bump_{error}"], people)
        result |= {f"bump_{error}_low": interval.low, f"bump_{error}_high": interval.high}
        for baseline in _BASELINES:
            skill = skill_interval(rows[f"bump_{error}"], rows[f"{baseline}_{error}"], people)
            result |= _with_bounds(f"bump_{error}_gain_over_{baseline}", skill)
    return result


def _with_bounds(key: str, interval: MeanInterval) -> dict[str, float]:
    return {key: interval.mean, f"{key}_low": interval.low, f"{key}_high": interval.high}
