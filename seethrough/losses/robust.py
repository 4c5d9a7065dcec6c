"""Fitting before there is a segmentation network: the outlier-robust initialisation (FOCUS Eq. 9 and 10)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from seethrough.losses.colour_distance import squared_colour_distance
from seethrough.losses.reduction import Reduction, check_images, over_batch_area, reduce_batch

SIGMA = 0.043  # deviation of a face pixel's colour error in the released code, for colours in [0, 1]
RELEASE_THRESHOLD = (3 * SIGMA) ** 2


def face_log_likelihood(target: Tensor, rendered: Tensor, sigma: float = SIGMA) -> Tensor:
    """Return the (B, 1, H, W) log density of a pixel's colour error under the face model (FOCUS Eq. 9).

    ``-d^2 / (2 sigma^2) + N_c`` with ``N_c = -1.5 log(2 pi) - 3 log(sigma)``, a Gaussian over three channels.
    """
    constant = -1.5 * math.log(2 * math.pi) - 3 * math.log(sigma)
    return constant - squared_colour_distance(target, rendered) / (2 * sigma**2)


def preliminary_mask(target: Tensor, rendered: Tensor, region: Tensor, threshold: float) -> Tensor:
    """Return the (B, 1, H, W) mask of pixels that the render explains (FOCUS Eq. 10), without gradient.

    1 where ``sum_c (I_T - I_R)^2 < threshold`` inside ``region`` (the render's own mask), else 0. The paper names a
    threshold of 0.17; the released code uses 0.016641, three deviations.
    """
    check_images(target, rendered, region)
    with torch.no_grad():
        return (squared_colour_distance(target, rendered) < threshold).to(region.dtype) * region


def robust_loss(
    target: Tensor,
    rendered: Tensor,
    region: Tensor,
    threshold: float,
    *,
    form: Literal["truncated_quadratic", "likelihood"] = "truncated_quadratic",
    sigma: float = SIGMA,
    reduction: Reduction = "mean",
) -> Tensor:
    """Pixel loss of the initialisation: pixels beyond the threshold of Eq. 10 do not pull.

    ``truncated_quadratic``: ``min(d^2, threshold) / (2 sigma^2)``, averaged over the region of the whole batch. Its
    gradient is that of Eq. 9 on the pixels of the preliminary mask.
    ``likelihood``: the released code's ``-M_pre log P_face`` (Eq. 9), averaged over all pixels of the image; it is
    negative for well explained pixels, so it also rewards covering more of them.

    Args:
        target: (B, 3, H, W) photo, RGB in [0, 1].
        rendered: (B, 3, H, W) render.
        region: (B, 1, H, W) the render's own mask; no gradient goes through it. Empty: 0.
        threshold: xi, on the squared colour error summed over channels.
        form: see above.
        sigma: deviation of a face pixel's colour error.
        reduction: over the batch.
    """
    check_images(target, rendered, region)
    region = region.detach()
    if form == "truncated_quadratic":
        error = squared_colour_distance(target, rendered).clamp_max(threshold) / (2 * sigma**2)
        return reduce_batch(over_batch_area((region * error).sum((1, 2, 3)), region.sum((1, 2, 3))), reduction)
    if form == "likelihood":
        mask = preliminary_mask(target, rendered, region, threshold)
        return reduce_batch(-(mask * face_log_likelihood(target, rendered, sigma)).mean((1, 2, 3)), reduction)
    raise ValueError(f"form must be truncated_quadratic or likelihood, got {form!r}")
