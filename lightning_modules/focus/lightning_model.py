"""EM training of FOCUS on Lightning's manual optimisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.evaluation import FocusEvaluation
from lightning_modules.focus.objectives import ReconstructionObjective, SegmentationObjective, Terms
from lightning_modules.focus.optimisation import build_optimiser, learning_rate
from lightning_modules.focus.schedule import FocusSchedule, Network, Phase
from lightning_modules.focus.supervision import SupervisedObjective
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from seethrough.errors import SeethroughError
from seethrough.networks.perceptual import load_perceptual_net
from seethrough.rendering import FaceRendering

METHOD = "focus"


class FocusModule(pl.LightningModule):
    """Train :class:`Focus` stage by stage (FOCUS Sec. 3.2-3.3).

    ``em_step`` counts training steps; which network a step trains depends on it alone, so all processes agree and a
    resumed run goes on where it stopped. One step trains one network; the other one runs in eval mode without a graph.

    Attributes:
        schedule: stage lengths; without segmentation steps where the configured mask needs no network.
        em_step: number of training steps done.
    """

    def __init__(self, config: FocusConfig) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.config = config
        self.save_hyperparameters({"method": METHOD, "config": asdict(config)})
        schedule = FocusSchedule(**asdict(config.schedule))
        self.schedule = schedule if config.mask == "segmentation" else schedule.without_segmentation()
        self.focus = Focus(config)
        # Held here so that it moves to the device with the module; it adds nothing to the state.
        self.perceptual = load_perceptual_net(config.perceptual)
        self.reconstruction = ReconstructionObjective(config.loss, config.image_size, self.perceptual)
        self.segmentation = SegmentationObjective(config.loss, self.perceptual)
        self.supervised = SupervisedObjective(config, self.focus) if config.schedule.supervised_steps else None
        has_network = config.mask == "segmentation"
        self.evaluation = FocusEvaluation(self.focus, config.face_model.source, config.loss.threshold, has_network)
        self.em_step = 0

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Return the encoder's and the segmentation network's optimiser."""
        return [
            build_optimiser(self.focus.encoder.parameters(), self.config.encoder_optimiser),
            build_optimiser(self.focus.segmentation.parameters(), self.config.segmentation_optimiser),
        ]

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Take one step of the phase that ``em_step`` lies in; nothing happens past the end of the schedule."""
        if self.em_step >= self.schedule.total_steps:
            self.trainer.should_stop = True
            return
        phase = self.schedule.phase(self.em_step)
        optimiser = self._optimiser(phase.network)
        with self.toggled_optimizer(optimiser), self._only_training(phase.network):
            terms = self._terms(phase, batch)
            loss = torch.stack(list(terms.values())).sum()
            if not torch.isfinite(loss):
                raise self._not_finite(terms, batch)
            optimiser.zero_grad()
            self.manual_backward(loss)
            optimiser.step()
        self.em_step += 1
        if self.em_step >= self.schedule.total_steps:
            self.trainer.should_stop = True
        self.log("loss", loss.detach(), logger=False)
        self._log_terms(phase, terms)

    def _log_terms(self, phase: Phase, terms: Terms) -> None:
        """Write the terms of this step to the loggers.

        Not by ``self.log``: it would repeat the last value of every phase in all later rows of an epoch.
        """
        if self.em_step % self.trainer.log_every_n_steps == 0 or self.trainer.should_stop:
            row = {f"{phase}/{name}": float(value.detach()) for name, value in terms.items()}
            for logger in self.loggers:
                logger.log_metrics({**row, "step": float(self.em_step)}, step=self.em_step)

    def _terms(self, phase: Phase, batch: dict[str, Any]) -> Terms:
        if phase.network is Network.SEGMENTATION:
            return self._segmentation_terms(phase, batch)
        progress = self.em_step / self.schedule.total_steps
        parameters = self.focus.encoder(batch["image"])
        if phase is Phase.SUPERVISE:
            assert self.supervised is not None  # the schedule that has such steps is the one it was built for
            return self.supervised(parameters, self.focus.face_renderer.geometry(parameters).landmarks, batch)
        if phase is Phase.LANDMARKS:
            landmarks = self.focus.face_renderer.geometry(parameters).landmarks
            return self.reconstruction.prior(parameters, landmarks, batch, progress)
        rendering = self.focus.face_renderer(self._pixel_parameters(parameters))
        landmarks = rendering.landmarks
        if self._identity_is_free_of_pixels():
            landmarks = self.focus.face_renderer.geometry(parameters).landmarks
        terms = self.reconstruction.prior(parameters, landmarks, batch, progress)
        if phase is Phase.INITIALISE and self.config.mask == "segmentation":
            threshold = self.reconstruction.threshold(self.schedule.phase_progress(self.em_step))
            return {**terms, **self.reconstruction.initialise(rendering, batch, threshold)}
        mask = self._mask(rendering, batch)
        return {**terms, **self.reconstruction.reconstruct(rendering, batch, mask)}

    def _segmentation_terms(self, phase: Phase, batch: dict[str, Any]) -> Terms:
        with torch.no_grad():
            rendering = self.focus.face_renderer(self.focus.encoder(batch["image"]))
        network = self.focus.segmentation
        logits = network(rendering.image.clamp(0, 1), batch["image"])
        if phase is Phase.PRETRAIN:
            return self.segmentation.pretrain(logits, network.slope, rendering, batch)
        mask = torch.sigmoid(network.slope * logits) * rendering.mask
        return self.segmentation.segment(mask, rendering, batch)

    def _mask(self, rendering: FaceRendering, batch: dict[str, Any]) -> Tensor:
        """Return the mask that the encoder's pixel loss sees, inside the rendered face."""
        if self.config.mask == "none":
            return rendering.mask
        if self.config.mask == "truth":
            if "mask" not in batch:
                raise SeethroughError("model.mask=truth needs true masks: use synthetic data, or another mask")
            return rendering.mask * batch["mask"]
        with torch.set_grad_enabled(self.config.loss.mask_gradient):
            return self.focus.visible_face(rendering, batch["image"])

    def _identity_is_free_of_pixels(self) -> bool:
        done, _ = self.schedule.network_steps(self.em_step, Network.RECONSTRUCTION)
        return done < self.schedule.warm_start_steps + self.config.loss.identity_free_steps

    def _pixel_parameters(self, parameters):
        if self._identity_is_free_of_pixels():
            return parameters.with_changes(identity=parameters.identity.detach())
        return parameters

    @contextmanager
    def _only_training(self, network: Network) -> Iterator[None]:
        """Put the other network into eval mode: toggling gradients alone would still move its BatchNorm statistics."""
        self._network(Network.RECONSTRUCTION).train(network is Network.RECONSTRUCTION)
        self._network(Network.SEGMENTATION).train(network is Network.SEGMENTATION)
        yield

    def _network(self, network: Network) -> nn.Module:
        return self.focus.encoder if network is Network.RECONSTRUCTION else self.focus.segmentation

    def _optimiser(self, network: Network):
        """Return the optimiser of ``network`` with the learning rate of this step."""
        index = 0 if network is Network.RECONSTRUCTION else 1
        config = self.config.encoder_optimiser if index == 0 else self.config.segmentation_optimiser
        optimiser = self.optimizers()[index]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(config, self.schedule, network, self.em_step)
        return optimiser

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip here, where gradients are already unscaled under fp16."""
        network = self.schedule.phase(self.em_step).network
        config = (
            self.config.encoder_optimiser if network is Network.RECONSTRUCTION else self.config.segmentation_optimiser
        )
        if config.clip_norm is not None:
            nn.utils.clip_grad_norm_(self._network(network).parameters(), config.clip_norm)

    def _not_finite(self, terms: Terms, batch: dict[str, Any]) -> SeethroughError:
        bad = [name for name, value in terms.items() if not torch.isfinite(value)]
        ids = ", ".join(map(str, list(batch["id"])[:8]))
        return SeethroughError(
            f"loss term '{bad[0] if bad else 'sum'}' is not finite at step {self.em_step} (samples {ids}, ...): "
            "lower the learning rate or look at these samples; the last checkpoint is intact"
        )

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Collect the rows of the evaluation table."""
        self.evaluation.update(batch)

    def on_validation_epoch_end(self) -> None:
        """Log the headline numbers."""
        if not self.trainer.sanity_checking:
            scores = {f"validation/{key}": value for key, value in self.evaluation.headline().items()}
            self.log_dict({**scores, "step": float(self.em_step)})
        self.evaluation.reset()

    test_step = validation_step

    def forward(self, image: Tensor) -> FocusPrediction:
        """Reconstruct a batch of crops."""
        return self.focus(image)

    @torch.no_grad()
    def pictures(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return (B, 3, H, 4 W) strips in [0, 1]: target, render over the target, render, mask of the visible face."""
        image = batch["image"]
        prediction = self.focus.predict(image)
        rendering = prediction.rendering
        drawn = rendering.image.clamp(0, 1)
        over = torch.where(rendering.mask > 0, drawn, image)
        mask = prediction.mask if self.config.mask == "segmentation" else rendering.mask
        return {"reconstruction": torch.cat([image, over, drawn, mask.expand_as(image)], dim=3)}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the step counter."""
        checkpoint["em_step"] = self.em_step

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the step counter up again."""
        self.em_step = int(checkpoint["em_step"])
