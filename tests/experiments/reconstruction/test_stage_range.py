from __future__ import annotations

import pytest

from experiments.reconstruction.stage_range import StageRange
from seethrough.errors import SeethroughError


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [(None, "face", "pictures"), ("..bump", "face", "bump"), ("fill..", "fill", "pictures"), 
     ("stitch", "stitch", "stitch"), ("bump..symmetry", "bump", "symmetry")],
)  # fmt: skip
def test_ranges_of_stages(text: str | None, first: str, last: str) -> None:
    stages = StageRange.parsed(text)
    assert (stages.first, stages.last) == (first, last)
    assert stages.reuses("face") == (first != "face") and not stages.reuses("texture")
    assert stages.reaches(last) and stages.writes(last)


def test_no_range_of_stages() -> None:
    with pytest.raises(SeethroughError, match=r"no stage 'paint'; name one, FIRST\.\.LAST"):
        StageRange.parsed("paint..")
    with pytest.raises(SeethroughError, match="bump comes before fill"):
        StageRange.parsed("fill..bump")
