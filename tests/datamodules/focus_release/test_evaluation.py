"""The committed checkpoint on a generated folder of the release's layout, from the raw files to the numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.evaluate import main
from tests.datamodules.focus_release.trees import whole_tree


@pytest.mark.slow
def test_evaluation_prepares_and_reports(tmp_path: Path) -> None:
    root, numbers = whole_tree(tmp_path / "image_root"), tmp_path / "numbers.json"
    data = ["data/focus_release", f"data.root={root}", f"data.prepared={tmp_path / 'prepared'}", "data.workers=0"]
    assert main(["default", *data, "--json", str(numbers)]) == 0
    overall = json.loads(numbers.read_text())["overall"]
    assert overall["images"] == 2
    assert overall["mask_tpr_all_face"] == pytest.approx(1) and 0 <= overall["mask_f1"] <= 1
