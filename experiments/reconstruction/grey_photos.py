"""Photos without colour, in the colours that networks and face model know."""

from __future__ import annotations

import numpy as np

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_COLOURLESS = 6  # of 255: what scanning and JPEG leave between the channels of a grey picture
_EVERY = 4  # looking at each 16th pixel tells as much


def is_grey(photo: np.ndarray) -> bool:
    """Tell whether an (H, W, 3) uint8 photo is black and white: nearly no pixel has a colour."""
    some = photo[::_EVERY, ::_EVERY].astype(np.int16)
    spread = some.max(axis=2) - some.min(axis=2)
    return bool(np.percentile(spread, 99) <= _COLOURLESS)


def tinted(photo: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Return a grey photo in the tone of skin, as bright as before where no channel is full.

    Args:
        photo: (H, W, 3) uint8.
        skin: (3,) RGB of skin, above 0.

    Returns:
        (H, W, 3) uint8.
    """
    tone = np.asarray(skin, dtype=np.float32)
    tone = tone / (tone @ _LUMA)
    # One table for all 256 greys: photos may be large.
    table = np.rint(np.clip(np.arange(256, dtype=np.float32)[:, None] * tone, 0, 255)).astype(np.uint8)
    return table[photo[:, :, 1]]
