"""FOCUS: weakly supervised outlier segmentation and face reconstruction (Li et al., CVPR 2023)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Focus": "torch_model",
    "FocusConfig": "config",
    "FocusModule": "lightning_model",
    "FocusPrediction": "torch_model",
    "load_focus": "loading",
    "load_focus_module": "loading",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import on first use: reading the settings for ``--help`` must not wait for Lightning."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
