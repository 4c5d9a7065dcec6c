"""A small analytic face model: an ellipsoid shell with a nose, for tests that must not depend on the open model."""

from __future__ import annotations

import torch

from seethrough.morphable import FaceModel

# iBUG points on a (horizontal, vertical) grid of the face, both in [-1, 1]; x to the viewer's right, y up.
_JAW = [(-0.75 + 0.09375 * i, -0.8 + 0.9 * abs(i - 8) / 8) for i in range(17)]
_BROWS = [(-0.6 + 0.1 * i, 0.45) for i in range(5)] + [(0.2 + 0.1 * i, 0.45) for i in range(5)]
_NOSE = [(0.0, 0.3 - 0.12 * i) for i in range(4)] + [(-0.14 + 0.07 * i, -0.15) for i in range(5)]
_EYES = [(-0.5, 0.28), (-0.42, 0.33), (-0.32, 0.33), (-0.22, 0.28), (-0.32, 0.23), (-0.42, 0.23)]
_EYES += [(0.22, 0.28), (0.32, 0.33), (0.42, 0.33), (0.5, 0.28), (0.42, 0.23), (0.32, 0.23)]
_MOUTH = [(-0.3, -0.4), (-0.2, -0.34), (-0.1, -0.31), (0.0, -0.33), (0.1, -0.31), (0.2, -0.34), (0.3, -0.4)]
_MOUTH += [(0.2, -0.47), (0.1, -0.51), (0.0, -0.52), (-0.1, -0.51), (-0.2, -0.47)]
_MOUTH += [
    (-0.24, -0.4),
    (-0.1, -0.38),
    (0.0, -0.39),
    (0.1, -0.38),
    (0.24, -0.4),
    (0.1, -0.42),
    (0.0, -0.43),
    (-0.1, -0.42),
]
_IBUG = torch.tensor(_JAW + _BROWS + _NOSE + _EYES + _MOUTH)


def small_face_model(resolution: int = 25, identity: int = 6, expression: int = 4, albedo: int = 5) -> FaceModel:
    """Return a mirror-symmetric face-like shell of ``resolution`` (odd) squared vertices, 150 x 200 mm."""
    axis = torch.linspace(-1, 1, resolution)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    x, y = 75 * u, 100 * v
    nose = 25 * torch.exp(-((u / 0.16) ** 2) - ((v / 0.25) ** 2))
    z = 70 * torch.sqrt((1.9 - u**2 - 0.8 * v**2).clamp_min(0.05)) + nose - 60
    mean = torch.stack([x, y, z], -1).reshape(-1, 3)
    grid = torch.stack([u, v], -1).reshape(-1, 2)

    row, column = torch.meshgrid(torch.arange(resolution - 1), torch.arange(resolution - 1), indexing="ij")
    a = (row * resolution + column).reshape(-1)
    b, c, d = a + 1, a + resolution, a + resolution + 1
    triangles = torch.cat([torch.stack([a, b, d], -1), torch.stack([a, d, c], -1)])

    index = torch.arange(resolution**2).reshape(resolution, resolution)
    landmarks = torch.cdist(_IBUG, grid).argmin(1)
    waves = [torch.cos((k % 3 + 1) * grid[:, 0]) * torch.cos((k // 3 + 1) * grid[:, 1] + k) for k in range(16)]

    def basis(count: int, scale: float, offset: int) -> torch.Tensor:
        modes = []
        for k in range(count):
            direction = torch.zeros(3)
            direction[1 + k % 2] = scale / (1 + 0.2 * k)
            modes.append(waves[(k + offset) % 16][:, None] * direction)
        return torch.stack(modes)

    skin = torch.tensor([0.75, 0.58, 0.5]).expand(resolution**2, 3)
    lips = torch.exp(-((grid[:, 0] / 0.3) ** 2) - (((grid[:, 1] + 0.42) / 0.1) ** 2))
    return FaceModel(
        name="small",
        mean=mean,
        identity_basis=basis(identity, 4.0, 0),
        expression_basis=basis(expression, 2.0, 7),
        albedo_mean=skin - lips[:, None] * torch.tensor([0.1, 0.25, 0.2]),
        albedo_basis=torch.stack([waves[k][:, None] * torch.tensor([0.06, 0.05, 0.05]) for k in range(albedo)]),
        triangles=triangles,
        landmarks=landmarks,
        now_landmarks=landmarks[torch.tensor([36, 39, 42, 45, 33, 48, 54])],
        mirror=index.flip(1).reshape(-1),
        uv=(grid + 1) / 2,
        regions={"face": torch.ones(resolution**2), "lips": lips},
        provenance="analytic shell for tests",
    )
