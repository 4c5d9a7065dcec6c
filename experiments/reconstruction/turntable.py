"""A GIF of a face that turns to either side: in its colours, and as clay."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from experiments.reconstruction.drawing import Layer, picture_of
from experiments.reconstruction.face_views import FaceViews, PosedMesh

SIZE, FRAMES, MILLISECONDS = 320, 24, 80
WIDEST = math.radians(70)
"""A face is a mask: further round one would look into it from behind."""


def turntable(mesh: PosedMesh, views: FaceViews) -> list[Image.Image]:
    """Return the frames of one turn of a mesh with colours to the left, to the right and back."""
    # Sines of equal steps: half of the frames come twice.
    yaws = [round(WIDEST * math.sin(2 * math.pi * frame / FRAMES), 9) for frame in range(FRAMES)]
    different = list(dict.fromkeys(yaws))
    drawn = dict(zip(different, map(_frame, views.turned(mesh, SIZE, *different)), strict=True))
    palette = _palette([drawn[yaw] for yaw in (yaws[0], min(yaws), max(yaws))])
    reduced = {yaw: frame.quantize(palette=palette, dither=Image.Dither.NONE) for yaw, frame in drawn.items()}
    return [reduced[yaw] for yaw in yaws]


def gif_options(frames: list[Image.Image]) -> dict:
    """Return what Pillow needs to save the frames as one GIF that goes round."""
    return {"save_all": True, "append_images": frames[1:], "duration": MILLISECONDS, "loop": 0, "optimize": False}


def _frame(layers: list[Layer]) -> Image.Image:
    tiles = [layer.over(np.ones_like(layer.colour)) for layer in reversed(layers)]
    return picture_of(np.concatenate(tiles, axis=2))


def _palette(frames: list[Image.Image]) -> Image.Image:
    """Choose the colours of all frames from a few: the face turns in light that turns along."""
    some = Image.fromarray(np.concatenate([np.asarray(frame)[::2, ::2] for frame in frames]))
    return some.quantize(256, method=Image.Quantize.MEDIANCUT)
