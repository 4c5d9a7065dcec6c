"""Direct supervision of the encoder by the truth of synthetic faces: a warm start, and not label-free."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.torch_model import Focus
from seethrough.errors import SeethroughError
from seethrough.losses.reconstruction import LANDMARK_UNIT
from seethrough.morphable import FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering.harmonics import BAND_0
from seethrough.rendering.lighting import FOCUS_AMBIENT

BANDS = 9


class SupervisedObjective(nn.Module):
    """Distance of predicted to true faces, measured on the mesh rather than on coefficients.

    The truth has all modes of the generating model and the prediction fewer, so that both are decoded on the same
    vertices, a fixed random choice that stands for the mesh. Nothing here is part of a checkpoint.

    Args:
        config: the method's settings.
        focus: the networks; only its face models are read.
    """

    identity_basis: Tensor
    expression_basis: Tensor
    albedo_basis: Tensor

    def __init__(self, config: FocusConfig, focus: Focus) -> None:
        super().__init__()
        self.weights = config.supervision.weights
        self.image_size = config.image_size
        self.model_source = config.face_model.source
        # Synthetic light is written down on top of the release's ambient; the fit may stand on another one.
        self.ambient_shift = (FOCUS_AMBIENT - config.renderer.ambient) / BAND_0
        model = focus.full_model
        generator = torch.Generator().manual_seed(config.supervision.seed)
        chosen = torch.randperm(model.vertex_count, generator=generator)[: config.supervision.vertices].sort().values
        buffers = {
            "identity_basis": model.identity_basis[:, chosen].flatten(1),
            "expression_basis": model.expression_basis[:, chosen].flatten(1),
            "albedo_basis": model.albedo_basis[:, chosen].flatten(1),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value.contiguous(), persistent=False)

    @in_full_precision
    def forward(self, parameters: FaceParameters, landmarks: Tensor, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return the weighted terms, each a mean over the batch.

        ``identity`` and ``expression`` are mean vertex distances ``mean_v ||P_v - T_v||`` in mm, of the neutral faces
        and of the displacements from them; ``albedo`` is the mean ``|P - T|`` of vertex colours; ``illumination`` the
        mean squared error of the coefficients; ``landmark`` the mean distance to the noise-free landmarks in pixels of
        a 224-px crop; ``rotation`` (rad) and ``translation`` (mm) mean absolute errors.

        Args:
            parameters: predicted coefficients of the fitted model, whose modes are the first of the generating one.
            landmarks: (B, 68, 2) their projected landmarks, pixels.
            batch: with the ``truth`` of synthetic samples.

        Raises:
            SeethroughError: data without truth, or with the truth of another face model.
        """
        truth = self._truth(batch)
        true, weights = truth["parameters"], self.weights
        identity = _offset(self.identity_basis, parameters.identity, true["identity"])
        expression = _offset(self.expression_basis, parameters.expression, true["expression"])
        albedo = _offset(self.albedo_basis, parameters.albedo, true["albedo"])
        light = true["illumination"].unflatten(1, (-1, BANDS)).clone()
        light[..., 0] += self.ambient_shift
        scale = LANDMARK_UNIT / self.image_size
        return {
            "identity": weights.identity * torch.linalg.vector_norm(identity, dim=-1).mean(),
            "expression": weights.expression * torch.linalg.vector_norm(expression, dim=-1).mean(),
            "albedo": weights.albedo * albedo.abs().mean(),
            "illumination": weights.illumination * (parameters.illumination - light.flatten(1)).square().mean(),
            "landmark": weights.landmark * scale * (landmarks - truth["landmarks"]).norm(dim=-1).mean(),
            "rotation": weights.rotation * (parameters.rotation - true["rotation"]).abs().mean(),
            "translation": weights.translation * (parameters.translation - true["translation"]).abs().mean(),
        }

    def _truth(self, batch: dict[str, Any]) -> dict[str, Any]:
        truth = batch.get("truth")
        if truth is None:
            raise SeethroughError(
                "model.schedule.supervised_steps needs the truth of synthetic data: train on data/synthetic, or set it "
                "to 0"
            )
        foreign = [name for name in truth["model"] if name != self.model_source]
        if foreign:
            raise SeethroughError(
                f"model.schedule.supervised_steps: the data come from the face model '{foreign[0]}' but "
                f"'{self.model_source}' is fitted (model.face_model.source); make them the same"
            )
        return truth


def _offset(basis: Tensor, predicted: Tensor, true: Tensor) -> Tensor:
    """Return (B, N, 3), decoded prediction minus decoded truth; coefficients may be fewer than modes."""
    modes = max(predicted.shape[1], true.shape[1])
    difference = predicted.new_zeros(len(predicted), modes)
    difference[:, : predicted.shape[1]] += predicted
    difference[:, : true.shape[1]] -= true.to(predicted.dtype)
    return (difference @ basis[:modes]).unflatten(1, (-1, 3))
