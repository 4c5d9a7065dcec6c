"""How well a predicted visible-face mask agrees with the truth."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.metrics.table import PerImageTable

MASK_SCORES = ("acc", "ppv", "tpr", "f1", "occluder_iou")


def mask_scores(
    predicted: Tensor,
    truth: Tensor,
    region: Tensor,
    threshold: float = 0.5,
    *,
    soft: bool = False,
    clamp: float = 0.0,
) -> dict[str, Tensor]:
    """Compare masks inside a region (FOCUS Sec. 4.3; positive = visible face).

    ``soft=True, clamp=1`` is the form of FOCUS's released code: masks are products, not rounded, and each of the four
    areas counts as one pixel at the least, so that a perfect mask scores less than 1.

    Args:
        predicted: (B, 1, H, W) mask in [0, 1], binarised at ``threshold`` as the paper rounds it.
        truth: (B, 1, H, W) mask, binarised likewise.
        region: (B, 1, H, W) pixels that count, e.g. the rendered face of the same prediction.
        threshold: what counts as face; without effect on soft masks.
        soft: take masks as they are.
        clamp: smallest area of true and false positives and negatives, pixels.

    Returns:
        ``acc``, ``ppv``, ``tpr``, ``f1`` and ``occluder_iou`` (intersection over union of the *occluder* class), each
        (B,). NaN marks what is undefined for an image: everything for an empty region, ``tpr`` and ``f1`` without a
        visible face, ``occluder_iou`` where neither mask has an occluder. ``ppv`` of an empty prediction is 0.
    """
    if soft:
        face, true_face, inside = predicted.double(), truth.double(), region.double()
    else:
        face, true_face = (predicted >= threshold).double(), (truth >= threshold).double()
        inside = (region > 0.5).double()
    true_positive = _area(face * true_face * inside)
    false_positive = _area(face * (1 - true_face) * inside)
    false_negative = _area((1 - face) * true_face * inside)
    true_negative = _area((1 - face) * (1 - true_face) * inside)
    unknown = (true_positive + false_negative) == 0
    empty = _area(inside) == 0
    tp, fp, fn, tn = (area.clamp_min(clamp) for area in (true_positive, false_positive, false_negative, true_negative))
    nothing_predicted = (tp + fp) == 0
    scores = {
        "acc": (tp + tn) / (tp + tn + fp + fn),
        "ppv": torch.where(nothing_predicted, torch.zeros_like(tp), tp / (tp + fp)),
        "tpr": torch.where(unknown, torch.full_like(tp, torch.nan), tp / (tp + fn)),
        "f1": torch.where(unknown, torch.full_like(tp, torch.nan), 2 * tp / (2 * tp + fp + fn)),
        "occluder_iou": tn / (tn + fp + fn),  # 0 / 0 is NaN, which is what an undefined score should be
    }
    return {name: torch.where(empty, torch.full_like(value, torch.nan), value) for name, value in scores.items()}


class MaskScores(PerImageTable):
    """Scores of :func:`mask_scores`, averaged over the images of all processes.

    The region decides which of the paper's questions is asked: the rendered face of the same prediction (its own
    region), or the true face without its occluder (the same for all methods). Use one metric for each.

    Args:
        soft: see :func:`mask_scores`.
        clamp: see :func:`mask_scores`.
    """

    def __init__(self, soft: bool = False, clamp: float = 0.0) -> None:
        super().__init__(MASK_SCORES)
        self.soft, self.clamp = soft, clamp

    def update(self, index: Tensor, predicted: Tensor, truth: Tensor, region: Tensor) -> None:
        """Add images: ``index`` (B,) numbers them in the data set; masks are (B, 1, H, W), see :func:`mask_scores`."""
        super().update(index, **mask_scores(predicted, truth, region, soft=self.soft, clamp=self.clamp))

    def compute(self) -> dict[str, Tensor]:
        """Return the mean of each score over the images where it is defined, ``f1_std`` and the counts.

        ``f1_std`` is the deviation over images (ddof 0) that the paper prints; ``excluded`` counts images without a
        region or a visible face.
        """
        rows = self.rows()
        known = rows["f1"][torch.isfinite(rows["f1"])]
        return {
            **{name: rows[name].double().nanmean() for name in MASK_SCORES},
            "f1_std": known.double().std(unbiased=False) if len(known) else torch.tensor(torch.nan),
            "images": torch.tensor(len(rows["index"])),
            "excluded": torch.tensor(len(rows["index"]) - len(known)),
        }


def _area(mask: Tensor) -> Tensor:
    return mask.flatten(1).sum(1)
