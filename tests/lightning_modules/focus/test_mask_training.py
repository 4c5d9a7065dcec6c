"""Scores of masks that nothing has been learned for."""

from __future__ import annotations

from dataclasses import replace

from lightning_modules.focus.mask_training import mask_note
from lightning_modules.focus.phases import Phase


def test_an_untrained_segmentation_network_is_told(focus_config) -> None:
    schedule = focus_config.training_schedule()
    start = next(part.start for part in schedule.segments if part.phase is Phase.PRETRAIN)
    assert "untrained (0 of " in mask_note(focus_config, schedule, 0)
    assert "untrained (0 of " in mask_note(focus_config, schedule, start)
    assert "pre-trained only (1 of " in mask_note(focus_config, schedule, start + 1)
    assert mask_note(focus_config, schedule, schedule.end_step) == ""


def test_without_a_segmentation_network_nothing_is_told(focus_config) -> None:
    config = replace(focus_config, mask="none")
    assert not config.has_segmentation
    assert mask_note(config, config.training_schedule(), 0) == ""
