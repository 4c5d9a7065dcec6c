"""Pictures of meshes and faces in plain PyTorch operations, with gradients from autograd."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.morphable import FaceModel, FaceParameters
from seethrough.rendering import Camera, pose, shade
from tools.benchmark.rendering.decode import decode_plainly


def autograd_picture(clip: Tensor, triangles: Tensor, attributes: Tensor, rast: Tensor) -> Tensor:
    """Return the visible pixels' colours with plain torch operations at known visibility.

    Barycentrics come from the homogeneous edge functions, as in the kernels, but the gradient from autograd: what the
    renderer would cost without hand-written gradients, and exact where ``clip`` is float64.
    """
    height, width = rast.shape[1:3]
    batch, y, x = (rast[..., 3] > 0).nonzero(as_tuple=True)
    corners = triangles.long()[rast[batch, y, x, 3].long() - 1]
    rows = (batch[:, None] * clip.shape[1] + corners).flatten()
    seen = clip.reshape(-1, 4).index_select(0, rows).view(-1, 3, 4)
    centre = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], -1).to(clip.dtype)
    p = seen[..., :2] - centre[:, None] * seen[..., 3:]
    q, r = p.roll(-1, 1), p.roll(-2, 1)
    area = q[..., 0] * r[..., 1] - q[..., 1] * r[..., 0]
    weights = area / area.sum(1, keepdim=True)
    values = attributes.reshape(-1, attributes.shape[2]).index_select(0, rows).view(-1, 3, attributes.shape[2])
    return (weights[..., None] * values).sum(1)


def face_plainly(model: FaceModel, camera: Camera, parameters: FaceParameters, rast: Tensor) -> Tensor:
    """Return the visible pixels' colours of faces, every step as its formula says, at known visibility.

    Args:
        model: in float64, for which light has no kernel of ours.
        camera: of the picture.
        parameters: in float64.
        rast: (B, H, W, 4), which triangle each pixel shows.
    """
    vertices, albedo = decode_plainly(model, parameters.identity, parameters.expression, parameters.albedo)
    posed = pose(vertices, parameters.rotation, parameters.translation)
    a, b, c = posed[:, model.triangles.long()].unbind(2)
    across = torch.linalg.cross(b - a, c - a).repeat_interleave(3, 1)
    normals = torch.zeros_like(posed).index_add(1, model.triangles.flatten().long(), across)
    colours = shade(albedo, functional.normalize(normals, dim=-1), parameters.illumination)
    return autograd_picture(camera.clip(posed), model.triangles, colours, rast)
