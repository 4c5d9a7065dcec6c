"""How far a bump map is from the true one, inside the face: in millimetres, as slope, and in degrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from seethrough.metrics.table import PerImageTable
from seethrough.precision import in_full_precision

SMALLEST_AREA = 25


@in_full_precision
def bump_l1(predicted: Tensor, true: Tensor, mask: Tensor) -> Tensor:
    """Return the (B,) mean absolute difference in mm of (B, 1, H, W) bump maps where ``mask`` is above one half.

    NaN where fewer than 25 pixels count, here as in the other errors.
    """
    return _mean((predicted - true).abs(), mask > 0.5)


@in_full_precision
def bump_rmse(predicted: Tensor, true: Tensor, mask: Tensor) -> Tensor:
    """Return the (B,) root mean square difference in mm of (B, 1, H, W) bump maps inside the mask."""
    return _mean((predicted - true).square(), mask > 0.5).sqrt()


@in_full_precision
def bump_gradient_error(predicted: Tensor, true: Tensor, mask: Tensor, pixel_mm: Tensor) -> Tensor:
    """Return the (B,) mean length of the difference of slopes, mm of bump a mm across, so for any image size.

    Args:
        predicted: (B, 1, H, W) mm.
        true: (B, 1, H, W) mm.
        mask: (B, 1, H, W); a pixel counts with its right and its lower neighbour.
        pixel_mm: (B,) mm that a pixel spans on the face.
    """
    right, down = _steps(predicted - true)
    return _mean((right.square() + down.square()).sqrt(), _with_neighbours(mask)) / pixel_mm


@in_full_precision
def normal_angle(
    predicted: Tensor, true: Tensor, mask: Tensor, pixel_mm: Tensor, depth: Tensor | None = None
) -> Tensor:
    """Return the (B,) mean angle in degrees between the normals of the two detailed surfaces.

    Args:
        predicted: (B, 1, H, W) bump in mm towards the camera.
        true: (B, 1, H, W) mm.
        mask: (B, 1, H, W); a pixel counts with its right and its lower neighbour.
        pixel_mm: (B,) mm that a pixel spans on the face, at its mean depth.
        depth: (B, 1, H, W) depth of the foundation in mm, which the bumps lie on; a plane that faces the camera if
            None. The principal point is taken for the middle of the image.
    """
    inside = _with_neighbours(mask)
    one, other = (surface_normals(bump, mask > 0.5, pixel_mm, depth) for bump in (predicted, true))
    # atan2 keeps small angles, which arccos rounds to 0.02 degrees in float32.
    angle = torch.atan2(torch.linalg.cross(one, other, dim=1).norm(dim=1), (one * other).sum(1))
    return _mean(torch.rad2deg(angle)[:, None], inside)


def surface_normals(bump: Tensor, inside: Tensor, pixel_mm: Tensor, depth: Tensor | None) -> Tensor:
    """Return (B, 3, H-1, W-1) normals, of any length, from the forward differences of the surface's points."""
    height, width = bump.shape[-2:]
    rows = torch.arange(height, dtype=bump.dtype, device=bump.device) + 0.5 - height / 2
    columns = torch.arange(width, dtype=bump.dtype, device=bump.device) + 0.5 - width / 2
    if depth is None:
        scale, surface = torch.ones_like(bump), -bump
    else:
        middle = (depth * inside).flatten(1).sum(1) / inside.flatten(1).sum(1).clamp_min(1)
        surface = depth - bump
        scale = surface / middle[:, None, None, None].clamp_min(1e-6)
    pitch = scale * pixel_mm.to(bump)[:, None, None, None]
    points = torch.cat([pitch * columns, pitch * rows[:, None], surface], dim=1)
    right, down = _steps(points)
    # Written out: torch.linalg.cross takes six times as long on planes of this size.
    (ax, ay, az), (bx, by, bz) = right.unbind(1), down.unbind(1)
    return torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], dim=1)


def _steps(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the (B, C, H-1, W-1) steps to the right and to the lower neighbour."""
    here = values[..., :-1, :-1]
    return values[..., :-1, 1:] - here, values[..., 1:, :-1] - here


def _with_neighbours(mask: Tensor) -> Tensor:
    inside = mask > 0.5
    return inside[..., :-1, :-1] & inside[..., :-1, 1:] & inside[..., 1:, :-1]


def _mean(values: Tensor, inside: Tensor) -> Tensor:
    """Return (B,) means where ``inside``; what lies outside may be NaN."""
    count = inside.flatten(1).sum(1)
    sums = torch.where(inside, values, torch.zeros_like(values)).flatten(1).sum(1)
    return torch.where(count < SMALLEST_AREA, torch.full_like(sums, torch.nan), sums / count)


class BumpScore(PerImageTable):
    """One of the errors of this module, averaged over the images of all processes, none counted twice."""

    key: ClassVar[str]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(self) -> None:
        super().__init__([self.key])

    def update(self, index: Tensor, *maps: Tensor | None) -> None:
        """Add images: ``index`` (B,) numbers them in the data set; the rest as the function takes it."""
        super().update(index, **{self.key: type(self).function(*maps)})

    def compute(self) -> dict[str, Tensor]:
        """Return the mean over images under the error's name, its deviation (ddof 0), and the counts."""
        values = self.rows()[self.key].double()
        known = values[torch.isfinite(values)]
        nan = torch.tensor(torch.nan)
        return {
            self.key: known.mean() if len(known) else nan,
            f"{self.key}_std": known.std(unbiased=False) if len(known) else nan,
            "images": torch.tensor(len(values)),
            "excluded": torch.tensor(len(values) - len(known)),
        }


class BumpL1(BumpScore):
    """:func:`bump_l1`."""

    key = "bump_l1_mm"
    function = staticmethod(bump_l1)


class BumpRMSE(BumpScore):
    """:func:`bump_rmse`."""

    key = "bump_rmse_mm"
    function = staticmethod(bump_rmse)


class BumpGradientError(BumpScore):
    """:func:`bump_gradient_error`."""

    key = "bump_gradient_error"
    function = staticmethod(bump_gradient_error)


class BumpNormalAngle(BumpScore):
    """:func:`normal_angle`."""

    key = "bump_normal_angle_deg"
    function = staticmethod(normal_angle)
