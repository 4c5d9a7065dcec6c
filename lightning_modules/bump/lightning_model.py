"""Training of the bump translator."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lightning_modules.bump.augmentation import augment
from lightning_modules.bump.config import BumpConfig, TranslatorConfig
from lightning_modules.bump.evaluation import BumpEvaluation, pixel_millimetres
from lightning_modules.bump.objective import BumpObjective
from lightning_modules.bump.training_view import KEY, RELEASED_VIEW, TrainingView, view_of
from lightning_modules.bump.validation import ValidationScores
from lightning_modules.counted_training import CountedTraining
from lightning_modules.step_key import Draw, run_seed, step_key
from seethrough.details.bump_pictures import heat_map, relief
from seethrough.details.luminance_bump import LuminanceBump
from seethrough.errors import SeethroughError
from seethrough.networks.bump_release import load_release_translator
from seethrough.networks.bump_translator import BumpTranslator, Translation
from seethrough.networks.sized_translator import SizedTranslator

METHOD = "bump"


class BumpModule(CountedTraining):
    """Train :class:`~seethrough.networks.bump_translator.BumpTranslator` on images with known bump maps (Sec. 4.1).

    A batch has ``image``, ``bump`` in mm, ``mask`` and ``id``. Steps are those of the optimiser.

    Attributes:
        translator: the network.
        luminance: a baseline, fitted on the first images of process 0.
        view: crop and size of the training images; None before the first of them.
    """

    def __init__(self, config: BumpConfig) -> None:
        super().__init__(config.optimiser, config.schedule)
        self.config = config
        self.save_hyperparameters({"method": METHOD, "config": asdict(config)})
        self.translator = build_translator(config.translator)
        self.luminance = LuminanceBump()
        self.objective = BumpObjective(config.loss)
        # The module itself, not its network: it knows the size at which the network is to be asked.
        self.evaluation = BumpEvaluation(self, self.luminance)
        self.validation = ValidationScores(self.translator)
        self.view: TrainingView | None = None

    def trained(self) -> nn.Module:
        """Return the network; the baseline is fitted otherwise."""
        return self.translator

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor | None:
        """Return the loss of a batch; nothing happens past the end."""
        if self.global_step >= self.total_steps:
            self.trainer.should_stop = True
            return None
        for name in ("bump", "mask"):
            if name not in batch:
                raise SeethroughError(f"the data have no '{name}': train on data with bump maps, such as data/detail")
        self.look(batch["image"], getattr(getattr(self.trainer, "datamodule", None), "bump_along", RELEASED_VIEW.along))
        if self.luminance.images < self.config.baseline_images:
            self.luminance.add(batch["image"], batch["bump"], batch["mask"])
        key = step_key(run_seed(), self.global_step, self.global_rank, Draw.AUGMENTATION, self.part_of_step())
        batch = augment(self.config.augmentation, batch, key)
        return self.loss_of(lambda: self.objective(self.translator.translate(batch["image"]), batch), batch["id"])

    def validation_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Score a batch for the curves."""
        self.validation.update(batch)

    def on_validation_epoch_end(self) -> None:
        """Log the scores of the images of all processes."""
        if not self.trainer.sanity_checking:
            scores = {f"validation/{key}": value for key, value in self.validation.compute().items()}
            self.log_dict({**scores, "step": float(self.global_step)})
        self.validation.reset()

    def test_step(self, batch: dict[str, Any], batch_idx: int) -> None:
        """Collect the rows of the evaluation table."""
        self.evaluation.update(batch)

    def forward(self, image: Tensor) -> Tensor:
        """Return the (B, 1, S, S) bump in mm of crops (B, 3, S, S) in [0, 1]."""
        return self.translate(image).bump

    def translate(self, image: Tensor) -> Translation:
        """Return bump and mask of crops (B, 3, S, S) in [0, 1], which the network sees at its training's size."""
        return (self.translator if self.view is None else self.sized()).translate(image)

    def sized(self) -> SizedTranslator:
        """Return the network with the size of its training images; raises ``ValueError`` before the first of them."""
        if self.view is None:
            raise ValueError("the module has seen no training image yet, so that it has no size")
        return SizedTranslator(self.translator, self.view.size)

    @torch.no_grad()
    def pictures(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return (B, 3, H, k W) strips in [0, 1].

        The image, the true heat map where it is known, the predicted one; then in relief shading the foundation, the
        surface with the predicted bump, and the one with the true bump.
        """
        image = batch["image"]
        translation = self.translate(image)
        mask = batch.get("mask")
        if mask is None:
            mask = torch.ones_like(image[:, :1]) if translation.mask is None else (translation.mask > 0.5).to(image)
        pixel, depth, bumps = pixel_millimetres(batch), batch.get("depth"), [translation.bump]
        if "bump" in batch:
            bumps.insert(0, batch["bump"])
        before = torch.zeros_like(translation.bump)
        heats = [heat_map(bump, mask) for bump in bumps]
        reliefs = [relief(bump, mask, pixel, depth) for bump in (before, *bumps[::-1])]
        return {"bump": torch.cat([image, *heats, *reliefs], dim=3)}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the view; do not keep a state that a bad loss may have spoilt."""
        self.losses.check_saved(self.translator, self.global_step)
        if self.view is not None:
            checkpoint[KEY] = self.view.as_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the view of the training so far."""
        self.view = view_of(checkpoint, Path("the checkpoint")) if KEY in checkpoint else None

    def look(self, image: Tensor, along: str = RELEASED_VIEW.along) -> None:
        """Note how training images (B, 3, S, S) show faces; raises ``SeethroughError`` where that changes."""
        height, width = image.shape[-2:]
        if self.view is not None and height == width == self.view.size:
            return
        if self.view is not None or height != width:
            before = "square ones" if self.view is None else f"{self.view.size} px, as the training so far"
            raise SeethroughError(f"the training images have {width} x {height} px: give {before} (data's image_size)")
        self.view = TrainingView(height, along=along)


def build_translator(config: TranslatorConfig) -> BumpTranslator:
    """Return the network of the settings; raises ``SeethroughError`` for released weights that cannot be read."""
    if config.weights is not None:
        return load_release_translator(config.weights).train()
    return BumpTranslator(
        config.width,
        config.depth,
        config.upsampling,
        config.mask_head,
        config.padding,
        maximum_width=config.maximum_width,
        normalisation=config.normalisation,
        small_output=config.small_output,
    )
