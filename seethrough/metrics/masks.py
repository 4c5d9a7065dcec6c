"""How well a predicted visible-face mask agrees with the truth, one value per image."""

from __future__ import annotations

import torch
from torch import Tensor


def mask_scores(predicted: Tensor, truth: Tensor, region: Tensor, threshold: float = 0.5) -> dict[str, Tensor]:
    """Compare masks inside a region (FOCUS Sec. 4.3; positive = visible face).

    Args:
        predicted: (B, 1, H, W) mask in [0, 1], binarised at ``threshold`` as the paper rounds it.
        truth: (B, 1, H, W) mask, binarised likewise.
        region: (B, 1, H, W) pixels that count, e.g. the rendered face of the same prediction.
        threshold: what counts as face.

    Returns:
        ``acc``, ``ppv``, ``tpr``, ``f1`` and ``occluder_iou`` (intersection over union of the *occluder* class), each
        (B,). NaN marks what is undefined for an image: everything for an empty region, ``tpr`` and ``f1`` without a
        visible face, ``occluder_iou`` where neither mask has an occluder. ``ppv`` of an empty prediction is 0.
    """
    inside = region > 0.5
    face = (predicted >= threshold) & inside
    true_face = (truth >= threshold) & inside
    true_positive = _count(face & true_face)
    false_positive = _count(face & ~true_face)
    false_negative = _count(~face & true_face & inside)
    area = _count(inside)
    true_negative = area - true_positive - false_positive - false_negative
    has_face = (true_positive + false_negative) > 0
    empty = area == 0
    scores = {
        "acc": _divide(true_positive + true_negative, area),
        "ppv": _divide(true_positive, (true_positive + false_positive).clamp_min(1)),
        "tpr": _divide(true_positive, true_positive + false_negative),
        "f1": _divide(2 * true_positive, 2 * true_positive + false_positive + false_negative),
        "occluder_iou": _divide(true_negative, true_negative + false_positive + false_negative),
    }
    nan = torch.full_like(area, torch.nan)
    scores["f1"] = torch.where(has_face, scores["f1"], nan)
    return {name: torch.where(empty, nan, value) for name, value in scores.items()}


def _count(mask: Tensor) -> Tensor:
    return mask.flatten(1).sum(1).double()


def _divide(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Divide; 0 / 0 is NaN by IEEE arithmetic, which is what an undefined score should be."""
    return numerator / denominator
