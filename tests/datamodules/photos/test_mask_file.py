from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.photos.mask_file import MaskFile
from seethrough.errors import SeethroughError

FACE = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 1]], dtype=np.uint8)


def pictures() -> dict[str, Image.Image]:
    """The same mask as users store it."""
    white = Image.fromarray(FACE * 255)
    palette = Image.fromarray(FACE)
    palette.putpalette([0, 0, 0, 10, 200, 30])
    opaque = np.stack([FACE * 255] * 3 + [np.full_like(FACE, 255)], axis=2)
    return {
        "grey": white,
        "label numbers": Image.fromarray(FACE * 7),
        "one bit": white.convert("1"),
        "colour": white.convert("RGB"),
        "red": Image.fromarray(np.stack([FACE * 255, FACE * 0, FACE * 0], axis=2)),
        "palette": palette,
        "opaque": Image.fromarray(opaque),
        "16 bits": Image.fromarray(FACE.astype(np.uint16) * 65535),
    }


@pytest.mark.parametrize("kind", list(pictures()))
def test_all_that_is_not_black_is_face(tmp_path: Path, kind: str) -> None:
    pictures()[kind].save(tmp_path / "mask.png")
    mask = MaskFile(tmp_path / "mask.png").read(3, 4)
    assert mask.dtype == np.float32 and np.array_equal(mask, FACE)


def test_a_mask_that_was_resampled_is_cut_in_the_middle(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 3, 120, 130, 255]], dtype=np.uint8)).save(tmp_path / "mask.png")
    assert MaskFile(tmp_path / "mask.png", "white").read(1, 5).tolist() == [[0, 0, 0, 1, 1]]
    assert MaskFile(tmp_path / "mask.png").read(1, 5).tolist() == [[0, 1, 1, 1, 1]]


def test_masks_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    with pytest.raises(SeethroughError, match=r"mask\.png: no such mask"):
        MaskFile(path).read(3, 4)
    pictures()["grey"].save(path)
    with pytest.raises(SeethroughError, match="mask has 4 x 3 pixels, its photo 3 x 4"):
        MaskFile(path).read(4, 3)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(SeethroughError, match=r"mask\.png: the mask cannot be decoded"):
        MaskFile(path).read(3, 4)
