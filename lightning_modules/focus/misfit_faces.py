"""Faces that the fitted model can explain in full, rendered as the decoder renders them (FOCUS Sec. 3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from seethrough.morphable import FaceParameters
from seethrough.rendering import FaceRenderer
from seethrough.rendering.harmonics import BAND_0
from seethrough.rendering.lighting import FOCUS_AMBIENT

# Sets these faces apart from every other use of the same seed number, the scenes of data sets above all.
_STREAM = 0x4D4953464954
_IDENTITY_LIMIT, _ALBEDO_LIMIT = 2.5, 3.0
_BACKGROUND_CELLS = 4


@dataclass
class FaceSpread:
    """How widely the coefficients of the faces are spread: standard deviations of normal distributions around zero.

    Zero light is the ambient light of the run; pose and translation are those of detected and aligned faces.
    """

    identity: float = 1.0
    """In the model's own standard deviations; cut at 2.5."""
    expression: float = 0.5
    """In the model's own standard deviations."""
    neutral: float = 0.4
    """Share of faces without expression."""
    albedo: float = 1.0
    """In the model's own standard deviations; cut at 3."""
    light: float = 0.35
    """Spherical-harmonics coefficients that all channels share, as a share of the ambient light."""
    light_colour: float = 0.05
    """The same for each channel by itself."""
    rotation: tuple[float, float, float] = (0.13, 0.3, 0.04)
    """Pitch, yaw and roll in rad."""
    translation: tuple[float, float, float] = (2.0, 2.0, 15.0)
    """Millimetres, camera frame."""


class MisfitFaces:
    """Random faces of the fitted model: no occluder, no detail beyond the model, and a smooth random background.

    Face ``index`` is a pure function of seed and index, whatever batch it comes in. Faces 2k and 2k + 1 have opposite
    identities and nothing else in common: the mean of an even number of true shapes is then the model's mean, and does
    not add its own chance to a mean error.

    Args:
        renderer: the decoder of the run, with its fitted model.
        spread: of the coefficients.
        seed: of the faces.
    """

    def __init__(self, renderer: FaceRenderer, spread: FaceSpread, seed: int) -> None:
        self.renderer = renderer
        self.spread = spread
        self.seed = seed
        self.sizes = renderer.model.sizes

    @torch.no_grad()
    def batch(self, indices: Iterable[int]) -> dict[str, Any]:
        """Return ``image, landmarks, id`` as in every sample, and the true ``parameters``."""
        drawn = [self._draw(index) for index in indices]
        device = self.renderer.model.mean.device
        parameters = FaceParameters.from_vector(torch.from_numpy(np.stack([vector for vector, _ in drawn])), self.sizes)
        parameters = parameters.to(device)
        cells = torch.from_numpy(np.stack([background for _, background in drawn])).to(device)
        rendering = self.renderer(parameters)
        size = rendering.image.shape[-2:]
        background = functional.interpolate(cells, size, mode="bilinear", align_corners=True)
        image = rendering.image.clamp(0, 1) * rendering.mask + background * (1 - rendering.mask)
        return {
            "image": image,
            "landmarks": rendering.landmarks,
            "id": [f"misfit-{index:07d}" for index in indices],
            "parameters": parameters,
        }

    def _draw(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the flat coefficients of one face and the cells of its background."""
        rng, spread, sizes = self._stream(1, index), self.spread, self.sizes
        person = self._stream(0, index // 2).standard_normal(sizes.identity) * (-1 if index % 2 else 1)
        identity = np.clip(person, -_IDENTITY_LIMIT, _IDENTITY_LIMIT) * spread.identity
        expression = rng.standard_normal(sizes.expression) * spread.expression * (rng.random() >= spread.neutral)
        albedo = np.clip(rng.standard_normal(sizes.albedo), -_ALBEDO_LIMIT, _ALBEDO_LIMIT) * spread.albedo
        grey, coloured = rng.standard_normal((1, 9)), rng.standard_normal((3, 9))
        light = self.renderer.ambient * (spread.light * grey + spread.light_colour * coloured)
        rotation = rng.standard_normal(3) * spread.rotation
        translation = rng.standard_normal(3) * spread.translation
        vector = np.concatenate([identity, expression, albedo, light.ravel(), rotation, translation])
        cells = rng.random((3, _BACKGROUND_CELLS, _BACKGROUND_CELLS))
        return vector.astype(np.float32), cells.astype(np.float32)

    def _stream(self, *key: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence((_STREAM, self.seed), spawn_key=key))


class FaceStream:
    """Batches of faces that no other batch shows; its position is saved with a training and restored.

    Args:
        faces: what to draw from.
        batch_size: faces a batch.
        first: index of the first face.
        batches: how many there are. A loader that knows its length is not read ahead, which would move the position.
        source: name of the face model, for batches that hold their ``truth`` as synthetic samples do; None leaves it
            out.
    """

    def __init__(
        self, faces: MisfitFaces, batch_size: int, first: int, batches: int, source: str | None = None
    ) -> None:
        self.faces, self.batch_size, self.first, self.batches, self.source = faces, batch_size, first, batches, source
        self._done = 0

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while self._done < self.batches:
            start = self.first + self._done * self.batch_size
            batch = self.faces.batch(range(start, start + self.batch_size))
            # Counted before it is handed out: the state is saved while the trainer still holds this batch.
            self._done += 1
            parameters = batch.pop("parameters")
            yield batch if self.source is None else {**batch, "truth": self._truth(parameters, batch["landmarks"])}

    def _truth(self, parameters: FaceParameters, landmarks: Tensor) -> dict[str, Any]:
        light = parameters.illumination.unflatten(1, (3, -1)).clone()
        # Synthetic samples tell light on top of the release's ambient, whatever the fit stands on.
        light[..., 0] -= (FOCUS_AMBIENT - self.faces.renderer.ambient) / BAND_0
        told = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
        return {
            "parameters": told | {"illumination": light.flatten(1)},
            "landmarks": landmarks,
            "model": [self.source] * len(landmarks),
        }

    def state_dict(self) -> dict[str, int]:
        """Return the position."""
        return {"batches": self._done}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Take a position up again."""
        self._done = int(state["batches"])


def measured_batches(faces: MisfitFaces, count: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield images, true neutral vertices (B, V, 3) and true identity coefficients (B, I) of the first faces."""
    model = faces.renderer.model
    for start in range(0, count, batch_size):
        batch = faces.batch(range(start, min(start + batch_size, count)))
        parameters: FaceParameters = batch["parameters"]
        yield batch["image"], model.neutral(parameters), parameters.identity
