"""A progress bar over the whole schedule, with the stage that is under way."""

from __future__ import annotations

import pytorch_lightning as pl

from lightning_modules.focus.phases import Phase
from lightning_modules.step_progress import StepProgress

STAGE_NAMES = {
    Phase.SUPERVISE: "supervision",
    Phase.LANDMARKS: "landmarks",
    Phase.COLOUR: "colours",
    Phase.INITIALISE: "initialisation",
    Phase.PRETRAIN: "segmentation pre-training",
    Phase.SEGMENT: "EM: segmentation",
    Phase.RECONSTRUCT: "EM: reconstruction",
}


class StageProgress(StepProgress):
    """Show the stage of a FOCUS training as well."""

    def doing(self, module: pl.LightningModule, step: int) -> str:
        """Return the name of the stage that a step lies in."""
        return STAGE_NAMES[module.schedule.phase(step)]  # pyright: ignore
