"""What resembles an occluder but hides nothing of the face: hands, patches and words beside it."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer, Stencil, blurred
from datamodules.synthetic.occluders.blob import draw_blob
from datamodules.synthetic.occluders.hand import draw_hand
from datamodules.synthetic.occluders.text import draw_text
from datamodules.synthetic.textures import TextureBank

DISTRACTED_FRACTION = 0.2
SHADED_FRACTION = 0.1


def draw_distractor(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> Layer | None:
    """Draw something beside the face in one picture of five, for the face to be laid over.

    A network could otherwise learn that a hand, a face-coloured patch or lettering anywhere in a picture means that a
    part of the face is hidden. Both twins of a pair have it.
    """
    if rng.random() >= DISTRACTED_FRACTION:
        return None
    kind = rng.random()
    jaw = head.project(head.landmarks[:17])
    middle = jaw.mean(0)
    at = jaw[int(rng.integers(17))]
    outwards = (at - middle) / max(float(np.linalg.norm(at - middle)), 1e-6)
    place = at + outwards * rng.uniform(12.0, 55.0) * head.pixels_per_mm
    if kind < 0.45:
        return draw_hand(head, textures, rng, place)
    return draw_blob(head, textures, rng, place) if kind < 0.8 else draw_text(head, textures, rng, place)


def draw_shade(size: int, rng: np.random.Generator) -> np.ndarray | None:
    """Return (S, S) how much light is left where something outside one picture of ten throws its shadow, else None.

    Shadowed skin is visible face: dark must not mean hidden.
    """
    if rng.random() >= SHADED_FRACTION:
        return None
    angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.8, 2) * size
    along, ahead = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    edge = np.linspace(-1.5, 1.5, 13)
    line = np.outer(edge, along) + np.outer(rng.normal(0, 0.03, 13).cumsum(), ahead)
    wide = 2.0 if rng.random() < 0.6 else rng.uniform(0.1, 0.35)
    shape = np.concatenate([line, (line + wide * ahead)[::-1]]) * size + place
    soft = blurred(Stencil(size).polygon(shape).alpha(), rng.uniform(0.006, 0.04) * size)
    return 1 - soft * np.float32(rng.uniform(0.25, 0.65))
