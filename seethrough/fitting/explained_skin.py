"""Which pixels of a face its fitted model explains: a mask where there is no segmentation network."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw
from scipy import ndimage
from torch import Tensor

from seethrough.morphable import FaceParameters
from seethrough.rendering import FaceRenderer, spherical_harmonics

_LINEAR_LIGHT = 4  # a constant and three slopes: enough for skin, too little to explain a fringe or a beard of cloth
_EYES = (slice(36, 42), slice(42, 48))
_BROWS = (slice(17, 22), slice(22, 27))
_MOUTH = slice(48, 60)
_NOSTRILS = slice(31, 36)

_SPREAD = (0.05, 0.12)  # bounds of the robust deviation, in natural logarithms of colour
_ISLAND = 0.10  # a smaller patch of explained pixels, as a share of the face, is something of skin's colour
_HOLE = 0.01  # a smaller gap is a shadow or a highlight


def explained_mask(
    renderer: FaceRenderer,
    parameters: FaceParameters,
    image: Tensor,
    *,
    deviations: float = 5.0,
    smoothing: float = 2.0,
    rounds: int = 8,
) -> Tensor:
    """Tell skin from what hides it by how well smoothly lit mean skin explains the colours (after FOCUS Eq. 9 and 10).

    The mean albedo, tinted, under a light that varies linearly with the normal is fitted to all skin pixels of the
    rendered face with annealed Geman-McClure weights. A pixel belongs to the face where the logarithm of its colour
    differs from that by less than ``deviations`` robust standard deviations; eyes, brows, nostrils and mouth, whose
    colours are not skin's, go with the skin around them. It finds what differs from skin in colour (hair, cloth,
    the frames of glasses), hence not a hand of the same tone.

    Args:
        renderer: face model and camera of the crop.
        parameters: one face (batch of 1), fitted in shape and pose; its colours do not matter.
        image: (1, 3, H, W) crop, RGB in [0, 1].
        deviations: limit in robust standard deviations.
        smoothing: width of the Gaussian that the squared difference is averaged with, px of a 224-px crop.
        rounds: reweighted least-squares fits.

    Returns:
        (1, 1, H, W) of 0 and 1; 0 outside the rendered face.
    """
    with torch.no_grad():
        rendering = renderer(parameters)
        normals, _ = renderer.renderer.normals(rendering.posed)
        albedo = renderer.renderer(rendering.posed, renderer.model.albedo(torch.zeros_like(parameters.albedo))).image
        basis = spherical_harmonics(normals[0].permute(1, 2, 0))[..., :_LINEAR_LIGHT]
    face = rendering.mask[0, 0].cpu().numpy() > 0.5
    scale = renderer.camera.width / 224
    skin = face & ~_features(rendering.landmarks[0].cpu().numpy(), face.shape, scale)
    skin &= ndimage.binary_erosion(face, iterations=max(1, round(2 * scale)))  # the rim mixes with the background
    if skin.sum() < 100:
        return rendering.mask
    observed = _logarithm(image[0].permute(1, 2, 0).cpu().numpy())
    difference = np.zeros(face.shape)
    difference[skin] = _misfit(
        observed[skin], _logarithm(albedo[0].permute(1, 2, 0).cpu().numpy())[skin], basis.cpu().numpy()[skin], rounds
    )
    # Averaged over skin only; features and the rim take the value of the skin around them.
    width = smoothing * scale
    total = ndimage.gaussian_filter(np.where(skin, difference, 0.0), width)
    share = ndimage.gaussian_filter(skin.astype(float), width)
    nearest = np.asarray(ndimage.distance_transform_edt(~skin, return_distances=False, return_indices=True))
    mean = (total / np.maximum(share, 1e-6))[nearest[0], nearest[1]]
    seen = face & (mean < deviations**2)
    radius = max(1, round(2 * scale))
    seen = ndimage.binary_opening(ndimage.binary_closing(seen, iterations=radius) & face, iterations=radius)
    seen = _without_small_parts(seen, _ISLAND * face.sum())
    seen = face & ~_without_small_parts(face & ~seen, _HOLE * face.sum())
    return torch.from_numpy(seen.astype(np.float32))[None, None].to(image.device)


def _misfit(observed: np.ndarray, albedo: np.ndarray, basis: np.ndarray, rounds: int) -> np.ndarray:
    """Return (N,) mean squared differences over the channels, in robust variances of the skin that is explained."""
    wanted = observed - albedo
    # Unknowns: brightness in each channel, and three slopes that the channels share. Slopes of their own would let the
    # light turn from skin's colour to a cloth's.
    design = np.zeros((*wanted.shape, 6))
    design[:, range(3), range(3)] = basis[:, :1]
    design[:, :, 3:] = basis[:, None, 1:]
    flat, aim = design.reshape(-1, 6), wanted.reshape(-1)
    coefficients = np.zeros(6)
    coefficients[:3] = np.median(wanted, axis=0) / basis[0, 0]
    sigma = 0.0
    for step in range(rounds):
        squared = ((wanted - design @ coefficients) ** 2).mean(1)
        # The median belongs to the skin as long as less than half of the face is hidden.
        sigma = np.clip(1.2 * np.sqrt(np.median(squared)), *_SPREAD)
        width = sigma * max(1.0, 3.0 - 0.5 * step)
        weight = 1 / (1 + squared / width**2) ** 2
        weighted = (flat * np.repeat(weight, wanted.shape[1])[:, None]).T
        normal = weighted @ flat + 1e-3 * weight.sum() * np.eye(6)
        coefficients = np.linalg.solve(normal, weighted @ aim)
    return ((wanted - design @ coefficients) ** 2).mean(1) / sigma**2


def _without_small_parts(mask: np.ndarray, area: float) -> np.ndarray:
    labels = np.zeros(mask.shape, dtype=np.int32)
    count = int(ndimage.label(mask, output=labels))  # pyright: ignore[reportArgumentType]
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0  # the background
    return (sizes >= area)[labels]


def _logarithm(colours: np.ndarray) -> np.ndarray:
    # Light multiplies colours, so differences of logarithms do not depend on how bright the skin is.
    return np.log(np.clip(colours, 0, 1).astype(np.float64) + 0.04)


def _features(landmarks: np.ndarray, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Return the parts of the face whose colours are not skin's, drawn around the projected landmarks."""
    canvas = Image.new("1", (shape[1], shape[0]))
    draw = ImageDraw.Draw(canvas)
    for part in (*_EYES, _MOUTH):
        draw.polygon([tuple(point) for point in landmarks[part] - 0.5], fill=1)
    for part in (*_BROWS, _NOSTRILS):
        draw.line([tuple(point) for point in landmarks[part] - 0.5], fill=1, width=max(1, round(7 * scale)))
    return ndimage.binary_dilation(np.array(canvas), iterations=max(1, round(3 * scale)))
