"""Bump maps of faces by image-to-image translation (Tran et al., CVPR 2018, Sec. 4.1)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "BumpConfig": "config",
    "BumpModule": "lightning_model",
    "load_bump_module": "loading",
    "load_translator": "loading",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import on first use: reading the settings for ``--help`` must not wait for Lightning."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
