from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seethrough.details.depth_encoding import STEP_MM, read_depth, write_depth, write_normals
from seethrough.errors import SeethroughError


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(540.2, 610.9, STEP_MM), (900.0, 1900.0, 1000 / 65534), (900.9, 1900.0, 1000 / 65534), (540.9, 796.5, STEP_MM)],
)
def test_depth_comes_back_within_half_a_step(tmp_path: Path, low: float, high: float, step: float) -> None:
    depth = np.random.default_rng(0).uniform(low, high, (9, 13))
    depth[0, 0], depth[1, 1] = low, high
    mask = np.ones((9, 13))
    mask[:, -3:] = 0
    path = write_depth(tmp_path / "new" / "depth.png", np.where(mask, depth, np.nan), mask)
    found, inside = read_depth(path)
    assert np.array_equal(inside, mask > 0)
    assert np.abs(found - depth)[inside].max() <= 0.51 * step + 1e-4  # float32 of 1900 mm
    assert (found[~inside] == 0).all()
    with Image.open(path) as picture:
        assert np.asarray(picture).dtype == np.uint16


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="finite"):
        write_depth(tmp_path / "depth.png", np.full((2, 2), np.nan), np.ones((2, 2)))
    with pytest.raises(SeethroughError, match="end the name with"):
        write_depth(tmp_path / "depth.jpg", np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(SeethroughError, match="no such depth map"):
        read_depth(tmp_path / "absent.png")
    Image.fromarray(np.zeros((2, 2), dtype=np.uint16)).save(tmp_path / "plain.png")
    with pytest.raises(SeethroughError, match="no depth map with depth_offset_mm"):
        read_depth(tmp_path / "plain.png")
    (tmp_path / "text.png").write_text("depth")
    with pytest.raises(SeethroughError, match="no depth map"):
        read_depth(tmp_path / "text.png")


def test_normals_have_the_usual_colours(tmp_path: Path) -> None:
    towards, right, up = (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0)
    mask = np.array([[1, 1, 1, 0]])
    path = write_normals(tmp_path / "normals.png", np.array([[towards, right, up, towards]]), mask)
    expected = [[128, 128, 255], [255, 128, 128], [128, 255, 128], [0, 0, 0]]
    assert np.asarray(Image.open(path))[0].tolist() == expected
