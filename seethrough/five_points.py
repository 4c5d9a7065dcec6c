"""The five points that face crops are aligned to, within the 68 iBUG landmarks."""

from __future__ import annotations

FIVE_POINTS = ((36, 39), (42, 45), (30,), (48,), (54,))
"""Landmarks whose mean each point is: eye on the picture's left and right (of its corners), nose tip, mouth corners."""
