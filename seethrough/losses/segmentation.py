"""The losses that train the segmentation network without mask labels (FOCUS Eq. 1 to 4)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from seethrough.losses.neighbour_error import Direction, neighbour_error
from seethrough.losses.reduction import Reduction, check_images, reduce_batch


def neighbour_loss(
    target: Tensor,
    rendered: Tensor,
    mask: Tensor,
    *,
    window: int = 3,
    direction: Direction = "target_to_render",
    squared: bool = False,
    masking: Literal["error", "images"] = "error",
    border: Literal["clip", "drop"] = "clip",
    pixels: Literal["mean", "sum"] = "mean",
    reduction: Reduction = "mean",
) -> Tensor:
    """Colour difference to the best match nearby, inside the mask (FOCUS Eq. 1 and supplement A.1).

    ``sum over x of M(x) min_{x' in N(x)} ||I_T(x) - I_R(x')||^p``. The paper: window 3, ``target_to_render``, squared,
    sum. The released code: window 5, ``render_to_target``, not squared, mean over pixels, a dropped border, and both
    images multiplied by the mask before they are compared (``masking="images"``).

    Args:
        target: (B, 3, H, W) photo, RGB in [0, 1].
        rendered: (B, 3, H, W) render.
        mask: (B, 1, H, W) in [0, 1], the render's own mask times the estimated one.
        window: odd side of the neighbourhood in pixels.
        direction: which image's pixels look for a partner in the other one.
        squared: p = 2 instead of 1.
        masking: where the mask enters, see above. ``error`` is the cheaper one: when only the segmentation network is
            trained, its gradient is the error itself.
        border: neighbours outside of the image do not exist (``clip``), or pixels without a full neighbourhood do not
            count (``drop``).
        pixels: mean or sum over the pixels that count.
        reduction: over the batch.
    """
    check_images(target, rendered, mask)
    if masking == "images":
        error = neighbour_error(target * mask, rendered * mask, window, direction, squared)
    elif masking == "error":
        error = neighbour_error(target, rendered, window, direction, squared) * mask
    else:
        raise ValueError(f"masking must be error or images, got {masking!r}")
    if border == "drop":
        radius = window // 2
        error = error[..., radius : error.shape[-2] - radius, radius : error.shape[-1] - radius]
    elif border != "clip":
        raise ValueError(f"border must be clip or drop, got {border!r}")
    sums = error.sum((1, 2, 3))
    if pixels == "mean":
        sums = sums / max(error.shape[-2] * error.shape[-1], 1)
    elif pixels != "sum":
        raise ValueError(f"pixels must be mean or sum, got {pixels!r}")
    return reduce_batch(sums, reduction)


def distance_loss(
    masked_target: Tensor, masked_rendered: Tensor, *, normalise_rows: bool = False, reduction: Reduction = "mean"
) -> Tensor:
    """Cosine distance of the features of both masked images, ``cos(F(I_T M), F(I_R M))`` (FOCUS Eq. 2).

    Args:
        masked_target: (B, C, h, w) shallow features, compared over the channels at each place, or (B, D) embeddings.
        masked_rendered: the same of the render.
        normalise_rows: first divide each row of a feature map by its length, as the released code does by an unnamed
            default axis.
        reduction: over the batch; over places it is the mean. Two zero vectors are equal: distance 0.
    """
    if masked_target.shape != masked_rendered.shape or masked_target.ndim not in (2, 4):
        raise ValueError(
            f"expected two feature maps of one shape, got {tuple(masked_target.shape)} and "
            f"{tuple(masked_rendered.shape)}"
        )
    first, second = masked_target, masked_rendered
    if normalise_rows:
        first, second = _unit(first, -1), _unit(second, -1)
    squared = first.square().sum(1) * second.square().sum(1)
    both_empty = (first == 0).all(1) & (second == 0).all(1)
    # Where either vector is zero the length has no gradient; a constant stands in for it.
    length = torch.where(squared > 0, squared, torch.ones_like(squared)).sqrt()
    distance = torch.where(both_empty, torch.zeros_like(length), 1 - (first * second).sum(1) / length)
    return reduce_batch(distance.flatten(1).mean(1) if distance.ndim > 1 else distance, reduction)


def preserve_loss(
    masked_target: Tensor, target: Tensor, *, normalise_rows: bool = False, reduction: Reduction = "mean"
) -> Tensor:
    """Cosine distance of the target's features with and without the mask, ``cos(F(I_T M), F(I_T))`` (FOCUS Eq. 4).

    Arguments are feature maps or embeddings as in :func:`distance_loss`.
    """
    return distance_loss(masked_target, target, normalise_rows=normalise_rows, reduction=reduction)


def area_loss(mask: Tensor, region: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """The share of the rendered face that the mask gives up, ``1 - S_M / S_R`` (FOCUS Eq. 3 plus one).

    Args:
        mask: (B, 1, H, W) the estimated mask; only its part inside ``region`` counts.
        region: (B, 1, H, W) the render's own mask; no gradient goes through it. An empty one gives 0.
        reduction: over the batch.
    """
    region = region.detach()
    rendered = region.sum((1, 2, 3))
    share = (mask * region).sum((1, 2, 3)) / rendered.clamp_min(1.0)
    return reduce_batch(torch.where(rendered > 0, 1 - share, torch.zeros_like(share)), reduction)


def area_weight(threshold: float, neighbour_weight: float, region: Tensor, *, squared: bool = False) -> Tensor:
    """Return the (B,) weights of :func:`area_loss` under which a pixel is kept iff its neighbour error is smaller.

    With the mean over N pixels, one pixel of the mask costs ``eta_1 e / N`` and earns ``eta_3 / S_R``, so the
    break-even error is ``threshold`` for ``eta_3 = eta_1 threshold S_R / N``. The paper's 15 and 0.5 put it at 0.067
    for a face that fills half of the crop: too strict while the render is still rough.

    Args:
        threshold: break-even neighbour error, an RGB distance of colours in [0, 1].
        neighbour_weight: eta_1, the weight of :func:`neighbour_loss` with ``pixels="mean"``.
        region: (B, 1, H, W) the render's own mask.
        squared: whether that loss squares its errors.
    """
    share = region.detach().mean((1, 2, 3))
    return neighbour_weight * threshold ** (2 if squared else 1) * share


def binary_loss(
    mask: Tensor,
    *,
    form: Literal["absolute", "squared"] = "absolute",
    pixels: Literal["mean", "sum"] = "mean",
    reduction: Reduction = "mean",
) -> Tensor:
    """Push the mask away from one half (FOCUS Sec. 3.2); 0 for a binary mask.

    ``squared`` is the paper's ``-(M - 0.5)^2`` plus 1/4; ``absolute`` the released code's ``0.5 - |M - 0.5|``, whose
    pull does not fade near one half. (B, 1, H, W) in [0, 1]; mean (release) or sum (paper) over the pixels.
    """
    if form == "absolute":
        per_pixel = 0.5 - (mask - 0.5).abs()
    elif form == "squared":
        per_pixel = 0.25 - (mask - 0.5).square()
    else:
        raise ValueError(f"form must be absolute or squared, got {form!r}")
    if pixels not in ("mean", "sum"):
        raise ValueError(f"pixels must be mean or sum, got {pixels!r}")
    flat = per_pixel.flatten(1)
    return reduce_batch(flat.mean(1) if pixels == "mean" else flat.sum(1), reduction)


def _unit(features: Tensor, dim: int) -> Tensor:
    return features / torch.linalg.vector_norm(features, dim=dim, keepdim=True).clamp_min(1e-12)
