"""Rows of an evaluation that never happened, with effects that tests can look for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FAMILIES = ("glasses", "cloth", "hand")
MASKS, REGIONS, SCORES = (
    ("mask", "all_face", "preliminary", "skin"),
    ("own", "fixed"),
    ("acc", "ppv", "tpr", "f1", "occluder_iou"),
)


def fake_rows(
    pairs: int = 12, foreign_pairs: int = 4, *, cost: float = 0.1, error: float = 1.5, rmse: float = 10.0,
    f1: float = 0.9, prior_gain: float = 0.05, noise: float = 0.01, seed: int = 0,
    pictures: str = "test-80px-0123",
) -> dict[str, np.ndarray]:  # fmt: skip
    """Return columns of ``pairs`` twins (two pairs a person) and ``foreign_pairs`` twins out of distribution.

    Args:
        pairs: scenes, each without and with an occluder.
        foreign_pairs: the same out of distribution.
        cost: mm of shape error that an occluder adds.
        error: mm of shape error without.
        rmse: colour error; an occluder adds one.
        f1: of the mask on occluded images; everything is face has .8.
        prior_gain: mm that the misfit prior takes off.
        noise: standard deviation of what each image adds to its shape error.
        seed: of that.
        pictures: the name of the pictures' pool.
    """
    scenes = pairs + foreign_pairs
    foreign = np.repeat(np.arange(scenes) >= pairs, 2)
    occluded = np.tile([False, True], scenes)
    scene = np.repeat(np.arange(scenes), 2)
    families = np.array(["leaves" if f else FAMILIES[s % 3] for f, s in zip(foreign, scene, strict=True)])
    number = np.where(foreign, 9, scene % 3 + 1)
    kinds = {
        (False, False): "clean",
        (False, True): "occluded",
        (True, False): "ood_clean",
        (True, True): "ood_occluded",
    }
    shape = error + cost * occluded + np.random.default_rng(seed).normal(0, noise, 2 * scenes)
    rows: dict[str, np.ndarray] = {
        "id": np.array([f"test-{s:04d}-{int(o)}" for s, o in zip(scene, occluded, strict=True)]),
        "set": np.full(2 * scenes, pictures),
        "twin": np.array([f"test-{s:04d}-{int(not o)}" for s, o in zip(scene, occluded, strict=True)]),
        "subset": np.array([kinds[bool(f), bool(o)] for f, o in zip(foreign, occluded, strict=True)]),
        "identity": scene // 2 + 100 * foreign,
        "occluder": np.where(occluded, number, 0),
        "occluder_name": np.where(occluded, families, "none"),
        "yaw_deg": np.linspace(-40, 40, 2 * scenes),
        "occluded_share": np.where(occluded, 0.02 + 0.36 * scene / scenes, 0),
        "rendered_area_ratio": np.full(2 * scenes, 0.97),
        "image_rmse": rmse + occluded,
        "image_rmse_shared_region": rmse + 0.5 * occluded,
        "shape_error_mm": shape,
        "shape_error_median_mm": shape - 0.2,
        "shape_error_misfit_prior_mm": shape - prior_gain,
        "mean_face_error_mm": np.full(2 * scenes, 2.0),
        "random_identity_error_mm": np.full(2 * scenes, 2.6),
    }
    for mask in MASKS:
        for region in REGIONS:
            for score in SCORES:
                hidden = {"mask": f1, "all_face": 0.8, "preliminary": 0.85, "skin": 0.82}[mask]
                values = np.where(occluded, hidden, 0.98)
                rows[f"{mask}_{region}_{score}"] = (
                    np.where(occluded, values, np.nan) if score == "occluder_iou" else values
                )
    return rows


def fake_bump_rows(*, error: float = 0.4, grid: float = 0.01, seed: int = 0, **_: Any) -> dict[str, np.ndarray]:
    """Return columns of an evaluation of bump maps: 12 images of 6 people.

    Args:
        error: mm, of the translator; no bump has 0.6.
        grid: mm, of what repeats every two pixels.
        seed: of what each image adds.
    """
    count = 12
    varied = error + np.random.default_rng(seed).normal(0, 0.01, count)
    rows: dict[str, np.ndarray] = {
        "id": np.array([f"detail-{number:03d}" for number in range(count)]),
        "set": np.full(count, "detail-test-0123"),
        "subset": np.full(count, ""),
        "identity": np.arange(count) // 2,
        "bump_noise_mm": np.full(count, 0.004),
        "bump_checkerboard_mm": np.full(count, grid),
        "true_noise_mm": np.full(count, 0.005),
        "true_checkerboard_mm": np.full(count, 0.012),
        "bump_detail_correlation": np.full(count, 0.7),
    }
    for name, values in (("bump", varied), ("zero", np.full(count, 0.6)), ("luminance", np.full(count, 0.58))):
        rows |= {f"{name}_rmse_mm": values, f"{name}_l1_mm": 0.7 * values, f"{name}_gradient_error": 0.1 * values}
        rows[f"{name}_normal_angle_deg"] = 5 * values
    return rows


def write_position_prior(path: Path, **effects: Any) -> Path:
    """Write the scores of a mean mask for the pictures of :func:`fake_rows`: .7 everywhere."""
    rows = fake_rows(**effects)
    columns = {
        f"position_prior_{region}_{score}": np.full(len(rows["id"]), 0.7) for region in REGIONS for score in SCORES
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, id=rows["id"], set=rows["set"], **columns)
    return path


def write_rows(path: Path, *, bump: bool = False, **effects: Any) -> Path:
    """Write :func:`fake_rows`, or those of bump maps, as an evaluation writes its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **(fake_bump_rows(**effects) if bump else fake_rows(**effects)))
    return path
