"""What is measured on one face, and how rows of faces become a table."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from experiments.shading_study.faces import StudyFace
from seethrough.details.shading import ShadingSettings, refine_depth
from seethrough.details.shading.blur import blur

FINE_MM = 4.0
"""Deviation of the Gaussian that parts wrinkles from the form of the face."""

MEASURES = ("seconds", "correlation", "rmse_mm", "fine_correlation", "fine_rmse_mm")


def fine_part(bump: Tensor, skin: Tensor, pixel: float) -> Tensor:
    """Return (S, S) bump less its mean around each pixel, a Gaussian of 4 mm inside the skin."""
    weight, deviation = skin.to(bump), FINE_MM / pixel
    return bump - blur(bump * weight, deviation) / blur(weight, deviation).clamp_min(1e-3)


def score(face: StudyFace, settings: ShadingSettings | None) -> dict[str, float]:
    """Measure one face with one set of parameters; None does nothing, which has no correlation.

    Returns:
        Name -> number for each of :data:`MEASURES`; seconds are CPU seconds.
    """
    start = time.process_time()
    bump = torch.zeros_like(face.bump)
    if settings is not None:
        bump = refine_depth(face.image, face.depth, face.skin, face.camera, settings).bump
    seconds = time.process_time() - start
    found, truth = ((bump * face.skin).double(), (face.bump * face.skin).double())
    numbers = {"seconds": seconds if settings is not None else 0.0}
    for prefix, pair in (
        ("", (found, truth)),
        ("fine_", tuple(fine_part(values, face.skin, face.pixel) for values in (found, truth))),
    ):
        inside = torch.stack([values[face.skin] for values in pair])
        known = bool((inside.std(1) > 0).all())
        numbers[f"{prefix}correlation"] = float(torch.corrcoef(inside)[0, 1]) if known else float("nan")
        numbers[f"{prefix}rmse_mm"] = float((inside[0] - inside[1]).square().mean().sqrt())
    return numbers


def summarise(rows: Iterable[Mapping[str, object]], groups: Sequence[str]) -> list[dict[str, object]]:
    """Average faces: one row for each combination of ``groups``, in the order in which they first come.

    Each measure becomes its mean over seeds of the means over faces, and its standard deviation over seeds.
    """
    gathered: dict[tuple, dict[object, list[Mapping[str, object]]]] = {}
    for row in rows:
        gathered.setdefault(tuple(row[name] for name in groups), {}).setdefault(row["seed"], []).append(row)
    table = []
    for key, seeds in gathered.items():
        line: dict[str, object] = dict(zip(groups, key, strict=True))
        for measure in MEASURES:
            means = [np.mean([float(str(row[measure])) for row in faces]) for faces in seeds.values()]
            line[measure] = float(np.mean(means))
            line[f"{measure}_deviation"] = float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")
        line["faces"] = sum(map(len, seeds.values()))
        table.append(line)
    return table
