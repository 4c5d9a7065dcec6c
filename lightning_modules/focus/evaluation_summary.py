"""From one row per image to the keys that an evaluation reports."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seethrough.metrics import MeanInterval, mean_interval, paired_comparison, skill_interval

Rows = Mapping[str, np.ndarray]
FRONTAL_DEGREES = 30.0
_OUT_OF_DISTRIBUTION = "ood_"
_OWN_SUBSETS = ("", "clean", "occluded")
_SCORES = ("acc", "ppv", "tpr", "f1", "occluder_iou")
_REGIONS = (("own", ""), ("fixed", "_fixed_region"))
_MASKS = (("mask", ""), ("all_face", "_all_face"), ("preliminary", "_preliminary"), ("skin", "_skin"))
_SHAPES = (("", "shape_error_mm"), ("_rigid", "shape_error_rigid_mm"), ("_misfit_prior", "shape_error_misfit_prior_mm"))


def summarise_subsets(rows: Rows) -> dict[str, dict[str, float]]:
    """Summarise every subset that has images.

    ``overall``, ``unoccluded`` (and of it ``unoccluded_frontal``, at most 30 degrees of yaw), ``occluded``, each
    occluder class, each other subset that data name, and ``out_of_distribution``, whose images are in none of the
    others.

    Args:
        rows: columns of :meth:`lightning_modules.focus.evaluation.FocusEvaluation.rows`.

    Returns:
        ``{subset: {key: value}}``, lengths in mm, RMSE in 1/255.
    """
    foreign = np.char.startswith(rows["subset"], _OUT_OF_DISTRIBUTION)
    occluder, names = rows["occluder"], rows["occluder_name"]
    subsets = {"overall": ~foreign}
    if (occluder >= 0).any():
        subsets["unoccluded"] = ~foreign & (occluder == 0)
        subsets["unoccluded_frontal"] = subsets["unoccluded"] & (np.abs(rows["yaw_deg"]) <= FRONTAL_DEGREES)
        subsets["occluded"] = ~foreign & (occluder > 0)
        classes = {int(number): str(name) for number, name in zip(occluder, names, strict=True) if number > 0}
        subsets |= {name: ~foreign & (occluder == number) for number, name in sorted(classes.items())}
    for name in np.unique(rows["subset"][~foreign]):
        if name not in _OWN_SUBSETS:
            subsets.setdefault(str(name), rows["subset"] == name)
    subsets["out_of_distribution"] = foreign
    twins = twin_differences(rows)
    return {
        name: summarise({key: values[chosen] for key, values in {**rows, **twins}.items()})
        for name, chosen in subsets.items()
        if chosen.any()
    }


def summarise(rows: Rows) -> dict[str, float]:
    """Turn rows into the keys of one subset; intervals are 95 %, by person where people are known.

    Columns of :func:`twin_differences` add what an occluder costs.
    """
    people = rows["identity"]
    result: dict[str, float] = {"images": len(people), "people": len(np.unique(people[people >= 0]))}
    for region, suffix in _REGIONS:
        for mask, infix in _MASKS:
            for score in _SCORES:
                key = "occluder_iou" if score == "occluder_iou" else f"mask_{score}"
                result[f"{key}{infix}{suffix}"] = _mean(rows[f"{mask}_{region}_{score}"])
        gain = rows[f"mask_{region}_f1"] - rows[f"all_face_{region}_f1"]
        result |= _with_bounds(f"mask_f1_gain{suffix}", mean_interval(gain, people))
    result |= _with_bounds("image_rmse", mean_interval(rows["image_rmse"], people))
    for key in ("landmark_error_px", "occluded_share", "rendered_area_ratio"):
        result[key] = _mean(rows[key])
    for name, column in _SHAPES:
        result |= _shape_keys(rows, name, column)
    result["shape_error_mean_face_mm"] = _mean(rows["mean_face_error_mm"])
    result["shape_error_mean_face_rigid_mm"] = _mean(rows["mean_face_error_rigid_mm"])
    result["shape_error_random_identity_mm"] = _mean(rows["random_identity_error_mm"])
    result |= _misfit_keys(rows)
    for key in ("twin_shape_error_mm", "twin_image_rmse"):
        if key in rows:
            result |= _with_bounds(key, mean_interval(rows[key], people))
    if "twin_shape_error_mm" in rows:
        result["twin_pairs"] = int(np.isfinite(rows["twin_shape_error_mm"]).sum())
    return result


def twin_differences(rows: Rows) -> dict[str, np.ndarray]:
    """Return what an occluder costs: occluded minus clean of the same scene, NaN in rows that are not the occluded one.

    Returns:
        ``twin_shape_error_mm`` (N,) of the shape error after a similarity, and ``twin_image_rmse`` (N,) where both
        pictures show the face, in 1/255.
    """
    place = {str(name): row for row, name in enumerate(rows["id"])}
    occluded = [row for row in range(len(rows["id"])) if rows["occluder"][row] > 0 and str(rows["twin"][row]) in place]
    clean = [place[str(rows["twin"][row])] for row in occluded]
    differences = {}
    for key, column in (("twin_shape_error_mm", "shape_error_mm"), ("twin_image_rmse", "image_rmse_shared_region")):
        values = rows[column].astype(np.float64)
        differences[key] = np.full(len(values), np.nan)
        differences[key][occluded] = values[occluded] - values[clean]
    return differences


def _shape_keys(rows: Rows, name: str, column: str) -> dict[str, float]:
    """Summarise one alignment; median and deviation are those of all vertices of all images together, as in NoW."""
    baseline = rows["mean_face_error_rigid_mm" if name == "_rigid" else "mean_face_error_mm"]
    errors = rows[column.replace("shape_error", "vertex_error")]
    known = errors[np.isfinite(errors)].astype(np.float64)
    mean = mean_interval(rows[column], rows["identity"])
    return {
        f"shape_error_median{name}_mm": float(np.median(known)) if len(known) else float("nan"),
        f"shape_error_mean{name}_mm": mean.mean,
        f"shape_error_mean{name}_mm_low": mean.low,
        f"shape_error_mean{name}_mm_high": mean.high,
        f"shape_error_std{name}_mm": float(known.std()) if len(known) else float("nan"),
        **_with_bounds(f"skill_over_mean_face{name}", skill_interval(rows[column], baseline, rows["identity"])),
    }


def _misfit_keys(rows: Rows) -> dict[str, float]:
    test = paired_comparison(rows["shape_error_mm"], rows["shape_error_misfit_prior_mm"], rows["identity"])
    return {
        **_with_bounds("misfit_prior_gain_mm", test.difference),
        "misfit_prior_gain_p": test.t_p,
        "misfit_prior_gain_people_p": test.people_t_p,
        "misfit_prior_gain_wilcoxon_p": test.wilcoxon_p,
        "misfit_prior_improved_share": 1 - test.first_lower,
    }


def _with_bounds(key: str, interval: MeanInterval) -> dict[str, float]:
    return {key: interval.mean, f"{key}_low": interval.low, f"{key}_high": interval.high}


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.astype(np.float64).mean()) if len(known) else float("nan")
