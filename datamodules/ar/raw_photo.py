"""AR's raw files: 768 x 576 pixels of three bytes without a header, in an order that is written nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from seethrough.errors import SeethroughError

WIDTH, HEIGHT, CHANNELS = 768, 576, 3
RAW_BYTES = WIDTH * HEIGHT * CHANNELS
RawOrder = Literal["auto", "interleaved", "planar"]
_CLEARLY = 1.1


@dataclass(frozen=True)
class RawPhoto:
    """A photo in a raw file.

    Attributes:
        path: the file.
        order: red, green and blue of each pixel together (``interleaved``), or three pictures one after the other
            (``planar``); ``auto`` takes the order in which neighbouring pixels differ least.
    """

    path: Path
    order: RawOrder = "auto"

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> np.ndarray:
        """Return (576, 768, 3) uint8 RGB.

        Raises:
            SeethroughError: no such file, another size, or no order that makes a smoother picture than the other.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise SeethroughError(f"{self.path}: the raw file cannot be read ({error.strerror})") from None
        if len(content) != RAW_BYTES:
            raise SeethroughError(f"{self.path}: {wrong_size(len(content))}")
        return decode_raw(content, self.order, self.name)


def wrong_size(size: int) -> str:
    """Return what to say of a raw file that has not the size of one."""
    return (
        f"{size} bytes, a raw photo of AR has {WIDTH} x {HEIGHT} x {CHANNELS} = {RAW_BYTES}; "
        "copy it again, unpacked and in binary mode"
    )


def decode_raw(content: bytes, order: RawOrder, name: str) -> np.ndarray:
    """Return (576, 768, 3) uint8 RGB of the bytes of a raw file; ``name`` is what messages call it."""
    values = np.frombuffer(content, dtype=np.uint8)
    interleaved = values.reshape(HEIGHT, WIDTH, CHANNELS)
    planar = values.reshape(CHANNELS, HEIGHT, WIDTH).transpose(1, 2, 0)
    if order == "auto":
        rough = {"interleaved": roughness(interleaved), "planar": roughness(planar)}
        order = "interleaved" if rough["interleaved"] < rough["planar"] else "planar"
        if max(rough.values()) <= _CLEARLY * min(rough.values()):
            raise SeethroughError(
                f"{name}: whether colours lie pixel by pixel or plane by plane cannot be seen in this picture; "
                "say data.raw_order=interleaved or data.raw_order=planar"
            )
    return np.ascontiguousarray(interleaved if order == "interleaved" else planar)


def roughness(picture: np.ndarray) -> float:
    """Return the mean difference of pixels to their neighbours at the right and below, within each channel.

    Planes read as pixels lie three pixels and three rows apart; pixels read as planes mix the colours along a row and
    break it in three: both are rougher than the picture itself, a grey one too.
    """
    values = picture.astype(np.int16)
    return float(np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean())
