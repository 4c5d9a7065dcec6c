"""A few numbers by which a face model is known again, so that coefficients are not read with another one."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel

_TOLERANCE = 1e-3
_FREQUENCY = 12.9898  # any number that no pattern of a mesh repeats with


def model_signature(model: FaceModel) -> Tensor:
    """Return numbers that change with the mesh, the means, or any mode of a model: (1 + 2 * (modes + 2),) float32.

    The number of vertices, then for the mean and each identity and expression mode, the mean and each mode of albedo:
    its root mean square and its sum with fixed weights. Rounding on another machine moves them far less than
    :func:`same_model` forgives.
    """
    parts = [torch.tensor([float(model.vertex_count)], dtype=torch.float64)]
    shapes = torch.cat([model.mean[None], model.identity_basis, model.expression_basis])
    colours = torch.cat([model.albedo_mean[None], model.albedo_basis])
    for fields in (shapes, colours):
        rows = fields.detach().cpu().double().flatten(1)
        weights = torch.cos(_FREQUENCY * torch.arange(rows.shape[1], dtype=torch.float64))
        size = rows.square().mean(1).sqrt()
        parts += [size, rows @ weights / rows.shape[1] ** 0.5]
    return torch.cat(parts).float()


def same_model(first: Tensor, second: Tensor) -> bool:
    """Return whether two signatures are those of the same model, cut to the same number of modes."""
    return (
        first.shape == second.shape
        and bool(first[0] == second[0])
        and torch.allclose(first, second, rtol=_TOLERANCE, atol=_TOLERANCE)
    )


def refuse_other_model(signature: Tensor | None, model: FaceModel, source: str, checkpoint: str) -> None:
    """Raise ``SeethroughError`` where a checkpoint was made with another face model than ``model``.

    Args:
        signature: of the checkpoint's model; None where it does not tell.
        model: the one that its weights would be read with.
        source: the name of that in the settings.
        checkpoint: how the user knows it.
    """
    if signature is not None and not same_model(signature, model_signature(model)):
        raise SeethroughError(
            f"{checkpoint} was trained with another version of the face model '{source}', so its coefficients would "
            "give other faces: train again, or bring that version back"
        )
