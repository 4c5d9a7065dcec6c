"""The committed checkpoint on a generated tree, from the raw files to the numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.evaluate import main
from tests.datamodules.celeba_hq.trees import whole_tree
from tools.celeba_subsets import main as write_subsets

pytestmark = pytest.mark.slow


def test_evaluation_prepares_and_reports_the_subsets(tmp_path: Path) -> None:
    tree = whole_tree(tmp_path)
    assert write_subsets([str(tree.root)]) == 0
    data = [
        "data/celeba_hq",
        f"data.root={tree.root}",
        f"data.landmarks={tree.landmarks()}",
        f"data.prepared={tmp_path / 'prepared'}",
        "data.workers=0",
    ]
    numbers = tmp_path / "numbers.json"
    assert main(["default", *data, "--json", str(numbers)]) == 0
    found = json.loads(numbers.read_text())
    assert {name: found[name]["images"] for name in ("overall", "occluded", "unoccluded")} == {
        "overall": 3,
        "occluded": 2,
        "unoccluded": 1,
    }
    # Calling everything face misses nothing, and is right as far as nothing stands before the face.
    assert found["overall"]["mask_tpr_all_face"] == pytest.approx(1)
    assert found["unoccluded"]["mask_ppv_all_face"] > found["occluded"]["mask_ppv_all_face"] + 0.1
    assert 0 <= found["overall"]["mask_f1"] <= 1 and found["overall"]["image_rmse"] > 0
    # Once more from the prepared folder alone, and one subset of it.
    assert main(["default", "data/celeba_hq", *data[3:], "data.subset=occluded", "--json", str(numbers)]) == 0
    again = json.loads(numbers.read_text())
    assert again["overall"]["images"] == 2
    assert again["overall"]["mask_f1"] == pytest.approx(found["occluded"]["mask_f1"], abs=1e-4)
