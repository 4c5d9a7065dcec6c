"""Shape from shading on a foundation: light, albedo, local light, depth (RGBD-Fusion, Or-El et al., CVPR 2015)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from seethrough.details.shading.bilateral import bilateral
from seethrough.details.shading.depth_step import DepthProblem, lower
from seethrough.details.shading.light import fit_light, shading
from seethrough.details.shading.neighbours import alike
from seethrough.details.shading.pixel_grid import PixelGrid
from seethrough.details.shading.reflectance import fit_albedo, fit_local_light
from seethrough.details.shading.settings import ShadingSettings
from seethrough.details.shading.surface_normals import normal_field, unit_normals
from seethrough.errors import SeethroughError
from seethrough.precision import in_full_precision
from seethrough.rendering.camera import Camera

LUMA = (0.299, 0.587, 0.114)
"""Weights of (R, G, B) in the brightness that shading explains: BT.601, as in JPEG files."""

_WHITE, _BLACK = 0.985, 0.015
_DARKEST = 0.05  # brightness below which misses are no longer told by their share


@dataclass(frozen=True)
class ShadingResult:
    """A photo taken apart: brightness = albedo * shading + local light + residual inside the mask.

    Attributes:
        depth: (H, W) mm, the refined depth; the given one outside the mask.
        bump: (H, W) mm towards the camera, given minus refined depth; 0 outside the mask.
        mask: (H, W) bool, where depth was refined.
        brightness: (H, W) the grey photo.
        albedo: (H, W) rho, 1 outside the mask.
        local_light: (H, W) beta, 0 outside the mask.
        shading: (H, W) S of the refined depth.
        residual: (H, W) predicted minus seen brightness, 0 outside the mask.
        light: (4 or 9) coefficients of :func:`~seethrough.details.shading.light.light_basis`.
        energies: of the depth step, falling; the last one is that of the result.
    """

    depth: Tensor
    bump: Tensor
    mask: Tensor
    brightness: Tensor
    albedo: Tensor
    local_light: Tensor
    shading: Tensor
    residual: Tensor
    light: Tensor
    energies: tuple[float, ...]


@torch.no_grad()
@in_full_precision
def refine_depth(
    image: Tensor, depth: Tensor, mask: Tensor, camera: Camera, settings: ShadingSettings | None = None
) -> ShadingResult:
    """Refine a face's depth by the shading of its photo.

    Args:
        image: (H, W) grey or (3, H, W) RGB in [0, 1].
        depth: (H, W) mm along the optical axis, that of the foundation; anything where ``mask`` is 0.
        mask: (H, W) visible face; 1 (or True) inside. Eyes and the inside of the mouth do not shade like skin.
        camera: of the same picture.
        settings: see :class:`~seethrough.details.shading.settings.ShadingSettings`; None for the default.

    Returns:
        The result, on the device and in the floating-point type of ``depth``.

    Raises:
        SeethroughError: the mask holds no pixel, or a pixel whose depth is not a positive number.
    """
    settings = settings or ShadingSettings()
    image, depth, mask = _checked(image, depth, mask, camera)
    rows, columns = _bounding_box(mask)
    part = (rows, columns)
    cut = _refine(image[(..., *part)], depth[part], mask[part], _axes(camera, depth, part), settings)

    def placed(values: Tensor, outside: float = 0.0) -> Tensor:
        full = values.new_full(depth.shape, outside)
        full[part] = values
        return full

    bump = placed(cut.bump)
    return ShadingResult(
        depth=depth - bump,
        bump=bump,
        mask=mask,
        brightness=_grey(image),
        albedo=placed(cut.albedo, 1.0),
        local_light=placed(cut.local_light),
        shading=placed(cut.shading),
        residual=placed(cut.residual),
        light=cut.light,
        energies=cut.energies,
    )


def _refine(
    image: Tensor, depth: Tensor, mask: Tensor, axes: tuple[Tensor, Tensor, float], settings: ShadingSettings
) -> ShadingResult:
    """Refine a picture that is hardly larger than the mask's bounding box."""
    brightness = _grey(image)
    pixel = float(depth[mask].mean()) / axes[2]
    settings = settings.at(pixel)
    start = torch.where(mask, depth, depth[mask].mean())
    inside = mask.to(depth.dtype)
    base = bilateral(start, inside, *settings.bilateral) if settings.bilateral else start
    grid = PixelGrid.of(start, mask, *axes)
    normals, _ = unit_normals(normal_field(base, grid))
    known = grid.mask * _exposed(image) if settings.outlier_contrast > 0 else grid.mask
    light = fit_light(brightness, normals, known, settings.light_order, rounds=settings.light_rounds)
    shaded = shading(light, normals)
    alikeness = {"grey_variance": settings.grey_variance, "depth_variance": settings.depth_variance}
    neighbours = alike(brightness, base, grid.mask, cut=settings.grey_cut, **alikeness)
    albedo = fit_albedo(brightness, shaded, neighbours, known, settings.albedo_smoothness)
    remainder = known * (brightness - albedo * shaded)
    local_light = fit_local_light(remainder, neighbours, grid.mask, settings.local_smoothness, settings.local_size)
    problem = DepthProblem(
        brightness=brightness,
        albedo=albedo,
        local_light=local_light,
        light=light,
        depth=start,
        confidence=_confidence(remainder - local_light, albedo * shaded, known, settings.outlier_contrast),
        grid=grid,
        closeness=settings.closeness,
        smoothness=settings.smoothness,
        bend=settings.bend,
        smooth_depth=settings.smooth == "depth",
        newton=settings.linearisation == "newton",
        darkening=settings.darkening * albedo * shaded * grid.mask,
        reach=settings.reach / pixel if settings.darkening > 0 else 0.0,
    )
    change, energies = lower(problem, settings.steps)
    return ShadingResult(
        depth=start + change,
        bump=-change,
        mask=mask,
        brightness=brightness,
        albedo=albedo,
        local_light=local_light,
        shading=problem.shaded(change) * grid.mask,
        residual=problem.residual(change),
        light=light,
        energies=tuple(energies),
    )


