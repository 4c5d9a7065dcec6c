"""The losses that train the face encoder (FOCUS Eq. 5 to 8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.losses.colour_distance import colour_distance, squared_colour_distance
from seethrough.losses.reduction import Reduction, check_images, over_batch_area, reduce_batch
from seethrough.morphable.parameters import FaceParameters

NOSE_RIDGE = (27, 28, 29, 30)
INNER_LIP = (60, 61, 62, 63, 64, 65, 66, 67)
LANDMARK_UNIT = 224.0  # landmark residuals are measured as if the crop were this many pixels wide
STATISTICAL_KINDS = ("identity", "expression", "albedo")


def pixel_loss(
    target: Tensor,
    rendered: Tensor,
    mask: Tensor,
    *,
    form: Literal["norm", "squared"] = "norm",
    normalisation: Literal["batch_area", "image_area", "pixels", "none"] = "batch_area",
    reduction: Reduction = "mean",
) -> Tensor:
    """Colour difference inside the mask (FOCUS Eq. 5).

    ``squared`` is the paper's sum over x of ``||M(x) (I_T(x) - I_R(x))||^2``; ``norm`` is the released code's sum over
    x of ``M(x) ||I_T(x) - I_R(x)||``, which a few badly explained pixels dominate less.

    Args:
        target: (B, 3, H, W) photo, RGB in [0, 1].
        rendered: (B, 3, H, W) render.
        mask: (B, 1, H, W) in [0, 1], the render's own mask times the estimated one.
        form: see above.
        normalisation: divide by the soft mask's area in pixels over the whole ``batch_area`` (the release) or of each
            ``image_area``, by the number of ``pixels`` of an image, or by nothing (the paper's formula as printed).
            An empty mask gives 0.
        reduction: over the batch.
    """
    check_images(target, rendered, mask)
    if form == "norm":
        per_pixel = mask * colour_distance(target, rendered)
    elif form == "squared":
        per_pixel = mask.square() * squared_colour_distance(target, rendered)
    else:
        raise ValueError(f"form must be norm or squared, got {form!r}")
    sums, areas = per_pixel.sum((1, 2, 3)), mask.sum((1, 2, 3))
    if normalisation == "batch_area":
        values = over_batch_area(sums, areas)
    elif normalisation == "image_area":
        values = sums / areas.clamp_min(1.0)
    elif normalisation == "pixels":
        values = sums / mask[0].numel() if len(mask) else sums
    elif normalisation == "none":
        values = sums
    else:
        raise ValueError(f"normalisation must be batch_area, image_area, pixels or none, got {normalisation!r}")
    return reduce_batch(values, reduction)


def perceptual_loss(target: Tensor, rendered: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Cosine distance of two (B, D) recognition embeddings, ``1 - cos(F(I_T), F(I_R))`` (FOCUS Eq. 6), in [0, 2]."""
    if target.ndim != 2 or target.shape != rendered.shape:
        raise ValueError(f"expected two (B, D) embeddings, got {tuple(target.shape)} and {tuple(rendered.shape)}")
    return reduce_batch(1 - functional.cosine_similarity(target, rendered, dim=1, eps=1e-8), reduction)


def landmark_weights(emphasis: float = 20.0, indices: Iterable[int] = NOSE_RIDGE + INNER_LIP) -> Tensor:
    """Return the (68,) weights of the squared residuals: ``emphasis`` on the given points, 1 elsewhere.

    The paper weighs the ridge of the nose and the inner lip with 20. The released code multiplies the residual before
    it is squared, which makes it 400, and leaves out the topmost ridge point: ``landmark_weights(400.0, (28, 29, 30,
    *INNER_LIP))``.
    """
    weights = torch.ones(68)
    weights[list(indices)] = float(emphasis)
    return weights


def landmark_loss(
    target: Tensor,
    rendered: Tensor,
    image_size: int,
    *,
    weights: Tensor | None = None,
    valid: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Weighted mean squared distance of projected and detected landmarks (FOCUS Eq. 7).

    The mean over points and the two coordinates of ``w (lm_T - lm_R)^2``, with coordinates rescaled to a 224-px crop so
    that one loss weight serves every image size.

    Args:
        target: (B, L, 2) detected landmarks, pixels.
        rendered: (B, L, 2) projected landmarks, pixels.
        image_size: side of the crop in pixels.
        weights: (L,) or (B, L), e.g. :func:`landmark_weights`; ``None`` for ones. They are not normalised.
        valid: (B, L) bool, points that count; the others add nothing, whatever their coordinates (NaN included).
        reduction: over the batch.
    """
    if target.ndim != 3 or target.shape[-1] != 2 or target.shape != rendered.shape:
        raise ValueError(f"expected two (B, L, 2) tensors, got {tuple(target.shape)} and {tuple(rendered.shape)}")
    difference = rendered - target
    if valid is not None:
        difference = torch.where(valid[..., None], difference, torch.zeros_like(difference))
    squared = (difference * (LANDMARK_UNIT / image_size)).square().mean(-1)
    if weights is not None:
        squared = squared * weights.to(squared)
    return reduce_batch(squared.mean(-1), reduction)


def regulariser_loss(
    parameters: FaceParameters,
    *,
    kinds: Iterable[str] = STATISTICAL_KINDS,
    divisor: float = LANDMARK_UNIT,
    reduction: Reduction = "mean",
) -> Tensor:
    """Keep the coefficients near the mean face, ``L_reg = ||theta||^2 / divisor`` for each image (FOCUS Sec. 3.2).

    The released code sums over identity, expression and albedo only and divides by 224, the defaults here; the paper's
    text takes every coefficient and divides by nothing.
    """
    values = sum((getattr(parameters, kind).square().sum(1) for kind in kinds), parameters.identity.new_zeros(1))
    return reduce_batch(values / divisor, reduction)
