"""From one row per image to the keys that an evaluation reports."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from seethrough.metrics import MeanInterval, mean_interval, paired_comparison, skill_interval

Rows = Mapping[str, np.ndarray]
FRONTAL_DEGREES = 30.0
_OUT_OF_DISTRIBUTION = "ood_"
# What synthetic data call their parts; they are found by the occluder instead.
_OWN_SUBSETS = ("", "clean", "occluded")
_SCORES = ("acc", "ppv", "tpr", "f1", "occluder_iou")
_LANDMARKS = ("landmark_error_px", "landmark_error_mean_face_px", "landmark_error_resting_face_px")
_REGIONS = (("own", ""), ("fixed", "_fixed_region"))
_MASKS = (("mask", ""), ("all_face", "_all_face"), ("preliminary", "_preliminary"), ("skin", "_skin"))
_TWINS = {"twin_shape_error_mm": "shape_error_mm", "twin_image_rmse": "image_rmse_shared_region"}
_NOW_TWINS = {"twin_now_error_mean_mm": "now_error_mean_mm", "twin_now_error_median_mm": "now_error_median_mm"}
_SHAPES = (("", "shape_error_mm"), ("_rigid", "shape_error_rigid_mm"), ("_misfit_prior", "shape_error_misfit_prior_mm"))


def summarise_subsets(rows: Rows) -> dict[str, dict[str, float]]:
    """Summarise every subset that has images.

    ``overall``, ``unoccluded`` (and of it ``unoccluded_frontal``, at most 30 degrees of yaw), ``occluded``, each
    occluder class, each other subset that data name, and ``out_of_distribution``, whose images are in none of the
    others. Where occluders are not known, subsets are those that data name, and ``overall``.

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
    spoken_for = foreign | ((occluder >= 0) & np.isin(rows["subset"], _OWN_SUBSETS)) | (rows["subset"] == "")
    named = np.array([subset_key(str(name)) for name in rows["subset"]])
    for name in np.unique(named[~spoken_for]):
        subsets.setdefault(str(name), ~spoken_for & (named == name))
    subsets["out_of_distribution"] = foreign
    twins = twin_differences(rows)
    return {
        name: summarise({key: values[chosen] for key, values in {**rows, **twins}.items()})
        for name, chosen in subsets.items()
        if chosen.any()
    }


