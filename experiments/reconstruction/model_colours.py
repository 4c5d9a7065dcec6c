"""The colours that a face model gives a fitted face: albedo, and light by the direction of the surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from experiments.reconstruction.estimator import FaceEstimator
from seethrough.morphable import FaceModel, FaceParameters
from seethrough.rendering import shade


@dataclass(frozen=True)
class ModelColours:
    """Albedo and light of one face.

    Attributes:
        albedo: (V, 3) RGB in [0, 1].
        illumination: (1, 27) coefficients; None for even light, where nothing is known of it.
        ambient: white light under them.
    """

    albedo: np.ndarray
    illumination: torch.Tensor | None
    ambient: float

    @classmethod
    def fitted(cls, estimator: FaceEstimator, parameters: FaceParameters) -> ModelColours:
        """Return the colours that FOCUS fitted, for the model of the written meshes."""
        albedo = estimator.written_model.albedo(parameters.albedo)[0].clamp(0, 1).double().numpy()
        return cls(albedo, parameters.illumination, estimator.ambient)

    @classmethod
    def mean(cls, model: FaceModel) -> ModelColours:
        """Return a model's mean albedo in even light."""
        return cls(model.albedo_mean.clamp(0, 1).double().cpu().numpy(), None, 1.0)

    @torch.no_grad()
    def light(self, normals: np.ndarray) -> np.ndarray:
        """Return (V, 3) what each channel of the albedo is multiplied with, for unit normals of the camera frame."""
        if self.illumination is None:
            return np.ones_like(normals)
        directions = torch.from_numpy(normals).float()[None]
        return shade(torch.ones_like(directions), directions, self.illumination, self.ambient)[0].double().numpy()
