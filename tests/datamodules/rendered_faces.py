"""Rendered faces that a face detector finds, for trees that are prepared and evaluated from end to end."""

from __future__ import annotations

from functools import cache, partial

from PIL import Image

from datamodules.synthetic.config import SceneConfig
from datamodules.synthetic.datamodule import load_generating_model
from datamodules.synthetic.dataset import LiveDataset
from datamodules.synthetic.pool import PoolSpec
from seethrough.photos import photo_array

SIDE = 224


@cache
def rendered_faces(count: int = 4) -> tuple[Image.Image, ...]:
    """Return faces of ``count`` people without an occluder, 224 x 224."""
    scene = SceneConfig(image_size=SIDE, occluded_fraction=0.0, detail=0.5)
    faces = LiveDataset(PoolSpec("train", scene, count, (5, 0)), partial(load_generating_model, scene))
    batch = faces.__getitems__([(0, number) for number in range(count)])
    return tuple(Image.fromarray(photo_array(image)) for image in batch["image"])


def photo_of(face: int, width: int, height: int, side: int) -> Image.Image:
    """Return a photo with one of the faces, ``side`` pixels large, in the middle of a plain wall."""
    photo = Image.new("RGB", (width, height), (96, 104, 112))
    picture = rendered_faces()[face].resize((side, side), Image.Resampling.BICUBIC)
    photo.paste(picture, ((width - side) // 2, (height - side) // 2))
    return photo