def subset_key(name: str) -> str:
    """Return the name of a subset as a key in snake case: ``Sun-glasses`` becomes ``sun_glasses``."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "unnamed"


def summarise(rows: Rows) -> dict[str, float]:
    """Turn rows into the keys of one subset; intervals are 95 %, by person where people are known.

    Columns of :func:`twin_differences` add what an occluder costs. Keys of shapes, of soft masks and of the NoW
    protocol are there where the rows have such columns.
    """
    people = rows["identity"]
    result: dict[str, float] = {"images": len(people), "people": len(np.unique(people[people >= 0]))}
    for region, suffix in _REGIONS:
        for mask, infix in _MASKS:
            for score in _SCORES:
                key = "occluder_iou" if score == "occluder_iou" else f"mask_{score}"
                result[f"{key}{infix}{suffix}"] = _mean(rows[f"{mask}_{region}_{score}"])
        result[f"mask_f1_std{suffix}"] = _deviation(rows[f"mask_{region}_f1"])
        gain = rows[f"mask_{region}_f1"] - rows[f"all_face_{region}_f1"]
        result |= _with_bounds(f"mask_f1_gain{suffix}", mean_interval(gain, people))
    if "mask_own_f1_soft" in rows:
        soft = {
            mask: {score: rows[f"{mask}_own_{score}_soft"] for score in _SCORES[:4]} for mask in ("mask", "all_face")
        }
        result |= {f"mask_{score}_soft": _mean(values) for score, values in soft["mask"].items()}
        result["mask_f1_std_soft"] = _deviation(soft["mask"]["f1"])
        result |= {f"mask_{score}_all_face_soft": _mean(values) for score, values in soft["all_face"].items()}
    result |= _with_bounds("image_rmse", mean_interval(rows["image_rmse"], people))
    result["image_rmse_std"] = _deviation(rows["image_rmse"])
    for key in (*_LANDMARKS, "occluded_share", "rendered_area_ratio"):
        if key in rows:  # rows that were kept from before may lack the mean face
            result[key] = _mean(rows[key])
    if "shape_error_mm" in rows:
        for name, column in _SHAPES:
            result |= _shape_keys(rows, name, column)
        result["shape_error_mean_face_mm"] = _mean(rows["mean_face_error_mm"])
        result["shape_error_mean_face_rigid_mm"] = _mean(rows["mean_face_error_rigid_mm"])
        result["shape_error_random_identity_mm"] = _mean(rows["random_identity_error_mm"])
        result |= _misfit_keys(rows)
    if "now_error_mean_mm" in rows:
        result |= _now_keys(rows)
    for key in (*_TWINS, *_NOW_TWINS):
        if key in rows:
            result |= _with_bounds(key, mean_interval(rows[key], people))
    if "twin_shape_error_mm" in rows:
        result["twin_pairs"] = int(np.isfinite(rows["twin_shape_error_mm"]).sum())
    return result


def twin_differences(rows: Rows) -> dict[str, np.ndarray]:
    """Return what an occluder costs: occluded minus clean of the same scene, NaN in rows that are not the occluded one.

    Returns:
        ``twin_shape_error_mm`` (N,) of the shape error after a similarity, and ``twin_image_rmse`` (N,) where both
        pictures show the face, in 1/255; ``twin_now_error_mean_mm`` and ``twin_now_error_median_mm`` (N,) of the mean
        and the median over each scan, where rows have the NoW error. Nothing of a column that rows do not have.
    """
    place = {str(name): row for row, name in enumerate(rows["id"])}
    occluded = [row for row in range(len(rows["id"])) if rows["occluder"][row] > 0 and str(rows["twin"][row]) in place]
    clean = [place[str(rows["twin"][row])] for row in occluded]
    differences = {}
    for key, column in (_TWINS | _NOW_TWINS).items():
        if column not in rows:
            continue
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


def _now_keys(rows: Rows) -> dict[str, float]:
    """Summarise NoW errors: of the points of all scans together, as the challenge does, with the misfit prior likewise.

    Intervals and the gain of the misfit prior are of the means of single images, people resampled.
    """
    people, result = rows["identity"], {}
    for name, column in (("", "now_distance_mm"), ("_misfit_prior", "now_distance_misfit_prior_mm")):
        points = rows[column][np.isfinite(rows[column])].astype(np.float64)
        statistics = (np.median(points), points.mean(), points.std()) if len(points) else (np.nan,) * 3
        keys = [f"now_error_{kind}{name}_mm" for kind in ("median", "mean", "std")]
        result |= dict(zip(keys, map(float, statistics), strict=True))
    interval = mean_interval(rows["now_error_mean_mm"], people)
    result |= {"now_error_mean_mm_low": interval.low, "now_error_mean_mm_high": interval.high}
    result["now_error_mean_face_mm"] = _mean(rows["now_error_mean_face_mm"])
    skill = skill_interval(rows["now_error_mean_mm"], rows["now_error_mean_face_mm"], people)
    test = paired_comparison(rows["now_error_mean_mm"], rows["now_error_misfit_prior_mm"], people)
    result |= _with_bounds("now_skill_over_mean_face", skill)
    result |= _with_bounds("now_misfit_prior_gain_mm", test.difference)
    return result | {"now_misfit_prior_gain_p": test.t_p}


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


def _deviation(values: np.ndarray) -> float:
    """Return the standard deviation over images (ddof 0)."""
    known = values[np.isfinite(values)]
    return float(known.astype(np.float64).std()) if len(known) else float("nan")
