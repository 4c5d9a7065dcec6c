"""From an aligned crop to face parameters and a mask: the network first, then the fit to this very photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from seethrough.errors import SeethroughError
from seethrough.fitting import explained_mask, fit_colours, fit_face, fit_landmarks
from seethrough.morphable import FaceModel, FaceParameters, ParameterSizes
from seethrough.morphable.loading import OPEN, load_face_model
from seethrough.morphable.open_model import DEFAULT_LEVEL, FINEST_LEVEL
from seethrough.photos import CropTransform
from seethrough.photos.alignment import REFERENCE_SIZE
from seethrough.rendering import FOCUS_AMBIENT, FaceRenderer, FaceRendering, focus_camera

if TYPE_CHECKING:
    from lightning_modules.focus.lightning_model import FocusModule

MESH_LEVEL = 2


@dataclass(frozen=True)
class FaceEstimate:
    """What is known of one face.

    Attributes:
        parameters: coefficients, batch of 1.
        mask: (1, 1, 224, 224) probability that the face is visible, 0 outside the rendered face: from the segmentation
            network, or without any network from the colours that the fit explains; None where nothing tells.
    """

    parameters: FaceParameters
    mask: Tensor | None


class FaceEstimator:
    """Networks and face models of one command, loaded once.

    Args:
        checkpoint: run folder or checkpoint file of FOCUS; None works with the open face model and the fit alone.
        level: subdivision level of the meshes and pictures that are written, for the open model only; None for its own.
        module: networks to use instead of the checkpoint's own, such as adapted ones.

    Attributes:
        fitted_model: the face model with all its modes, at the resolution that the fit uses.
        written_model: the same modes at the resolution of the meshes.
        ambient: white light under the illumination coefficients.
        renderer: draws ``fitted_model`` in the crop of 224 px.
        weights: hash of the checkpoint file, before it is adapted; empty without one.
        misfit_identity: (I,) mean error of the networks' identity coefficients (FOCUS Sec. 3.4), or None.

    Raises:
        SeethroughError: no or another checkpoint there; a level that the model does not have.
    """

    def __init__(self, checkpoint: Path | None, level: int | None = None, module: FocusModule | None = None) -> None:
        self.focus = None
        self.segments = False
        self.misfit_identity: Tensor | None = None
        self.ambient = FOCUS_AMBIENT
        self.weights = ""
        source, full = OPEN, None
        if checkpoint is not None:
            # Imported here: without a network nobody waits for Lightning.
            from lightning_modules.checkpoint_hash import hash_of_weights
            from lightning_modules.focus.loading import load_focus_module, newest_checkpoint

            self.weights = hash_of_weights(newest_checkpoint(checkpoint))
            module = load_focus_module(checkpoint) if module is None else module
            self.focus = module.focus
            self.segments = module.config.has_segmentation
            self.misfit_identity = module.focus.misfit_identity
            self.ambient = module.config.renderer.ambient
            source, full = module.config.face_model.source, module.focus.full_model
        self.fitted_model, self.written_model = _models(source, full, level)
        self.renderer = FaceRenderer(self.fitted_model, focus_camera(REFERENCE_SIZE), ambient=self.ambient)
        if self.focus is not None:
            camera = focus_camera(self.focus.image_size)
            self._network_renderer = FaceRenderer(self.fitted_model, camera, ambient=self.ambient)

    @property
    def skin_tone(self) -> np.ndarray:
        """(3,) RGB, the mean colour of the face model."""
        return self.fitted_model.albedo_mean.mean(0).clamp_min(1e-3).numpy()

    @torch.no_grad()
    def predict(self, photo: np.ndarray, crop: CropTransform) -> FaceEstimate:
        """Ask the networks; without one, the mean face at rest."""
        if self.focus is None:
            return FaceEstimate(FaceParameters.zeros(self.fitted_model.sizes), None)
        prediction = self.focus.predict(crop_tensor(photo, crop.resized(self.focus.image_size)))
        if not all(bool(torch.isfinite(value).all()) for value in prediction.parameters):
            raise SeethroughError("the network's prediction is not finite; was its training stable?")
        return FaceEstimate(prediction.parameters, self._enlarged(prediction.mask) if self.segments else None)

    def refine(
        self, photo: np.ndarray, crop: CropTransform, landmarks: np.ndarray, estimate: FaceEstimate, steps: int
    ) -> FaceEstimate:
        """Fit all modes of the face model to the crop and its (68, 2) landmarks.

        The segmentation network is asked twice more: with the face that landmarks and skin colours give (a mask from a
        misplaced face would hide what it misses), and with the result. Without a network the colours of skin decide.
        """
        start = padded(estimate.parameters, self.fitted_model.sizes)
        points = torch.from_numpy(np.asarray(landmarks, dtype=np.float32))[None]
        image = crop_tensor(photo, crop)
        if not self.segments:
            parameters = fit_face(self.renderer, start, image, points, None, steps)
            return FaceEstimate(parameters, explained_mask(self.renderer, parameters, image))
        placed = fit_landmarks(self.renderer, start, points)
        explained = explained_mask(self.renderer, placed, image)
        coloured = fit_colours(self.renderer, placed, image, explained)
        # What either of the two takes for an occluder shall not bend or colour the face.
        trusted = explained * self._visible_face(photo, crop, coloured)
        parameters = fit_face(self.renderer, placed, image, points, trusted, steps, placed=True)
        return FaceEstimate(parameters, self._visible_face(photo, crop, parameters))

    @torch.no_grad()
    def visible_face(self, photo: np.ndarray, crop: CropTransform, parameters: FaceParameters) -> Tensor:
        """Return the (1, 1, 224, 224) mask of a face that is known already: of the network, or of what is like skin."""
        if self.segments:
            return self._visible_face(photo, crop, parameters)
        return explained_mask(self.renderer, parameters, crop_tensor(photo, crop))

    @torch.no_grad()
    def render(self, estimate: FaceEstimate) -> FaceRendering:
        """Draw the estimate in the crop of 224 px."""
        return self.renderer(estimate.parameters)

    @torch.no_grad()
    def _visible_face(self, photo: np.ndarray, crop: CropTransform, parameters: FaceParameters) -> Tensor:
        assert self.focus is not None
        image = crop_tensor(photo, crop.resized(self.focus.image_size))
        return self._enlarged(self.focus.visible_face(self._network_renderer(parameters), image))

    @staticmethod
    def _enlarged(mask: Tensor) -> Tensor:
        size = (REFERENCE_SIZE, REFERENCE_SIZE)
        return functional.interpolate(mask, size, mode="bilinear", align_corners=False).clamp(0, 1)


def crop_tensor(photo: np.ndarray, crop: CropTransform) -> Tensor:
    """Cut (1, 3, size, size) float32 in [0, 1] out of an (H, W, 3) uint8 photo."""
    return (
        torch.from_numpy(np.ascontiguousarray(crop.crop(photo), dtype=np.float32)).permute(2, 0, 1)[None].contiguous()
    )


def padded(parameters: FaceParameters, sizes: ParameterSizes) -> FaceParameters:
    """Add zero coefficients up to ``sizes``: the same face, with more modes that may still move."""
    changes = {}
    for kind in ("identity", "expression", "albedo"):
        value = getattr(parameters, kind)
        changes[kind] = functional.pad(value, (0, getattr(sizes, kind) - value.shape[1]))
    return parameters.with_changes(**changes)


def _models(source: str, full: FaceModel | None, level: int | None) -> tuple[FaceModel, FaceModel]:
    if source != OPEN and full is not None:
        if level is not None:
            raise SeethroughError(f"--level {level}: only the open face model has levels, the network's is {source}")
        return full, full
    level = MESH_LEVEL if level is None else level
    if not 0 <= level <= FINEST_LEVEL:
        raise SeethroughError(f"--level {level}: the open face model has levels 0 to {FINEST_LEVEL}")
    fitted = load_face_model(OPEN, level=DEFAULT_LEVEL)
    return fitted, fitted if level == DEFAULT_LEVEL else load_face_model(OPEN, level=level)
