"""Augmentation of aligned face crops: one warp for image, mask, landmarks and camera, then colours and holes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {"AugmentationConfig": "config", "augmented": "augmenting", "get_ready": "augmenting"}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import on first use: reading the settings must not wait for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
