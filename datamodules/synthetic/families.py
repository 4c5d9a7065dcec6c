"""The names of the occluder classes, in a file of their own: settings need them, and must be quick to import.

The numbers are stored in pools of pictures: never renumber, only append.
"""

from __future__ import annotations

NO_OCCLUDER = "none"

OCCLUDER_FAMILIES = ("glasses", "cloth", "hand", "fringe", "blob", "object", "text")

OCCLUDER_NAMES = (NO_OCCLUDER, *OCCLUDER_FAMILIES)
"""Occluder class number -> name; 0 is none."""
