from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.synthetic.sheet import contact_sheet
from seethrough.errors import SeethroughError
from seethrough.morphable.archive import write_face_model
from tests.small_face import small_face_model
from tools.synthetic_faces import main


@pytest.mark.parametrize(("kind", "tiles"), [("scenes", (1, 8)), ("families", (7, 8)), ("twins", (1, 8))])
def test_preview_draws_a_sheet(tmp_path: Path, kind: str, tiles: tuple[int, int]) -> None:
    write_face_model(small_face_model(17), tmp_path / "small.npz")
    sheet = tmp_path / "new" / "sheet.png"
    arguments = ["preview", "--out", str(sheet), "--kind", kind, "--count", "4", "--size", "32"]
    assert main([*arguments, "--model", str(tmp_path / "small.npz")]) == 0
    pixels = np.asarray(Image.open(sheet))
    assert pixels.shape == (tiles[0] * 64, tiles[1] * 32, 3)
    assert pixels.std() > 20


def test_mistakes_are_told() -> None:
    with pytest.raises(SeethroughError, match="--count 0"):
        main(["preview", "--count", "0"])


def test_a_sheet_fills_its_rows() -> None:
    tiles = [np.full((2, 3, 3), value, np.uint8) for value in (10, 20, 30)]
    sheet = contact_sheet(tiles, 2)
    assert sheet.shape == (4, 6, 3)
    assert sheet[2:, 3:].max() == 0
    assert sheet[0, 3, 0] == 20
