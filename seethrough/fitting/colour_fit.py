"""Light and albedo of a face whose shape is known: two linear problems, solved in turn with robust weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.morphable import FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering import FaceRenderer, spherical_harmonics, vertex_normals

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
    model = renderer.model
    illumination, albedo = start.illumination[0], start.albedo[0]
    sigma = 4 * COLOUR_SIGMA
    weights = trust[:, None].expand(-1, 3)
    for _ in range(rounds):
        skin = model.albedo(albedo[None])[0][vertices["index"]]
        illumination = _solve_light(basis, skin, colours, weights, renderer.ambient)
        light = renderer.ambient + basis @ illumination.view(3, 9).T
        albedo = _solve_albedo(model, vertices["index"], light, colours, weights)
        residual = colours - light * model.albedo(albedo[None])[0][vertices["index"]]
        squared = residual.square().sum(1, keepdim=True)
        weights = trust[:, None] / (1 + squared / (3 * sigma**2)) ** 2
        weights = weights.expand(-1, 3)
        sigma = max(sigma / 1.6, COLOUR_SIGMA)
    return start.with_changes(illumination=illumination[None], albedo=albedo[None])


def _observations(
    renderer: FaceRenderer, start: FaceParameters, image: Tensor, mask: Tensor | None
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Return light basis and index of the vertices that are seen, their colours in the image, and how far to trust."""
    rendering = renderer(start)
    posed = rendering.posed
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


def _solve_albedo(model, index: Tensor, light: Tensor, colours: Tensor, weights: Tensor) -> Tensor:
    """Return (A,) coefficients: colours = light * (mean + basis @ a), with a standard normal prior."""
    rows = (model.albedo_basis[:, index] * light).flatten(1).T
    wanted = (colours - light * model.albedo_mean[index]).flatten()
    weighted = rows * weights.reshape(-1, 1)
    count = rows.shape[1]
    prior = torch.eye(count, dtype=rows.dtype, device=rows.device) * COLOUR_SIGMA**2
    return torch.linalg.solve(rows.T @ weighted + prior * _scale(weights), weighted.T @ wanted)


def _scale(weights: Tensor) -> Tensor:
    """Count neighbouring vertices as one observation of many: their errors are alike, so the prior keeps its say."""
    return weights.sum().clamp_min(1.0) / 1000.0
