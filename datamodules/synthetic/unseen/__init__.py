"""What no training picture has: other occluders, textures, lights and backgrounds, for tests out of distribution."""

from __future__ import annotations

from datamodules.synthetic.occluders import DrawOccluder
from datamodules.synthetic.unseen.cage import draw_cage
from datamodules.synthetic.unseen.headset import draw_headset
from datamodules.synthetic.unseen.leaves import draw_leaves
from datamodules.synthetic.unseen.scribble import draw_scribble

UNSEEN_OCCLUDERS: dict[str, DrawOccluder] = {
    "headset": draw_headset,
    "leaves": draw_leaves,
    "cage": draw_cage,
    "scribble": draw_scribble,
}
"""Occluder family -> the function that draws one; the unseen families of :mod:`datamodules.synthetic.families`."""
