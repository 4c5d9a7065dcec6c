from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.synthetic.sheet import contact_sheet
from seethrough.errors import SeethroughError
from seethrough.morphable.archive import write_face_model
from tests.small_face import small_face_model
from tools.synocc.__main__ import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("model") / "small.npz"
    write_face_model(small_face_model(17), path)
    return ["--model", str(path), "--size", "32"]


def test_write_and_check(tmp_path: Path, model: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write = ["write", "--out", str(tmp_path), "--processes", "1", *model]
    assert main([*write, "--split", "out_of_distribution", "--count", "4"]) == 0
    assert main([*write, "--split", "verification", "--count", "8"]) == 0
    assert main(["check", str(tmp_path)]) == 0
    assert "everything is as it was written" in capsys.readouterr().out
    assert (tmp_path / "verification" / "pairs.csv").exists()
    (tmp_path / "out_of_distribution" / "out_of_distribution-000001.png").unlink()
    assert main(["check", str(tmp_path)]) == 1
    assert "out_of_distribution-000001.png: missing" in capsys.readouterr().out


def test_the_sheet_shows_64_samples(tmp_path: Path, model: list[str]) -> None:
    assert main(["sheet", "--out", str(tmp_path / "sheet.png"), *model]) == 0
    assert np.asarray(Image.open(tmp_path / "sheet.png")).shape == (8 * 64, 8 * 32, 3)


@pytest.mark.parametrize(("split", "families"), [([], 7), (["--split", "out_of_distribution"], 4)])
def test_the_sheet_of_families_has_a_row_each(tmp_path: Path, model: list[str], split: list[str], families) -> None:
    assert main(["sheet", "--families", "--out", str(tmp_path / "new" / "sheet.png"), *model, *split]) == 0
    pixels = np.asarray(Image.open(tmp_path / "new" / "sheet.png"))
    assert pixels.shape == (families * 64, 8 * 32, 3)
    masks = pixels.reshape(families, 2, 32, 8, 32, 3)[:, 1]
    hidden = (masks == 110).all(-1).mean((1, 3))  # grey: hidden face
    assert (hidden > 0).mean() > 0.9


def test_the_sheet_of_detail_has_picture_relief_and_bump(tmp_path: Path, model: list[str]) -> None:
    out = tmp_path / "detail.png"
    assert main(["sheet", "--detail", "--count", "2", "--out", str(out), *model]) == 0
    pixels = np.asarray(Image.open(out))
    assert pixels.shape == (3 * 32, 8 * 32, 3)
    assert pixels[:, 64:].max() == 0
    relief, bump = pixels[32:64, :64], pixels[64:, :64]
    assert (relief[..., 0] == relief[..., 2]).all()
    assert (bump[..., 0] != bump[..., 2]).mean() > 0.05


def test_a_sheet_fills_its_rows() -> None:
    tiles = [np.full((2, 3, 3), value, np.uint8) for value in (10, 20, 30)]
    sheet = contact_sheet(tiles, 2)
    assert sheet.shape == (4, 6, 3)
    assert sheet[2:, 3:].max() == 0
    assert sheet[0, 3, 0] == 20


def test_mistakes(tmp_path: Path, model: list[str]) -> None:
    with pytest.raises(SeethroughError, match="--count 3: test needs an even number"):
        main(["write", "--out", str(tmp_path), "--split", "test", "--count", "3", *model])
    with pytest.raises(SeethroughError, match="seed=-1 must not be negative"):
        main(["sheet", "--out", str(tmp_path / "sheet.png"), "--seed", "-1", *model])
    with pytest.raises(SeethroughError, match="neither a benchmark"):
        main(["check", str(tmp_path)])
    with pytest.raises(SeethroughError, match="--families and --detail"):
        main(["sheet", "--out", str(tmp_path / "sheet.png"), "--families", "--detail", *model])
    with pytest.raises(SeethroughError, match="--split verification: faces with relief have"):
        main(["sheet", "--out", str(tmp_path / "sheet.png"), "--detail", "--split", "verification", *model])
