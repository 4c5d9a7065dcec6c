from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from datamodules.photos.face_files import FaceFiles
from tools.benchmark.data import photo_loader
from tools.benchmark.data.plain_pictures import PlainPictures, batches_of


def test_the_loader_is_measured_on_whole_batches_of_real_crops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_loader, "FACES", 6)
    monkeypatch.setattr(photo_loader, "BATCH", 3)
    rows = photo_loader.write_crops(tmp_path, masks=True)
    crops = {FaceFiles(tmp_path, 256).crop(row.crop).tobytes() for row in rows}
    assert len(crops) == 6
    batches = photo_loader._batches(tmp_path, photo_loader.RELEASE)
    first, second, third = batches(), batches(), batches()
    assert first["image"].shape == (3, 3, 224, 224) and first["mask"].shape == (3, 1, 224, 224)
    assert sorted(first["id"] + second["id"]) == [row.id for row in rows]
    # the third begins another epoch: faces come again, but not as they were
    assert set(third["id"]) <= {row.id for row in rows}
    seen = {name: image for batch in (first, second) for name, image in zip(batch["id"], batch["image"], strict=True)}
    for name, image in zip(third["id"], third["image"], strict=True):
        assert not np.array_equal(image, seen[name])


def test_plain_pictures_are_what_was_written(tmp_path: Path) -> None:
    images, masks = torch.rand(3, 3, 6, 5), (torch.rand(3, 1, 6, 5) > 0.5).float()
    read = batches_of(PlainPictures(tmp_path / "plain", images, masks), 3)
    for batch in (read(), read()):
        order = [int((images - each).abs().flatten(1).sum(1).argmin()) for each in batch["image"]]
        assert sorted(order) == [0, 1, 2]
        torch.testing.assert_close(batch["image"], images[order], atol=0.5 / 255 + 1e-6, rtol=0)
        assert torch.equal(batch["mask"], masks[order])
