"""Where a training and the stages of FOCUS end, in steps: where other runs can begin, and what is worth keeping."""

from __future__ import annotations

from lightning_modules.bump.config import BumpConfig
from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.phases import Phase

_SEGMENTATION = (Phase.PRETRAIN, Phase.SEGMENT)


def end_step(model: FocusConfig | BumpConfig) -> int:
    """Return the step at which a training is over."""
    return model.end_step if isinstance(model, BumpConfig) else model.training_schedule().end_step


def round_ends(model: FocusConfig) -> list[int]:
    """Return the step after each turn of the segmentation network, its pre-training included.

    There the mask has caught up with the encoder, so a render and its mask belong together.
    """
    segments = model.training_schedule().segments
    return [segment.end for segment in segments if segment.phase in _SEGMENTATION and segment.end <= end_step(model)]


def segmentation_steps(model: FocusConfig, step: int) -> int:
    """Return how many steps of the EM stage have trained the segmentation network before ``step``."""
    segments = model.training_schedule().segments
    return sum(min(step, s.end) - s.start for s in segments if s.phase is Phase.SEGMENT and s.start < step)
