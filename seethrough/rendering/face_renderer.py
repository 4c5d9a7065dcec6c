"""From face parameters to a picture: decode, pose, light, draw."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.parameters import FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering.camera import Camera, pose
from seethrough.rendering.lighting import FOCUS_AMBIENT, shade
from seethrough.rendering.normals import vertex_normals
from seethrough.rendering.renderer import Renderer


@dataclass
class FaceGeometry:
    """Landmarks of a batch of faces, without a picture.

    Attributes:
        vertices: (B, 68, 3) landmark vertices with expression, mm, model frame.
        posed: (B, 68, 3) the same in the camera frame.
        landmarks: (B, 68, 2) the same in the picture, px.
    """

    vertices: Tensor
    posed: Tensor
    landmarks: Tensor


@dataclass
class FaceRendering:
    """A rendered batch of faces.

    Attributes:
        image: (B, 3, H, W) RGB on black, not clamped.
        mask: (B, 1, H, W) 1 on the face; carries a gradient only with a visibility gradient.
        landmarks: (B, 68, 2) px.
        vertices: (B, V, 3) with expression, mm, model frame.
        posed: (B, V, 3) mm, camera frame.
        colours: (B, V, 3) lit vertex colours, RGB.
    """

    image: Tensor
    mask: Tensor
    landmarks: Tensor
    vertices: Tensor
    posed: Tensor
    colours: Tensor


class FaceRenderer(nn.Module):
    """Draw the faces that parameters describe (the decoder of FOCUS, Sec. 3.1).

    It has no parameters and adds nothing to a ``state_dict``. Parameters may have fewer modes than the model. Under
    autocast it computes in float32 all the same.

    Args:
        model: the face model.
        camera: the camera; it decides the size of the picture.
        ambient: white light under the predicted coefficients.
        backend: ``auto``, ``cpu`` or ``nvdiffrast``.
        visibility: ``none``, ``antialias`` or ``edge``, see :class:`~seethrough.rendering.renderer.Renderer`.
        cull: leave out triangles seen from behind, as FOCUS does.
        threads: threads of the cpu backend; None follows ``torch.get_num_threads()``.
    """

    landmark_mean: Tensor
    landmark_identity: Tensor
    landmark_expression: Tensor

    def __init__(
        self,
        model: FaceModel,
        camera: Camera,
        *,
        ambient: float = FOCUS_AMBIENT,
        backend: str = "auto",
        visibility: str = "none",
        cull: bool = True,
        threads: int | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.ambient = ambient
        self.threads = threads
        self.renderer = Renderer(model.triangles, camera, backend, visibility, cull, threads)
        landmarks = model.landmarks
        rows = {
            "landmark_mean": model.mean[landmarks].reshape(1, -1),
            "landmark_identity": model.identity_basis[:, landmarks].flatten(1),
            "landmark_expression": model.expression_basis[:, landmarks].flatten(1),
        }
        for name, value in rows.items():
            self.register_buffer(name, value.contiguous(), persistent=False)

    @property
    def camera(self) -> Camera:
        """The camera of the pictures."""
        return self.renderer.camera

    @in_full_precision
    def forward(self, parameters: FaceParameters) -> FaceRendering:
        """Decode, pose, light and draw ``parameters``."""
        _, topology = self.renderer.on(parameters.identity.device)
        vertices = self.model.shape(parameters.identity, parameters.expression)
        posed = pose(vertices, parameters.rotation, parameters.translation)
        normals = vertex_normals(posed, topology, threads=self.threads)
        albedo = self.model.albedo(parameters.albedo)
        colours = shade(albedo, normals, parameters.illumination, self.ambient, threads=self.threads)
        rendering = self.renderer(posed, colours)
        landmarks = self.camera.project(self.model.landmark_positions(posed))
        return FaceRendering(rendering.image, rendering.mask, landmarks, vertices, posed, colours)

    @in_full_precision
    def geometry(self, parameters: FaceParameters) -> FaceGeometry:
        """Decode, pose and project the 68 landmarks only: a few small matrix products, no picture."""
        identity, expression = parameters.identity, parameters.expression
        bases = torch.cat(
            [self.landmark_identity[: identity.shape[1]], self.landmark_expression[: expression.shape[1]]]
        )
        flat = torch.addmm(self.landmark_mean, torch.cat([identity, expression], dim=1), bases)
        vertices = flat.view(len(flat), -1, 3)
        posed = pose(vertices, parameters.rotation, parameters.translation)
        return FaceGeometry(vertices, posed, self.camera.project(posed))
