"""Soft symmetry: the unseen side of a face from the seen one."""

from seethrough.details.symmetry.settings import PRESETS, SymmetrySettings, symmetry_preset
from seethrough.details.symmetry.soft_symmetry import SOURCES, Completion, complete, foundation_frame

__all__ = ["PRESETS", "SOURCES", "Completion", "SymmetrySettings", "complete", "foundation_frame", "symmetry_preset"]
