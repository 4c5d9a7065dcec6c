"""Faces of the open model with known wrinkles, lit and seen by a perspective camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from datamodules.synthetic.light import harmonics, random_illumination
from seethrough.morphable import FaceModel, load_face_model
from seethrough.rendering import Renderer, pose
from seethrough.rendering.camera import REST_DISTANCE, Camera
from seethrough.rendering.lighting import FOCUS_AMBIENT


@dataclass(frozen=True)
class WrinkledFace:
    """A picture and the truth: image (3, S, S), foundation depth (S, S) mm, bump (S, S) mm, mask (S, S) bool."""

    image: Tensor
    depth: Tensor
    bump: Tensor
    mask: Tensor
    camera: Camera


@cache
def face_model() -> FaceModel:
    return load_face_model("open", level=2)


def detail_camera(size: int) -> Camera:
    """Return a camera that sees 270 mm at rest, as wide as the detail stage's crops."""
    return Camera(focal=size * REST_DISTANCE / 270, height=size, width=size)


def wrinkles(places: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the bump in mm towards the camera at (H, W, 3) places of the mean face, mm: creases, folds, soft forms."""
    x, y = places[..., 0], places[..., 1]
    bump = np.zeros(x.shape)

    def crease(distance: np.ndarray, along: np.ndarray, depth: float, width: float) -> None:
        valley = np.exp(-0.5 * (distance / width) ** 2) - 0.6 * np.exp(-0.5 * (distance / (2.5 * width)) ** 2)
        bump.__isub__(depth * valley * np.exp(-(along**4)))

    for height in rng.uniform(48, 78, 4):
        wave = 2 * np.sin(x / rng.uniform(12, 20) + rng.uniform(0, 6))
        crease(y - height - wave, (x - rng.normal(0, 5)) / 38, rng.uniform(0.3, 0.9), rng.uniform(0.9, 1.8))
    for side in (-1, 1):
        crease(side * x - 24 + 0.45 * (y + 22), (y + 25) / 17, rng.uniform(0.5, 1.4), rng.uniform(1.2, 2.2))
        crease(side * x - 5 - 0.1 * (y - 30), (y - 36) / 9, rng.uniform(0.3, 0.9), rng.uniform(1.0, 1.6))
        for slope in (-0.5, 0.0, 0.5):
            away = (y - 26) - slope * (side * x - 48)
            crease(away, (side * x - 55) / 9, rng.uniform(0.2, 0.6), rng.uniform(0.8, 1.2))
    for scale, size in ((3.0, 0.04), (10.0, 0.12)):
        wave = np.zeros(x.shape)
        for _ in range(12):
            kx, ky = rng.normal(0, 1 / scale, 2)
            wave += np.cos(kx * x + ky * y + rng.uniform(0, 6.3))
        bump += size * wave / np.sqrt(6)
    return bump


def wrinkled_face(seed: int, size: int = 500, *, texture: float = 0.03, noise: float = 0.006) -> WrinkledFace:
    """Render one face; everything about it follows from ``seed``."""
    rng = np.random.default_rng((seed, 77))
    model, fine = face_model(), detail_camera(2 * size)
    identity, expression, albedo = (
        torch.from_numpy(scale * rng.standard_normal(len(basis))).float()
        for scale, basis in (
            (0.8, model.identity_basis),
            (0.2, model.expression_basis),
            (0.8, model.albedo_basis),
        )
    )
    vertices = model.mean + torch.tensordot(identity, model.identity_basis, 1)
    vertices = vertices + torch.tensordot(expression, model.expression_basis, 1)
    colours = (model.albedo_mean + torch.tensordot(albedo, model.albedo_basis, 1)).clamp(0.02, 1)
    turn = torch.tensor([[rng.uniform(-0.15, 0.15), rng.uniform(-0.4, 0.4), rng.uniform(-0.08, 0.08)]]).float()
    posed = pose(vertices[None], turn, torch.zeros(1, 3))
    face = model.regions["face"] if "face" in model.regions else torch.ones(len(vertices))
    renderer = Renderer(model.triangles, fine)
    attributes = torch.cat([posed[0, :, 2:], model.mean, colours, face[:, None]], 1)
    seen = renderer(posed, attributes[None])
    maps = seen.image[0].double().numpy()
    covered = (seen.mask[0, 0].numpy() > 0) & (maps[7] > 0.5)
    depth, places, skin = maps[0], maps[1:4].transpose(1, 2, 0), maps[4:7]
    bump = np.where(covered, wrinkles(places, rng), 0)
    x = np.arange(2 * size) + 0.5 - size
    smooth = depth - bump
    slope_y, slope_x = np.gradient(smooth)
    normal = np.stack([fine.focal * slope_x, fine.focal * slope_y, -(smooth + x * slope_x + x[:, None] * slope_y)])
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-9)
    light = random_illumination(rng).reshape(3, 9).astype(np.float64)
    shaded = (harmonics(normal.reshape(3, -1).T) @ light.T + FOCUS_AMBIENT).T.reshape(3, 2 * size, 2 * size)
    hollow = ndimage.gaussian_filter(bump, 8 * size / 500) - bump
    shaded *= 1 - np.clip(0.25 * hollow, 0, 0.5)
    grain = ndimage.gaussian_filter(rng.standard_normal(depth.shape), 2.5 * size / 500)
    mottle = ndimage.gaussian_filter(rng.standard_normal(depth.shape), 20 * size / 500)
    skin = skin * (1 + texture * (grain / grain.std() + mottle / mottle.std()))
    lit = skin * shaded
    lit *= 0.9 / np.percentile(lit[:, covered].max(0), 98)  # exposed for the face
    picture = np.where(covered, np.clip(lit, 0, 1), 0.3).reshape(3, size, 2, size, 2).mean((2, 4))
    picture = (picture + noise * rng.standard_normal(picture.shape)).clip(0, 1)

    def coarse(values: np.ndarray) -> np.ndarray:
        return values.reshape(size, 2, size, 2).mean((1, 3))

    return WrinkledFace(
        image=torch.from_numpy(picture).float(),
        depth=torch.from_numpy(coarse(depth)).float(),
        bump=torch.from_numpy(coarse(bump)).float(),
        mask=torch.from_numpy(ndimage.binary_erosion(coarse(covered.astype(float)) > 0.99, iterations=2)),
        camera=detail_camera(size),
    )
