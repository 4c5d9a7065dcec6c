"""Things that hide a part of a face, in families; each draws itself in front of a posed head."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer
from datamodules.synthetic.occluders.blob import draw_blob
from datamodules.synthetic.occluders.cloth import draw_cloth
from datamodules.synthetic.occluders.fringe import draw_fringe
from datamodules.synthetic.occluders.glasses import draw_glasses
from datamodules.synthetic.occluders.hand import draw_hand
from datamodules.synthetic.occluders.object import draw_object
from datamodules.synthetic.occluders.text import draw_text
from datamodules.synthetic.textures import TextureBank

DrawOccluder = Callable[[PosedHead, TextureBank, np.random.Generator], Layer]

OCCLUDERS: dict[str, DrawOccluder] = {
    "glasses": draw_glasses,
    "cloth": draw_cloth,
    "hand": draw_hand,
    "fringe": draw_fringe,
    "blob": draw_blob,
    "object": draw_object,
    "text": draw_text,
}
"""Occluder family -> the function that draws one; the families of :mod:`datamodules.synthetic.families`."""
