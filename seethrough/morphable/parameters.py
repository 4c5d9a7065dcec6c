"""The coefficients that describe one rendered face, and how they lie in one flat vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

ILLUMINATION_SIZE = 27


@dataclass(frozen=True)
class ParameterSizes:
    """How many coefficients of each kind a face has; the order is that of :class:`FaceParameters`."""

    identity: int
    expression: int
    albedo: int
    illumination: int = ILLUMINATION_SIZE
    rotation: int = 3
    translation: int = 3

    def as_list(self) -> list[int]:
        """Return the sizes in the order of the flat vector."""
        return [getattr(self, field.name) for field in fields(self)]

    @property
    def total(self) -> int:
        """The length of the flat vector."""
        return sum(self.as_list())


@dataclass
class FaceParameters:
    """Everything needed to render a batch of faces.

    Attributes:
        identity: (B, I) identity coefficients, standard deviations.
        expression: (B, E) expression coefficients, standard deviations; zero is neutral.
        albedo: (B, A) albedo coefficients, standard deviations.
        illumination: (B, 27) spherical-harmonics coefficients, channel-major (9 red, 9 green, 9 blue), in the camera
            frame, added to the ambient light of the shading (FOCUS supplement).
        rotation: (B, 3) angles about x, y, z in radians; zero looks at the camera.
        translation: (B, 3) millimetres in the camera frame, added to the resting place (0, 0, 1000).
    """

    identity: Tensor
    expression: Tensor
    albedo: Tensor
    illumination: Tensor
    rotation: Tensor
    translation: Tensor

    @classmethod
    def zeros(
        cls,
        sizes: ParameterSizes,
        batch: int = 1,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> FaceParameters:
        """Return the mean face at rest, ``batch`` times."""
        return cls(*(torch.zeros(batch, size, device=device, dtype=dtype) for size in sizes.as_list()))

    @classmethod
    def from_vector(cls, vector: Tensor, sizes: ParameterSizes) -> FaceParameters:
        """Split a (B, sizes.total) tensor; raises ``ValueError`` if the length does not fit."""
        if vector.ndim != 2 or vector.shape[1] != sizes.total:
            raise ValueError(f"expected a (B, {sizes.total}) vector of face parameters, got {tuple(vector.shape)}")
        return cls(*vector.split(sizes.as_list(), dim=1))

    def to_vector(self) -> Tensor:
        """Return all coefficients as one (B, D) tensor."""
        return torch.cat(list(self), dim=1)

    def __iter__(self) -> Iterator[Tensor]:
        return (getattr(self, field.name) for field in fields(self))

    def __len__(self) -> int:
        return self.identity.shape[0]

    def __getitem__(self, index: slice | Tensor) -> FaceParameters:
        """Select along the batch; a slice or an index tensor keeps the batch dimension."""
        return FaceParameters(*(value[index] for value in self))

    @property
    def sizes(self) -> ParameterSizes:
        """The number of coefficients of each kind."""
        return ParameterSizes(*(value.shape[1] for value in self))

    def to(self, device: torch.device | str) -> FaceParameters:
        """Move every tensor to ``device``."""
        return FaceParameters(*(value.to(device) for value in self))

    def detach(self) -> FaceParameters:
        """Cut every tensor from its graph."""
        return FaceParameters(*(value.detach() for value in self))

    def with_changes(self, **changes: Tensor) -> FaceParameters:
        """Return a copy with the named tensors exchanged."""
        return replace(self, **changes)
