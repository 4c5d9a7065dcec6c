"""EM training of FOCUS on Lightning's manual optimisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import ParallelStrategy
from torch import Tensor, nn

from lightning_modules.finite_losses import FiniteLosses, gradient_norm, guilty_term
from lightning_modules.focus.augmentation import augment
from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.evaluation import FocusEvaluation
from lightning_modules.focus.mask_columns import own_mask
from lightning_modules.focus.model_signature import model_signature, refuse_other_model
from lightning_modules.focus.objectives import Terms
from lightning_modules.focus.optimisation import build_optimiser, learning_rate
from lightning_modules.focus.phases import Network, Phase
from lightning_modules.focus.pictures import ShowsFaces
from lightning_modules.focus.step_terms import StepTerms
from lightning_modules.focus.supervision import SupervisedObjective
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from lightning_modules.focus.validation import ValidationScores
from lightning_modules.shared_statistics import share_statistics
from lightning_modules.step_key import Draw, run_seed, seed_generators, step_key
from lightning_modules.step_rows import log_step
from seethrough.losses.reduction import areas_of_all_processes
from seethrough.networks.perceptual import load_perceptual_net

METHOD = "focus"


class FocusModule(ShowsFaces, pl.LightningModule):
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
        self._part = 0  # batches that the step under way has seen
        self._sums: Terms = {}
        self._again: Callable[[], Terms] = dict

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
        seed, step, rank, part = run_seed(), self.em_step, self.global_rank, self._part
        if step >= self.schedule.warm_start_steps:  # the warm starts are those of every other row
            batch = augment(self.config.augmentation, batch, step_key(seed, step, rank, Draw.AUGMENTATION, part))
        key = step_key(seed, step, rank, Draw.NETWORKS, part)
        phase, parts = self.schedule.phase(step), self.config.accumulate_batches
        whole = part + 1 == parts
        optimiser = self._optimiser(phase.network)
        with self.toggled_optimizer(optimiser), self._only_training(phase.network), self._gathering(whole):
            seed_generators(key, self.device)
            with areas_of_all_processes(self.trainer.world_size):
                terms = self._terms(phase, batch)
            if part == 0:
                optimiser.zero_grad()
                self._sums = {}
            self.manual_backward(torch.stack(list(terms.values())).sum() / parts)
            self.losses.add(step, terms, batch["id"])
            self._sums = {name: self._sums.get(name, 0) + term.detach() / parts for name, term in terms.items()}
            self._part = 0 if whole else part + 1
            if not whole:
                return
            self._again = lambda: (seed_generators(key, self.device), self._terms(phase, batch))[1]
            optimiser.step()
        self.em_step += 1
        last = self.em_step >= self.schedule.end_step
        if last:
            self.losses.check()
            self.trainer.should_stop = True
        log_step(self, {f"{phase}/{name}": value for name, value in self._sums.items()}, self.em_step, last)

    def _terms(self, phase: Phase, batch: dict[str, Any]) -> Terms:
        return self.step_terms(phase, self.em_step, batch)

    def _gathering(self, whole: bool) -> AbstractContextManager[None]:
        """Keep gradients to this process while more batches of a step are to come."""
        strategy = self.trainer.strategy
        return nullcontext() if whole or not isinstance(strategy, ParallelStrategy) else strategy.block_backward_sync()

    def on_validation_model_zero_grad(self) -> None:
        """Keep the gradients of a step that a validation falls into."""
        if self._part == 0:
            super().on_validation_model_zero_grad()

    @contextmanager
    def _only_training(self, network: Network) -> Iterator[None]:
        """Put the other network into eval mode: toggling gradients alone would still move its BatchNorm statistics."""
        for each in Network:
            if self._network(each).training != (each is network):  # it visits every layer
                self._network(each).train(each is network)
                share_statistics(self._network(each))
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
        """Clip here, where gradients are unscaled under fp16; stop where a loss or gradient is not finite."""
        network = self.schedule.phase(self.em_step).network
        reconstruction = network is Network.RECONSTRUCTION
        config = self.config.encoder_optimiser if reconstruction else self.config.segmentation_optimiser
        norm = gradient_norm(self._network(network), config.clip_norm)
        if self.trainer.precision != "16-mixed":  # whose scaler expects such gradients, and skips their steps
            self.losses.add_gradient(norm)
        # Looking at a number makes a GPU wait for it; on the CPU it costs nothing.
        if self.device.type == "cpu" or self.em_step % self.trainer.log_every_n_steps == 0:
            self.losses.check(lambda: guilty_term(self._again(), self._network(network)))

    def on_validation_start(self) -> None:
        """Have all processes score the same networks."""
        share_statistics(self.focus)

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
