"""The misfit prior as a picture: the error along each axis on the mean face, from two views (FOCUS Fig. 4)."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional

from seethrough.morphable import FaceModel
from seethrough.rendering import Camera, Renderer, focus_camera, pose, vertex_normals

TILE, SAMPLES, GAP, LABEL = 260, 3, 10, 24
VIEWS = {"front": 0.0, "turned": 0.75}  # rad of yaw
AXES = (
    ("x: to the viewer's right", 0),
    ("y: up", 1),
    ("z: towards the viewer", 2),
)
_NEGATIVE, _NEUTRAL, _POSITIVE = (0.10, 0.32, 0.70), (0.96, 0.96, 0.95), (0.76, 0.13, 0.13)
_TOWARDS_LIGHT, _SHADE = (-0.3, -0.4, -0.87), 0.35
_BAR = 46


def misfit_picture(model: FaceModel, error: Tensor) -> Image.Image:
    """Draw a (V, 3) error in mm: one column an axis, one row a view, and the scale in mm beside them."""
    largest = max(float(error.abs().max()), 1e-6)
    width = GAP + len(AXES) * (TILE + GAP) + 2 * _BAR
    height = LABEL + len(VIEWS) * (TILE + GAP) + GAP
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=14)
    for column, (label, axis) in enumerate(AXES):
        left = GAP + column * (TILE + GAP)
        draw.text((left, 5), label, fill="black", font=font)
        colours = heat(error[:, axis] / largest)
        for row, yaw in enumerate(VIEWS.values()):
            sheet.paste(_view(model, colours, yaw), (left, LABEL + row * (TILE + GAP)))
    top, length = LABEL, len(VIEWS) * (TILE + GAP) - GAP
    scale = heat(torch.linspace(1, -1, length))
    bar = np.broadcast_to(scale.numpy()[:, None], (length, _BAR // 3, 3))
    left = width - 2 * _BAR
    sheet.paste(Image.fromarray(np.rint(bar * 255).astype(np.uint8)), (left, top))
    for value, place in ((largest, top), (0.0, top + length // 2 - 8), (-largest, top + length - 16)):
        draw.text((left + _BAR // 3 + 5, place), f"{value:+.2f} mm" if value else "0", fill="black", font=font)
    return sheet


def heat(values: Tensor) -> Tensor:
    """Return (N, 3) RGB of (N,) values in [-1, 1]: blue below zero, near white at it, red above."""
    values = values.detach().cpu().clamp(-1, 1)[:, None]
    negative, neutral, positive = (torch.tensor(colour) for colour in (_NEGATIVE, _NEUTRAL, _POSITIVE))
    return torch.where(values < 0, neutral + (neutral - negative) * values, neutral + (positive - neutral) * values)


@torch.no_grad()
def _view(model: FaceModel, colours: Tensor, yaw: float) -> Image.Image:
    mean = model.mean.detach().cpu()[None]
    middle = (mean.amax(1, keepdim=True) + mean.amin(1, keepdim=True)) / 2
    reach = float((mean - middle)[..., :2].abs().max())
    angles = torch.tensor([[0.0, yaw, 0.0]])
    posed = pose(mean - middle, angles, torch.zeros(1, 3))
    normals = vertex_normals(posed, model.triangles.cpu())
    light = functional.normalize(torch.tensor(_TOWARDS_LIGHT), dim=0)
    shading = (1 - _SHADE) + _SHADE * (normals @ light).clamp(0, 1)[..., None]
    # The face's larger half-side fills nine tenths of the picture's.
    camera = focus_camera(TILE * SAMPLES)
    camera = Camera(0.45 * TILE * SAMPLES * 1000.0 / reach, camera.height, camera.width)
    rendering = Renderer(model.triangles.cpu(), camera)(posed, (colours[None] * shading).contiguous())
    image = functional.avg_pool2d(rendering.image + 1 - rendering.mask, SAMPLES)
    return Image.fromarray((image[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy())
