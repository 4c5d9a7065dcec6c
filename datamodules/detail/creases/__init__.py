"""All creases of a face, family by family."""

from __future__ import annotations

from datamodules.detail.creases.crease import Crease, line, press
from datamodules.detail.creases.eyes import crows_feet, lids
from datamodules.detail.creases.forehead import forehead, glabella
from datamodules.detail.creases.mouth import chin, corners, lips, nasolabial

FAMILIES = (forehead, glabella, crows_feet, lids, nasolabial, corners, lips, chin)
"""Functions of (anatomy, person, muscles, rng) that draw creases; each has a random stream of its own."""

__all__ = ["FAMILIES", "Crease", "line", "press"]
