"""A progress bar over the whole schedule, with the stage and the phase that are under way."""

from __future__ import annotations

import pytorch_lightning as pl

from lightning_modules.focus.phases import Phase
from lightning_modules.focus.schedule import FocusSchedule
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
    """Show the stage of a FOCUS training as well, and which EM cycle it is in."""

    def doing(self, module: pl.LightningModule, step: int) -> str:
        """Return the name of the stage and phase that a step lies in."""
        return stage_name(module.schedule, step)  # pyright: ignore


def stage_name(schedule: FocusSchedule, step: int) -> str:
    """Return what a step does, such as ``EM 2 of 3: segmentation``."""
    phase = schedule.phase(step)
    name = STAGE_NAMES[phase]
    if schedule.stage(step) != "em":
        return name
    same = [segment for segment in schedule.segments if segment.phase is phase]
    number = next(index for index, segment in enumerate(same, 1) if step < segment.end)
    return name.replace("EM:", f"EM {number} of {len(same)}:") if len(same) > 1 else name
