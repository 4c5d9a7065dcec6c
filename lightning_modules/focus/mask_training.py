"""Whether a segmentation network has been trained, for those who score its masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightning_modules.focus.phases import Network, Phase

if TYPE_CHECKING:
    from lightning_modules.focus.config import FocusConfig
    from lightning_modules.focus.schedule import FocusSchedule


def mask_note(config: FocusConfig, schedule: FocusSchedule, step: int) -> str:
    """Return one line on a segmentation network that is not, or only pre-trained; empty for all others.

    Args:
        config: of the method.
        schedule: of the training.
        step: training steps done.
    """
    if not config.has_segmentation:
        return ""
    done, planned = schedule.network_steps(step, Network.SEGMENTATION)
    if not done:
        return (
            f"warning: the segmentation network is untrained (0 of {planned:,} steps after {step:,} of "
            f"{schedule.end_step:,}): its masks, and what is measured within them, mean nothing"
        )
    segments = [part for part in schedule.segments if part.phase is Phase.SEGMENT]
    if segments and step <= segments[0].start:
        return (
            f"warning: the segmentation network is pre-trained only ({done:,} of {planned:,} steps, none of the EM "
            "stage): its masks are preliminary"
        )
    return ""
