"""What is measured on one face, and how rows of faces become a table."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from experiments.means_over_seeds import means_over_seeds
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
    """Average the measures of faces, see :func:`~experiments.means_over_seeds.means_over_seeds`."""
    return means_over_seeds(rows, groups, MEASURES)
