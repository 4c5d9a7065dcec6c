"""Photos of rendered faces whose landmarks are known, so that no detector is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from datamodules.photos.preparing import PreparationSettings, prepare
from datamodules.photos.record import Listing, PhotoFile, PhotoRecord
from seethrough.morphable import FaceParameters, load_face_model
from seethrough.rendering import FaceRenderer, focus_camera

SIDE = 260


@cache
def rendered(seed: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Return an (side, side, 3) uint8 photo of a face before a plain wall and its (68, 2) landmarks."""
    model = load_face_model("open", level=1)
    draw = torch.Generator().manual_seed(seed)
    face = FaceParameters.zeros(model.sizes)
    light = torch.zeros(1, 27)
    light[0, [1, 10, 19]], light[0, [2, 11, 20]] = -0.25, -0.35
    face = face.with_changes(
        identity=0.7 * torch.randn(face.identity.shape, generator=draw),
        albedo=0.5 * torch.randn(face.albedo.shape, generator=draw),
        illumination=light,
    )
    with torch.no_grad():
        drawn = FaceRenderer(model, focus_camera(side), backend="cpu")(face)
    image = torch.where(drawn.mask > 0, drawn.image.clamp(0, 1), torch.full_like(drawn.image, 0.45))[0]
    grain = 0.01 * torch.randn(image.shape, generator=draw)
    pixels = ((image + grain).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return pixels, drawn.landmarks[0].double().numpy()


def prepared_photos(folder: Path) -> Path:
    """Write five photos (two people, one of them hardly to be seen, one beside its landmarks, one soon gone).

    Returns:
        Their prepared folder.
    """
    album = folder / "album"
    album.mkdir(parents=True)
    faces = {
        "ada": rendered(0),
        "berta": rendered(1),
        "tiny": rendered(0, 28),
        "beside": rendered(1),
        "gone": rendered(0),
    }
    records = []
    for name, (photo, landmarks) in faces.items():
        Image.fromarray(photo).save(album / f"{name}.png")
        moved = landmarks * np.array([0.7, 1.35]) + np.array([40.0, -45.0]) if name == "beside" else landmarks
        records.append(PhotoRecord(name, PhotoFile(album / f"{name}.png"), identity=f"{name} A.", landmarks=moved))
    prepare(
        Listing(records),
        folder / "prepared",
        PreparationSettings(side=64),
        "photos",
        str(album),
        jobs=1,
        progress=False,
    )
    (album / "gone.png").unlink()
    return folder / "prepared"
