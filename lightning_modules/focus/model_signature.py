"""A few numbers by which a face model is known again, so that coefficients are not read with another one."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.morphable import FaceModel

_TOLERANCE = 1e-3


def model_signature(model: FaceModel) -> Tensor:
    """Return numbers that change with the mean, the mesh, or any mode of a model: (1 + 2 * modes,) float32.

    The number of vertices, then for each identity, expression and albedo mode its root mean square and its mean product
    with the mean shape or albedo. Rounding on another machine moves them far less than :func:`same_model` forgives.
    """
    parts = [torch.tensor([float(model.vertex_count)], dtype=torch.float64)]
    for basis, mean in (
        (model.identity_basis, model.mean),
        (model.expression_basis, model.mean),
        (model.albedo_basis, model.albedo_mean),
    ):
        modes = basis.detach().cpu().double().flatten(1)
        parts += [modes.square().mean(1).sqrt(), (modes * mean.detach().cpu().double().flatten()).mean(1)]
    return torch.cat(parts).float()


def same_model(first: Tensor, second: Tensor) -> bool:
    """Return whether two signatures are those of the same model, cut to the same number of modes."""
    if first.shape != second.shape:
        return False
    scale = float(first[1:].abs().max()) if len(first) > 1 else 1.0
    return bool(first[0] == second[0]) and torch.allclose(first, second, rtol=_TOLERANCE, atol=_TOLERANCE * scale)
