"""The report on longer turns of the segmentation network, from rows that were made up."""

from __future__ import annotations

import re

from tests.experiments.studies.test_reports import line, written


def test_turns_are_told_by_their_steps_and_gains_by_what_they_are_over(tmp_path):
    text = written("em_schedule", tmp_path)
    turns = re.findall(r"^\| (.*): (\d+) steps \|", text, flags=re.MULTILINE)
    assert [int(steps) for row, steps in turns if row == "FOCUS"] == [0, 60, 120, 200]
    four = "four times the segmentation steps"
    assert [int(steps) for row, steps in turns if row == four] == [0, 240, 480, 800]
    over_focus = line(text, f"{four}, over FOCUS")
    occluded = over_focus[-2]
    assert occluded.startswith("+0.03") and occluded.endswith("(2/2)")
    assert len(line(text, "FOCUS, over everything is face")) == len(over_focus)
