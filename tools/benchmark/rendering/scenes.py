"""A face-like shell of any density, so that the benchmark needs no face model."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.morphable import FaceModel
from seethrough.morphable.open_model import load_open_model
from seethrough.rendering import pose


def shell_model(resolution: int, identity: int = 80, expression: int = 64, albedo: int = 80) -> FaceModel:
    """Return an ellipsoid shell with a nose: ``resolution`` squared vertices, smooth random modes."""
    generator = torch.Generator().manual_seed(0)
    axis = torch.linspace(-1, 1, resolution)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    nose = 25 * torch.exp(-((u / 0.16) ** 2) - ((v / 0.25) ** 2))
    z = 70 * torch.sqrt((1.9 - u**2 - 0.8 * v**2).clamp_min(0.05)) + nose - 60
    mean = torch.stack([75 * u, 100 * v, z], -1).reshape(-1, 3)
    index = torch.arange(resolution**2).view(resolution, resolution)
    a, b, c, d = (index[i : resolution - 1 + i, j : resolution - 1 + j].reshape(-1) for i in (0, 1) for j in (0, 1))
    triangles = torch.cat([torch.stack([a, b, d], -1), torch.stack([a, d, c], -1)])

    def modes(count: int, scale: float) -> Tensor:
        frequency = 3 * torch.rand(count, 2, 1, generator=generator)
        wave = torch.cos(frequency[:, 0] * u.reshape(1, -1) + 1) * torch.cos(frequency[:, 1] * v.reshape(1, -1))
        return scale * wave[..., None] * torch.randn(count, 1, 3, generator=generator)

    face = load_open_model(0)  # a face's landmarks, at the same places of the front
    places = face.mean[face.landmarks][:, None, :2]
    landmarks = (places - mean[None, :, :2]).square().sum(-1).argmin(1)
    return FaceModel(
        name=f"shell {resolution}",
        mean=mean,
        identity_basis=modes(identity, 1.0),
        expression_basis=modes(expression, 0.5),
        albedo_mean=torch.full((resolution**2, 3), 0.6),
        albedo_basis=modes(albedo, 0.01),
        triangles=triangles,
        landmarks=landmarks,
        now_landmarks=landmarks[:7],
        mirror=index.flip(1).reshape(-1),
        uv=torch.stack([u, v], -1).reshape(-1, 2),
    )


def posed_shell(model: FaceModel, batch: int) -> Tensor:
    """Return (B, V, 3) shells turned by up to 30 degrees of yaw and 15 of pitch, camera frame, mm."""
    generator = torch.Generator().manual_seed(1)
    turn = (torch.rand(batch, 3, generator=generator) * 2 - 1) * torch.tensor([0.26, 0.52, 0.05])
    return pose(model.mean.expand(batch, -1, -1), turn, torch.zeros(batch, 3))
