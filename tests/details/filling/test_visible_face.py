from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from seethrough.details.filling.visible_face import (
    check_source,
    visible_by_file,
    visible_by_head,
    visible_by_network,
)
from seethrough.errors import SeethroughError
from seethrough.networks.bump_translator import BumpTranslator, Translation
from seethrough.photos import CropTransform

CROP = CropTransform(0.5, (60.0, 50.0), 40)  # shows 20..100 x 10..90 of the photo
PHOTO = (120, 140)


def photo_mask() -> np.ndarray:
    mask = np.zeros(PHOTO, np.uint8)
    mask[:, 60:] = 255
    return mask


def test_a_mask_of_the_photo_or_of_the_crop_is_read(tmp_path: Path) -> None:
    Image.fromarray(photo_mask()).save(tmp_path / "photo.png")
    visible = visible_by_file(tmp_path / "photo.png", CROP, PHOTO)
    assert visible[:, 20:].all()
    assert not visible[:, :20].any()
    Image.fromarray(np.where(visible, 255, 0).astype(np.uint8)).save(tmp_path / "crop.png")
    assert np.array_equal(visible_by_file(tmp_path / "crop.png", CROP, PHOTO), visible)


def test_the_head_of_the_translator_says_where_the_face_is() -> None:
    translation = BumpTranslator(2, 2, mask_head=True).translate(torch.rand(1, 3, 16, 16))
    assert np.array_equal(visible_by_head(translation), translation.mask[0, 0].detach().numpy() > 0.5)
    with pytest.raises(SeethroughError, match="no mask head"):
        visible_by_head(Translation(translation.bump, None))


class Bright(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, image: Tensor) -> Tensor:
        face = image.mean(1, keepdim=True) - 0.5
        return torch.cat([-face] * (self.channels - 1) + [face], 1)


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_network_of_somebody_else_s(tmp_path: Path) -> None:
    image = torch.rand(3, 12, 12)
    for channels in (1, 2):
        torch.jit.script(Bright(channels)).save(str(tmp_path / "net.pt"))
        visible = visible_by_network(tmp_path / "net.pt", image)
        assert np.array_equal(visible, image.mean(0).numpy() > 0.5)
    torch.jit.script(Bright(3)).save(str(tmp_path / "net.pt"))
    with pytest.raises(SeethroughError, match=r"returns \(1, 3, 12, 12\), expected logits \(1, 1, 12, 12\)"):
        visible_by_network(tmp_path / "net.pt", image)
    (tmp_path / "net.pt").write_bytes(b"weights")
    with pytest.raises(SeethroughError, match="not a TorchScript network"):
        visible_by_network(tmp_path / "net.pt", image)


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    for content, message in (
        (None, "no such mask"),
        (b"not a picture", "cannot be read as a mask"),
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SeethroughError, match=message):
            visible_by_file(path, CROP, PHOTO)
    Image.new("L", (30, 20)).save(path)
    with pytest.raises(SeethroughError, match="30 x 20 px, the photo has 140 x 120 and its crop 40 x 40"):
        visible_by_file(path, CROP, PHOTO)
    with pytest.raises(SeethroughError, match="no such network"):
        visible_by_network(tmp_path / "none.pt", torch.rand(3, 8, 8))
    assert [check_source(source) for source in ("focus", "head", str(path))] == ["focus", "head", str(path)]
    with pytest.raises(SeethroughError, match="choose focus, head, or a file"):
        check_source("fcous")
    with pytest.raises(SeethroughError, match="no such mask or network"):
        check_source("gone.png")
