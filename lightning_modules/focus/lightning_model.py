"""EM training of FOCUS on Lightning's manual optimisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lightning_modules.finite_losses import FiniteLosses
from lightning_modules.focus.augmentation import augment
from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.evaluation import FocusEvaluation
from lightning_modules.focus.mask_columns import own_mask
from lightning_modules.focus.model_signature import model_signature, refuse_other_model
from lightning_modules.focus.objectives import Terms
from lightning_modules.focus.optimisation import build_optimiser, learning_rate
from lightning_modules.focus.phases import Network, Phase
from lightning_modules.focus.step_terms import StepTerms
from lightning_modules.focus.supervision import SupervisedObjective
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from lightning_modules.focus.training_mask import training_mask
from lightning_modules.focus.validation import ValidationScores
from lightning_modules.step_key import Draw, run_seed, seed_generators, step_key
from seethrough.networks.perceptual import load_perceptual_net

METHOD = "focus"


class FocusModule(pl.LightningModule):
    """Train :class:`Focus` stage by stage (FOCUS Sec. 3.2-3.3).

    ``em_step`` counts training steps; which network a step trains depends on it alone, so all processes agree and a
    resumed run goes on where it stopped. One step trains one network; the other one runs in eval mode without a graph.

    Attributes:
        schedule: stage lengths; without segmentation steps where the settings need no network.
        em_step: number of training steps done.
    """

    def __init__(self, config: FocusConfig) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.config = config
        self.save_hyperparameters({"method": METHOD, "config": asdict(config)})
        self.schedule = config.training_schedule()
        self.focus = Focus(config)
        # Held here so that it moves to the device with the module; it adds nothing to the state.
        self.perceptual = load_perceptual_net(config.perceptual)
        self.supervised = SupervisedObjective(config, self.focus) if config.is_supervised else None
        self.step_terms = StepTerms(config, self.focus, self.schedule, self.perceptual, self.supervised)
        mask = own_mask(config.mask, config.has_segmentation)
        self.evaluation = FocusEvaluation(self.focus, config.face_model.source, config.loss.threshold, mask)
        self.validation = ValidationScores(self.focus, config.face_model.source, config.loss.threshold, mask)
        self.losses = FiniteLosses()
        # Every process reads the same face model; DDP would send its bases around at every step. It asks for this name.
        kept = self.state_dict().keys()
        self._ddp_params_and_buffers_to_ignore = [name for name, _ in self.named_buffers() if name not in kept]
        self.em_step = 0

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Return the encoder's and the segmentation network's optimiser."""
        fused = self.trainer.precision != "16-mixed"
        return [
            build_optimiser(self.focus.encoder.parameters(), self.config.encoder_optimiser, fused),
            build_optimiser(self.focus.segmentation.parameters(), self.config.segmentation_optimiser, fused),
        ]

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Take one step of the phase that ``em_step`` lies in; nothing happens past the end of the last stage.

        Random numbers of a step depend on (seed, step, process) alone: a resumed run draws what it would have drawn.
        """
        if self.em_step >= self.schedule.end_step:
            self.trainer.should_stop = True
            return
        seed, rank = run_seed(), self.global_rank
        if self.em_step >= self.schedule.warm_start_steps:  # the warm starts are those of every other row
            batch = augment(self.config.augmentation, batch, step_key(seed, self.em_step, rank, Draw.AUGMENTATION))
        seed_generators(step_key(seed, self.em_step, rank, Draw.NETWORKS), self.device)
        phase = self.schedule.phase(self.em_step)
        optimiser = self._optimiser(phase.network)
        with self.toggled_optimizer(optimiser), self._only_training(phase.network):
            terms = self._terms(phase, batch)
            loss = torch.stack(list(terms.values())).sum()
            optimiser.zero_grad()
            self.manual_backward(loss)
            self.losses.add(self.em_step, terms, batch["id"])
            # Looking at a number makes a GPU wait for it; on the CPU it costs nothing.
            if self.device.type == "cpu" or self.em_step % self.trainer.log_every_n_steps == 0:
                self.losses.check()
            optimiser.step()
        self.em_step += 1
        if self.em_step >= self.schedule.end_step:
            self.losses.check()
            self.trainer.should_stop = True
        self._log_terms(phase, terms)

    def _log_terms(self, phase: Phase, terms: Terms) -> None:
        """Write the terms of this step to the loggers, and their sum to the progress bar, every few steps.

        Not by ``self.log``: it would repeat the last value of every phase in all later rows of an epoch, and it costs a
        small network a tenth of its step.
        """
        if self.em_step % self.trainer.log_every_n_steps == 0 or self.trainer.should_stop:
            values = torch.stack([value.detach() for value in terms.values()]).tolist()  # one wait for the device
            row = {f"{phase}/{name}": value for name, value in zip(terms, values, strict=True)}
            self.log("loss", sum(values), logger=False)
            for logger in self.loggers:
                logger.log_metrics({**row, "step": float(self.em_step)}, step=self.em_step)

    def _terms(self, phase: Phase, batch: dict[str, Any]) -> Terms:
        return self.step_terms(phase, self.em_step, batch)

    @contextmanager
    def _only_training(self, network: Network) -> Iterator[None]:
        """Put the other network into eval mode: toggling gradients alone would still move its BatchNorm statistics."""
        for each in Network:
            if self._network(each).training != (each is network):  # it visits every layer
                self._network(each).train(each is network)
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

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Score a batch for the curves."""
        self.validation.update(batch)

    def on_validation_epoch_end(self) -> None:
        """Log the scores of the images of all processes."""
        if not self.trainer.sanity_checking:
            scores = {f"validation/{key}": value for key, value in self.validation.compute().items()}
            self.log_dict({**scores, "step": float(self.em_step)})
        self.validation.reset()

    def test_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Collect the rows of the evaluation table."""
        self.evaluation.update(batch)

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
        mask = self.shown_mask(prediction, batch)
        return {"reconstruction": torch.cat([image, over, drawn, mask.expand_as(image)], dim=3)}

    def shown_mask(self, prediction: FocusPrediction, batch: dict[str, Any]) -> Tensor:
        """Return the (B, 1, H, W) mask of the segmentation network, or what stands in for it in training.

        All of the rendered face, where that would be the true mask of photos that have none.
        """
        if self.config.has_segmentation:
            return prediction.mask
        if self.config.mask == "truth" and "mask" not in batch:
            return prediction.rendering.mask
        return training_mask(self.config, self.focus, prediction.rendering, batch)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the step counter and which face model it is; a state that a bad loss may have spoilt is not kept."""
        self.losses.check_saved(self.focus, self.em_step)
        checkpoint["em_step"] = self.em_step
        checkpoint["face_model_signature"] = model_signature(self.focus.face_renderer.model)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the step counter up again; raises ``SeethroughError`` for weights that mean another model's faces."""
        signature, model = checkpoint.get("face_model_signature"), self.focus.face_renderer.model
        refuse_other_model(signature, model, self.config.face_model.source, "the checkpoint to go on from")
        self.em_step = int(checkpoint["em_step"])
