"""The names of the occluder classes, in a file of their own: settings need them, and must be quick to import.

The numbers are stored in pools of pictures: never renumber, only append.
"""

from __future__ import annotations

NO_OCCLUDER = "none"

OCCLUDER_FAMILIES = ("glasses", "cloth", "hand", "fringe", "blob", "object", "text")

UNSEEN_FAMILIES = ("headset", "leaves", "cage", "scribble")
"""Families of the out-of-distribution test set; training never has them."""

OCCLUDER_NAMES = (NO_OCCLUDER, *OCCLUDER_FAMILIES, *UNSEEN_FAMILIES)
"""Occluder class number -> name; 0 is none."""
