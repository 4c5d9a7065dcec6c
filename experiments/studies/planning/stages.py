"""Where the stages of a FOCUS training end, in steps: where other runs can begin, and what is worth keeping."""

from __future__ import annotations

from typing import Any

from experiments.studies.planning.specification import Stage
from lightning_modules.focus.schedule import FocusSchedule, Phase, Segment

_PRELIMINARY = (Phase.INITIALISE, Phase.PRETRAIN)
_ALTERNATING = (Phase.SEGMENT, Phase.RECONSTRUCT)


def stage_end(model: Any, stage: Stage) -> int:
    """Return the step at which a stage of a ``FocusConfig`` is over.

    ``landmarks`` is everything before the first pixel enters a loss, ``pretraining`` everything before the EM
    alternation.
    """
    later = (*_PRELIMINARY, *_ALTERNATING) if stage == "landmarks" else _ALTERNATING
    segments = _segments(model)
    return next((segment.start for segment in segments if segment.phase in later), segments[-1].end)


def round_ends(model: Any) -> list[int]:
    """Return the step after each turn of the segmentation network, its pre-training included.

    There the mask has caught up with the encoder, so a render and its mask belong together.
    """
    networks = (Phase.PRETRAIN, Phase.SEGMENT)
    return [segment.end for segment in _segments(model) if segment.phase in networks]


def _segments(model: Any) -> list[Segment]:
    return FocusSchedule(**vars(model.schedule)).segments
