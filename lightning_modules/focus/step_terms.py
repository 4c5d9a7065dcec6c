"""What each kind of training step minimises: predictions, renders and masks brought to the losses."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.gradient_share import with_gradient_share
from lightning_modules.focus.objectives import ReconstructionObjective, SegmentationObjective, Terms
from lightning_modules.focus.phases import Network, Phase
from lightning_modules.focus.schedule import FocusSchedule
from lightning_modules.focus.supervision import SupervisedObjective
from lightning_modules.focus.torch_model import Focus
from lightning_modules.focus.training_mask import training_mask, true_mask
from seethrough.morphable import FaceParameters
from seethrough.networks.perceptual import PerceptualNet


class StepTerms:
    """The terms of every phase; a step computes nothing that its own terms do not need.

    Args:
        config: the method's settings.
        focus: the networks.
        schedule: of the training.
        perceptual: recognition network, or None to leave its terms out.
        supervised: direct supervision, where the settings have any.
    """

    def __init__(
        self,
        config: FocusConfig,
        focus: Focus,
        schedule: FocusSchedule,
        perceptual: PerceptualNet | None,
        supervised: SupervisedObjective | None,
    ) -> None:
        self.config, self.focus, self.schedule, self.supervised = config, focus, schedule, supervised
        self.reconstruction = ReconstructionObjective(config.loss, config.image_size, perceptual)
        self.segmentation = SegmentationObjective(config.loss, perceptual)

    def __call__(self, phase: Phase, step: int, batch: dict[str, Any]) -> Terms:
        """Return the weighted terms of training step ``step``, whose sum is minimised."""
        if phase.network is Network.SEGMENTATION:
            return self._segmentation_terms(phase, batch)
        progress = self.schedule.progress(step)
        parameters = self.focus.encoder(batch["image"])
        if phase is Phase.SUPERVISE:
            assert self.supervised is not None  # the schedule that has such steps is the one it was built for
            return self.supervised(parameters, self.focus.face_renderer.geometry(parameters).landmarks, batch)
        if phase is Phase.LANDMARKS:
            landmarks = self.focus.face_renderer.geometry(parameters).landmarks
            return self._unrendered_terms(parameters, landmarks, batch, progress)
        if phase is Phase.COLOUR:
            landmarks = self.focus.face_renderer.geometry(parameters).landmarks
            coloured = parameters.detach().with_changes(albedo=parameters.albedo, illumination=parameters.illumination)
            terms = self._unrendered_terms(parameters, landmarks, batch, progress)
            return {**terms, **self.reconstruction.colour(self.focus.face_renderer(coloured), batch)}
        share = self._pixel_share(step)
        seen = parameters.with_changes(identity=with_gradient_share(parameters.identity, share))
        rendering = self.focus.face_renderer(seen)
        landmarks = rendering.landmarks
        if share < 1:
            landmarks = self.focus.face_renderer.geometry(parameters).landmarks
        terms = self._unrendered_terms(parameters, landmarks, batch, progress)
        if phase is Phase.INITIALISE and self.config.mask in ("segmentation", "preliminary"):
            threshold = self.reconstruction.threshold(*self.schedule.phase_steps(step))
            return {**terms, **self.reconstruction.initialise(rendering, batch, threshold)}
        mask = training_mask(self.config, self.focus, rendering, batch)
        return {**terms, **self.reconstruction.reconstruct(rendering, batch, mask)}

    def _unrendered_terms(
        self, parameters: FaceParameters, landmarks: Tensor, batch: dict[str, Any], progress: float
    ) -> Terms:
        """Return the terms of an encoder step that need no picture: landmarks, prior, and the truth where it stays."""
        terms = self.reconstruction.prior(parameters, landmarks, batch, progress)
        if self.supervised is None or not self.config.supervision.throughout:
            return terms
        true = self.supervised(parameters, landmarks, batch)
        return {**terms, **{f"true_{name}": value for name, value in true.items()}}

    def _segmentation_terms(self, phase: Phase, batch: dict[str, Any]) -> Terms:
        with torch.no_grad():
            rendering = self.focus.face_renderer(self.focus.encoder(batch["image"]))
        network = self.focus.segmentation
        logits = network(rendering.image.clamp(0, 1), batch["image"])
        if self.config.segmentation_labels == "truth":
            truth = true_mask(batch, "model.segmentation_labels=truth")
            return self.segmentation.supervise(logits, network.slope, rendering, truth)
        if phase is Phase.PRETRAIN:
            return self.segmentation.pretrain(logits, network.slope, rendering, batch)
        mask = torch.sigmoid(network.slope * logits) * rendering.mask
        return self.segmentation.segment(mask, rendering, batch)

    def _pixel_share(self, step: int) -> float:
        """Return how much of their gradient pixels send to the identity in this step."""
        done, _ = self.schedule.network_steps(step, Network.RECONSTRUCTION)
        free = done < self.schedule.warm_start_steps + self.config.loss.identity_free_steps
        return 0.0 if free else self.config.loss.identity_pixel_gradient
