"""The two networks of FOCUS and its decoder, without anything about training."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from lightning_modules.focus.config import FaceModelConfig, FocusConfig
from seethrough.morphable import FaceModel, FaceParameters
from seethrough.morphable.loading import OPEN, load_face_model
from seethrough.networks import FaceEncoder, SegmentationUNet
from seethrough.rendering import FaceRenderer, FaceRendering, focus_camera


@dataclass
class FocusPrediction:
    """What FOCUS says of a batch of photos.

    Attributes:
        parameters: coefficients of the fitted face model.
        rendering: the face rendered from them, with its landmarks and vertices.
        mask: (B, 1, H, W) soft mask of the visible face, zero outside the rendered face.
    """

    parameters: FaceParameters
    rendering: FaceRendering
    mask: Tensor


class Focus(nn.Module):
    """Face autoencoder and outlier segmentation network (FOCUS Sec. 3.1, Fig. 2).

    Attributes:
        encoder: from an image to :class:`FaceParameters`.
        segmentation: from (rendered, target) to mask logits.
        face_renderer: from parameters to an image; it holds the truncated face model.
        full_model: the same face model with all its modes, against which synthetic truth is scored.
        image_size: side of the crops in pixels.
        misfit_prior: (V, 3) mm, mean error of the predicted neutral shape (Sec. 3.4), on the fitted model's mesh, or
            None for a run that has none. It is loaded with the run and stays out of ``state_dict``.
        misfit_identity: (I,) the same in identity coefficients, for other meshes of the same model.
    """

    misfit_prior: Tensor | None
    misfit_identity: Tensor | None

    def __init__(self, config: FocusConfig) -> None:
        super().__init__()
        self.image_size = config.image_size
        self.full_model = load_model(config.face_model)
        model = fitted_model(self.full_model, config.face_model)
        self.face_renderer = FaceRenderer(
            model,
            focus_camera(config.image_size),
            ambient=config.renderer.ambient,
            backend=config.renderer.backend,
            visibility=config.renderer.visibility,
        )
        self.encoder = FaceEncoder(
            model.sizes,
            config.encoder.architecture,
            config.image_size,
            asdict(config.encoder.scales),
            config.encoder.pretrained,
            config.encoder.normalisation,
            config.encoder.widths,
            config.encoder.hidden,
        )
        self.segmentation = SegmentationUNet(
            widths=config.segmentation.widths,
            convolutions=config.segmentation.convolutions,
            slope=config.segmentation.slope,
            dropout=config.segmentation.dropout,
        )
        self.register_buffer("misfit_prior", None, persistent=False)
        self.register_buffer("misfit_identity", None, persistent=False)

    def forward(self, image: Tensor) -> FocusPrediction:
        """Reconstruct a (B, 3, image_size, image_size) batch in [0, 1] and say where the face is visible."""
        parameters = self.encoder(image)
        rendering = self.face_renderer(parameters)
        return FocusPrediction(parameters, rendering, self.visible_face(rendering, image))

    def visible_face(self, rendering: FaceRendering, image: Tensor) -> Tensor:
        """Return the soft mask of the segmentation network inside the rendered face, (B, 1, H, W)."""
        return self.segmentation.mask(rendering.image.clamp(0, 1), image) * rendering.mask

    def neutral(self, parameters: FaceParameters, misfit_prior: bool = False) -> Tensor:
        """Return the neutral shapes before pose, (B, V, 3) mm in the model frame.

        Args:
            parameters: predicted coefficients.
            misfit_prior: subtract the mean error of such predictions, P - E_MP (FOCUS Sec. 3.4), where the run has one;
                where it has none the shapes come back as they were predicted.
        """
        vertices = self.face_renderer.model.neutral(parameters)
        if misfit_prior and self.misfit_prior is not None:
            vertices = vertices - self.misfit_prior
        return vertices

    def set_misfit_prior(self, error: Tensor | None, identity_error: Tensor | None) -> None:
        """Take a misfit prior, (V, 3) mm and (I,) standard deviations, or forget it."""
        device = self.face_renderer.model.mean.device
        self.misfit_prior = None if error is None else error.to(device)
        self.misfit_identity = None if identity_error is None else identity_error.to(device)

    @torch.no_grad()
    def predict(self, image: Tensor) -> FocusPrediction:
        """Like :meth:`forward`, without a graph."""
        return self(image)


def load_model(config: FaceModelConfig) -> FaceModel:
    """Load the configured face model with all its modes."""
    level = config.level if config.source == OPEN else None  # the presets name a level of the open model
    return load_face_model(config.source, level=level, expression=config.expression_file)


def fitted_model(full: FaceModel, config: FaceModelConfig) -> FaceModel:
    """Return the face model cut to the modes that are to be fitted."""
    sizes = full.sizes
    return full.truncated(
        min(config.identity, sizes.identity),
        min(config.expression, sizes.expression),
        min(config.albedo, sizes.albedo),
    )
