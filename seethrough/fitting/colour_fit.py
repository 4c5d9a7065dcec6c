"""Light and albedo of a face whose shape is known: two linear problems, solved in turn with robust weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.morphable import FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering import FaceRenderer, pose, spherical_harmonics, vertex_normals

COLOUR_SIGMA = 0.06  # colour difference per channel that the model cannot explain on a clear face
LIGHT_SIGMA = 0.6  # prior deviation of the illumination coefficients
GRAZING = 0.25  # smallest cosine between normal and view: beyond it a pixel mixes face and background


@in_full_precision
def fit_colours(
    renderer: FaceRenderer,
    start: FaceParameters,
    image: Tensor,
    mask: Tensor | None = None,
    *,
    rounds: int = 6,
) -> FaceParameters:
    """Find the most probable light and albedo for a given shape and pose.

    The colour of a vertex is its albedo times its light (FOCUS supplement), linear in the illumination for a given
    albedo and in the albedo for a given illumination. Both are solved in turn at the visible vertices, by least
    squares with a Gaussian prior; Geman-McClure weights let occluders and highlights fade out.

    Args:
        renderer: knows the face model and the camera of the crop.
        start: one face (batch of 1); its shape and pose are kept.
        image: (1, 3, H, W) crop, RGB in [0, 1].
        mask: (1, 1, H, W) visible face in [0, 1]; None for all of it.
        rounds: alternations.

    Returns:
        One face with new illumination and albedo.
    """
    vertices, colours, trust = _observations(renderer, start, image, mask)
    if int((trust > 0).sum()) < 200:  # too little face to say anything about its colours
        return start
    basis = vertices["light"]
    model, index = renderer.model, vertices["index"]
    mean, modes = model.albedo_mean[index], model.albedo_basis[:, index]
    illumination, albedo = start.illumination[0], start.albedo[0]
    skin = _skin(mean, modes, albedo)
    sigma = 4 * COLOUR_SIGMA
    weights = trust[:, None].expand(-1, 3)
    for _ in range(rounds):
        illumination = _solve_light(basis, skin, colours, weights, renderer.ambient)
        light = renderer.ambient + basis @ illumination.view(3, 9).T
        albedo = _solve_albedo(mean, modes, light, colours, weights)
        skin = _skin(mean, modes, albedo)
        residual = colours - light * skin
        squared = residual.square().sum(1, keepdim=True)
        weights = trust[:, None] / (1 + squared / (3 * sigma**2)) ** 2
        weights = weights.expand(-1, 3)
        sigma = max(sigma / 1.6, COLOUR_SIGMA)
    return start.with_changes(illumination=illumination[None], albedo=albedo[None])


def _observations(
    renderer: FaceRenderer, start: FaceParameters, image: Tensor, mask: Tensor | None
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Return light basis and index of the vertices that are seen, their colours in the image, and how far to trust."""
    shape = renderer.model.shape(start.identity, start.expression)
    posed = pose(shape, start.rotation, start.translation)
    normals = vertex_normals(posed, renderer.model.triangles)
    view = -functional.normalize(posed, dim=-1)
    cosine = (normals * view).sum(-1)[0]
    pixels = renderer.camera.project(posed)
    height, width = image.shape[-2:]
    grid = (2 * pixels / pixels.new_tensor([width, height]) - 1)[:, None]
    inside = (grid[0, 0].abs() < 1).all(-1)
    trust = torch.where((cosine > GRAZING) & inside, cosine, torch.zeros_like(cosine))
    if mask is not None:
        trust = trust * functional.grid_sample(mask, grid, align_corners=False)[0, 0, 0]
    drawn_depth, _ = renderer.renderer.depth(posed)
    seen_depth = functional.grid_sample(drawn_depth, grid, mode="nearest", align_corners=False)[0, 0, 0]
    trust = trust * ((posed[0, :, 2] - seen_depth).abs() < 4.0)  # mm; behind another part of the face: not seen
    index = torch.nonzero(trust > 0.02)[:, 0]
    colours = functional.grid_sample(image, grid, align_corners=False)[0, :, 0].T[index]
    light = spherical_harmonics(normals)[0, index]
    return {"light": light, "index": index}, colours, trust[index]


def _solve_light(basis: Tensor, skin: Tensor, colours: Tensor, weights: Tensor, ambient: float) -> Tensor:
    """Return (27,) coefficients: for each channel, colours = skin * (ambient + basis @ c)."""
    solved = []
    prior = torch.eye(9, dtype=basis.dtype, device=basis.device) * (COLOUR_SIGMA / LIGHT_SIGMA) ** 2
    for channel in range(3):
        rows = basis * skin[:, channel : channel + 1]
        wanted = colours[:, channel] - ambient * skin[:, channel]
        weighted = rows * weights[:, channel : channel + 1]
        solved.append(torch.linalg.solve(rows.T @ weighted + prior * _scale(weights), weighted.T @ wanted))
    return torch.cat(solved)


def _skin(mean: Tensor, modes: Tensor, albedo: Tensor) -> Tensor:
    """Return the (N, 3) albedo of the vertices that are looked at."""
    return mean + (albedo[None] @ modes[: len(albedo)].flatten(1)).view_as(mean)


def _solve_albedo(mean: Tensor, modes: Tensor, light: Tensor, colours: Tensor, weights: Tensor) -> Tensor:
    """Return (A,) coefficients: colours = light * (mean + a @ modes), with a standard normal prior."""
    rows = (modes * light).flatten(1)
    weighted = rows * weights.reshape(-1)
    wanted = (colours - light * mean).flatten()
    prior = torch.eye(len(rows), dtype=rows.dtype, device=rows.device) * COLOUR_SIGMA**2
    return torch.linalg.solve(weighted @ rows.T + prior * _scale(weights), weighted @ wanted)


def _scale(weights: Tensor) -> Tensor:
    """Count neighbouring vertices as one observation of many: their errors are alike, so the prior keeps its say."""
    return weights.sum().clamp_min(1.0) / 1000.0
