from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.photos.face_files import FaceFiles
from tools.benchmark.data import photo_loader


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