def _checked(image: Tensor, depth: Tensor, mask: Tensor, camera: Camera) -> tuple[Tensor, Tensor, Tensor]:
    size = (camera.height, camera.width)
    if tuple(depth.shape) != size or tuple(mask.shape) != size or image.shape[-2:] != depth.shape:
        raise ValueError(
            f"image {tuple(image.shape)}, depth {tuple(depth.shape)} and mask {tuple(mask.shape)} must have the "
            f"camera's size {size}"
        )
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[0] != 3):
        raise ValueError(f"expected a (H, W) or (3, H, W) image, got {tuple(image.shape)}")
    mask = mask > 0.5
    if not bool(mask.any()):
        raise SeethroughError("shape from shading: the mask is empty, so there is no face to refine")
    seen = depth[mask]
    if not bool((torch.isfinite(seen) & (seen > 0)).all()):
        raise SeethroughError("shape from shading: the depth must be positive and finite wherever the mask is set")
    return image.to(depth), depth, mask


def _bounding_box(mask: Tensor) -> tuple[slice, slice]:
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _axes(camera: Camera, like: Tensor, part: tuple[slice, slice]) -> tuple[Tensor, Tensor, float]:
    """Return x (1, W) and y (H, 1) in px from the principal point, and the focal length in px."""
    x = torch.arange(camera.width, device=like.device, dtype=like.dtype) + 0.5 - camera.principal_point[0]
    y = torch.arange(camera.height, device=like.device, dtype=like.dtype) + 0.5 - camera.principal_point[1]
    return x[part[1]][None], y[part[0]][:, None], camera.focal


def _grey(image: Tensor) -> Tensor:
    return image if image.ndim == 2 else torch.tensordot(image.new_tensor(LUMA), image, dims=1)


def _exposed(image: Tensor) -> Tensor:
    """Return (H, W) whether a pixel is neither white nor black; a channel that is neither tells enough."""
    channels = image[None] if image.ndim == 2 else image
    return (channels.amin(0) < _WHITE) & (channels.amax(0) > _BLACK)


def _confidence(remainder: Tensor, predicted: Tensor, known: Tensor, contrast: float) -> Tensor:
    """Weigh pixels that albedo and local light leave far off less (Cauchy): brows, lashes, glints, stubble."""
    if contrast <= 0:
        return known
    return known / (1 + (remainder / (contrast * predicted.clamp_min(_DARKEST))).square())
