"""One linear 3D morphable face model, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from seethrough.morphable.parameters import FaceParameters, ParameterSizes


class FaceModel(nn.Module):
    """Mean and bases for identity, expression and albedo on one triangle mesh.

    A vertex is ``mean + identity @ identity_basis + expression @ expression_basis`` (3DMM, Blanz and Vetter 1999; the
    geometry half of FOCUS Sec. 3.1); bases are already scaled, so coefficients are standard deviations. All tensors are
    buffers that move with ``.to(device)`` but stay out of ``state_dict``: a checkpoint names its face model, it does
    not contain it.

    Attributes:
        mean: (V, 3) neutral mean shape, mm, model frame (x to the viewer's right, y up, z towards the viewer).
        identity_basis: (I, V, 3) mm per standard deviation, strongest first.
        expression_basis: (E, V, 3) mm per standard deviation.
        albedo_mean: (V, 3) RGB in [0, 1].
        albedo_basis: (A, V, 3) RGB per standard deviation.
        triangles: (T, 3) int32, counter-clockwise seen from outside.
        landmarks: (68,) int64 vertex indices in iBUG order.
        now_landmarks: (7,) int64 vertex indices in the order of the NoW benchmark (iBUG 36 39 42 45 33 48 54, 0-based).
        mirror: (V,) int64, the vertex on the other side of the face for each vertex; an involution.
        uv: (V, 2) texture coordinates in [0, 1], v up.
        regions: name -> (V,) float weights in [0, 1] (at least ``face``, ``lips``, ``eyes``, ``brows``, ``nose``,
            ``cheeks``; a model that knows none has an empty mapping).
        expression_units: name -> (E,) expression coefficients of that named action (ARKit names); may be empty.
    """

    mean: Tensor
    identity_basis: Tensor
    expression_basis: Tensor
    albedo_mean: Tensor
    albedo_basis: Tensor
    triangles: Tensor
    landmarks: Tensor
    now_landmarks: Tensor
    mirror: Tensor
    uv: Tensor

    def __init__(
        self,
        *,
        name: str,
        mean: Tensor,
        identity_basis: Tensor,
        expression_basis: Tensor,
        albedo_mean: Tensor,
        albedo_basis: Tensor,
        triangles: Tensor,
        landmarks: Tensor,
        now_landmarks: Tensor,
        mirror: Tensor,
        uv: Tensor,
        regions: Mapping[str, Tensor] | None = None,
        expression_units: Mapping[str, Tensor] | None = None,
        provenance: str = "",
    ) -> None:
        super().__init__()
        self.name = name
        self.provenance = provenance
        floats = dict(
            mean=mean,
            identity_basis=identity_basis,
            expression_basis=expression_basis,
            albedo_mean=albedo_mean,
            albedo_basis=albedo_basis,
            uv=uv,
        )
        for key, value in floats.items():
            self.register_buffer(key, value.to(torch.float32).contiguous(), persistent=False)
        self.register_buffer("triangles", triangles.to(torch.int32).contiguous(), persistent=False)
        for key, value in dict(landmarks=landmarks, now_landmarks=now_landmarks, mirror=mirror).items():
            self.register_buffer(key, value.to(torch.int64).contiguous(), persistent=False)
        self.regions = {key: value.to(torch.float32) for key, value in (regions or {}).items()}
        self.expression_units = {key: value.to(torch.float32) for key, value in (expression_units or {}).items()}
        self._check()

    def _check(self) -> None:
        vertices = self.vertex_count
        for key in ("mean", "identity_basis", "expression_basis", "albedo_mean", "albedo_basis"):
            shape = tuple(getattr(self, key).shape)
            if shape[-2:] != (vertices, 3):
                raise ValueError(f"{key} has shape {shape}, expected (..., {vertices}, 3)")
        for key, length in (("landmarks", 68), ("now_landmarks", 7), ("mirror", vertices)):
            value = getattr(self, key)
            if tuple(value.shape) != (length,):
                raise ValueError(f"{key} has shape {tuple(value.shape)}, expected ({length},)")
        for key in ("triangles", "landmarks", "now_landmarks", "mirror"):
            value = getattr(self, key)
            if value.numel() and (int(value.min()) < 0 or int(value.max()) >= vertices):
                raise ValueError(f"{key} points outside the {vertices} vertices")

    @property
    def vertex_count(self) -> int:
        """V, the number of vertices."""
        return self.mean.shape[0]

    @property
    def sizes(self) -> ParameterSizes:
        """The number of modes of each kind."""
        return ParameterSizes(
            identity=self.identity_basis.shape[0],
            expression=self.expression_basis.shape[0],
            albedo=self.albedo_basis.shape[0],
        )

    def shape(self, identity: Tensor, expression: Tensor | None = None) -> Tensor:
        """Decode vertices.

        Args:
            identity: (B, <=I) coefficients; missing ones count as zero.
            expression: (B, <=E) coefficients, or None for the neutral face.

        Returns:
            (B, V, 3) vertices in mm, model frame.
        """
        vertices = _combine(self.mean, self.identity_basis, identity)
        if expression is not None:
            vertices = vertices + _combine(None, self.expression_basis, expression)
        return vertices

    def albedo(self, coefficients: Tensor) -> Tensor:
        """Decode (B, <=A) albedo coefficients to (B, V, 3) RGB, not clamped."""
        return _combine(self.albedo_mean, self.albedo_basis, coefficients)

    def landmark_positions(self, vertices: Tensor) -> Tensor:
        """Pick the 68 landmarks out of (B, V, 3) vertices: (B, 68, 3)."""
        return vertices[:, self.landmarks]

    def neutral(self, parameters: FaceParameters) -> Tensor:
        """Decode the neutral, un-posed face: (B, V, 3) mm, model frame (what NoW scores)."""
        return self.shape(parameters.identity)

    def truncated(self, identity: int, expression: int, albedo: int) -> FaceModel:
        """Return a model with only the first modes of each kind (used to fit with less than one generates with)."""
        for key, count, available in zip(
            ("identity", "expression", "albedo"),
            (identity, expression, albedo),
            self.sizes.as_list(),
            strict=False,
        ):
            if not min(1, available) <= count <= available:
                raise ValueError(f"cannot keep {count} {key} modes of {self.name}: it has {available}")
        return FaceModel(
            name=self.name,
            mean=self.mean,
            identity_basis=self.identity_basis[:identity],
            expression_basis=self.expression_basis[:expression],
            albedo_mean=self.albedo_mean,
            albedo_basis=self.albedo_basis[:albedo],
            triangles=self.triangles,
            landmarks=self.landmarks,
            now_landmarks=self.now_landmarks,
            mirror=self.mirror,
            uv=self.uv,
            regions=self.regions,
            expression_units={key: value[:expression] for key, value in self.expression_units.items()},
            provenance=self.provenance,
        )


def _combine(mean: Tensor | None, basis: Tensor, coefficients: Tensor) -> Tensor:
    """Return mean + coefficients @ basis for the first ``coefficients.shape[1]`` modes, as one matrix product."""
    batch, count = coefficients.shape
    if count > basis.shape[0]:
        raise ValueError(f"{count} coefficients given, the basis has {basis.shape[0]} modes")
    # flatten and basis.shape keep a basis without modes working, where reshape(..., -1) cannot tell the size.
    flat = basis[:count].flatten(1)
    product = coefficients @ flat if mean is None else torch.addmm(mean.reshape(1, -1), coefficients, flat)
    return product.view(batch, basis.shape[1], 3)
