"""The loss of the bump translator (Extreme 3D Eq. 5)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from seethrough.losses.reduction import shared_area


class BumpLoss(NamedTuple):
    """The two parts of Eq. 5, in the unit of the maps."""

    difference: Tensor
    """() mean absolute difference."""
    gradient: Tensor
    """() mean absolute difference of the derivatives along x, plus that along y."""


def bump_loss(predicted: Tensor, target: Tensor, mask: Tensor | None = None) -> BumpLoss:
    """Return the parts of Eq. 5, ``l1(p - t) + l1(dp/dx - dt/dx) + l1(dp/dy - dt/dy)``, as means over the batch's mask.

    Derivatives are differences of neighbouring pixels, to the next row and to the next column, as the release takes
    them; inside a mask they count where both pixels do, so that the step at the mask's border is not learned.

    Args:
        predicted: (B, 1, H, W) map.
        target: (B, 1, H, W) map.
        mask: (B, 1, H, W), pixels above one half count; None for all of them (the paper, the release). Without a pixel
            that counts a part is 0.

    Raises:
        ValueError: the shapes differ.
    """
    if predicted.shape != target.shape or predicted.ndim != 4 or (mask is not None and mask.shape != target.shape):
        shapes = [tuple(value.shape) for value in (predicted, target, mask) if value is not None]
        raise ValueError(f"expected (B, 1, H, W) maps of one shape, got {shapes}")
    error = predicted - target
    inside = None if mask is None else mask > 0.5
    steps = []
    for axis in (2, 3):
        both = None if inside is None else _first(inside, axis) & _second(inside, axis)
        steps.append(_mean((_second(error, axis) - _first(error, axis)).abs(), both))
    return BumpLoss(_mean(error.abs(), inside), steps[0] + steps[1])


def _first(values: Tensor, axis: int) -> Tensor:
    return values.narrow(axis, 0, values.shape[axis] - 1)


def _second(values: Tensor, axis: int) -> Tensor:
    return values.narrow(axis, 1, values.shape[axis] - 1)


def _mean(values: Tensor, inside: Tensor | None) -> Tensor:
    if inside is None:
        return values.mean()
    return (values * inside).sum() / shared_area(inside.sum())
