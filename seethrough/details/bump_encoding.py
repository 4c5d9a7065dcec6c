"""Bump maps as pictures: the linear code of Eq. 3 of the Extreme 3D paper, in 8 and in 16 bits."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from seethrough.errors import SeethroughError
from seethrough.picture_files import SMOOTH_PNG

ZERO = 127.0
"""The 8-bit code of no bump, which the background has too (released code and published maps)."""

CODES_PER_MM = 9.6
"""8-bit codes a millimetre: the release decodes a code g to (g - 127) * 1.25 / 12 mm."""

FINER = 256
"""A 16-bit code is 256 times as fine, so that code / 256 is the 8-bit code before rounding."""

LOWEST_MM, HIGHEST_MM = -ZERO / CODES_PER_MM, (255 - ZERO) / CODES_PER_MM
"""What 8 bits can hold, about -13.2 to +13.3 mm; 16 bits hold the same and 0.1 mm more at the upper end."""

MASK_SUFFIX = "_mask"

_TYPES = {8: (np.uint8, 1, 255), 16: (np.uint16, FINER, 65535)}


def encode_bump(bump: np.ndarray, bits: int = 16) -> np.ndarray:
    """Turn millimetres into codes: round(127 + 9.6 bump) in 8 bits, round(256 * (127 + 9.6 bump)) in 16 bits.

    A step is 0.104 mm in 8 bits and 0.00041 mm in 16 bits; the error of a code is at most half a step inside the range
    -13.2 to +13.3 mm, and larger bumps are clipped to it.

    Args:
        bump: any shape, mm towards the camera, finite.
        bits: 8 as published by the paper's authors, or 16.

    Returns:
        The same shape, uint8 or uint16.

    Raises:
        ValueError: values that are not finite, or another number of bits.
    """
    if bits not in _TYPES:
        raise ValueError(f"a bump map has 8 or 16 bits, not {bits}")
    kind, finer, highest = _TYPES[bits]
    values = np.asarray(bump, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a bump map must be finite to be encoded")
    return np.clip(np.rint(finer * (ZERO + CODES_PER_MM * values)), 0, highest).astype(kind)


def decode_bump(code: np.ndarray) -> np.ndarray:
    """Turn codes of :func:`encode_bump`, uint8 or uint16, into float32 mm towards the camera.

    Raises:
        ValueError: another type.
    """
    code = np.asarray(code)
    for kind, finer, _ in _TYPES.values():
        if code.dtype == kind:
            return ((code.astype(np.float64) / finer - ZERO) / CODES_PER_MM).astype(np.float32)
    raise ValueError(f"a bump map is uint8 or uint16, not {code.dtype}")


def bump_png(bump: np.ndarray, mask: np.ndarray | None = None, bits: int = 16) -> bytes:
    """Return the bytes of a grey PNG of an (H, W) bump map in mm; outside the mask it has the code of no bump."""
    values = np.asarray(bump)
    if values.ndim != 2:
        raise ValueError(f"expected an (H, W) bump map, got {values.shape}")
    if mask is not None:
        values = np.where(_inside(mask, values.shape), values, 0.0)
    return _png(encode_bump(values, bits))


def mask_png(mask: np.ndarray) -> bytes:
    """Return the bytes of a PNG of an (H, W) mask: 255 where it is more than a half, else 0."""
    return _png(np.where(_inside(mask, np.shape(mask)), 255, 0).astype(np.uint8))


def mask_path_of(path: str | Path) -> Path:
    """Return where the mask of a bump map lies: ``face.png`` -> ``face_mask.png``."""
    path = Path(path)
    return path.with_name(f"{path.stem}{MASK_SUFFIX}.png")


def write_bump(path: str | Path, bump: np.ndarray, mask: np.ndarray | None = None, bits: int = 16) -> list[Path]:
    """Write a bump map as PNG and, where a mask is given, the mask beside it (``face_mask.png``).

    Args:
        path: ``.png``; folders are made.
        bump: (H, W) mm towards the camera.
        mask: (H, W) in [0, 1] or bool; 1 where the map says something.
        bits: 8 or 16.

    Returns:
        The files written.

    Raises:
        SeethroughError: not a ``.png``, or a path that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise SeethroughError(f"{path}: bump maps are PNG files; end the name with .png")
    contents = {path: bump_png(bump, mask, bits)}
    if mask is not None:
        contents[mask_path_of(path)] = mask_png(mask)
    for file, content in contents.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except OSError as error:
            raise SeethroughError(
                f"{file}: the bump map cannot be written ({error.strerror}); check folder and space"
            ) from error
    return list(contents)


def read_bump(path: str | Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Read a bump map; its own depth tells whether it is of 8 or of 16 bits.

    Args:
        path: a grey picture, or one of three equal channels (some programs save grey ones so).

    Returns:
        (H, W) float32 mm towards the camera, and the (H, W) bool mask beside it, None where there is none.

    Raises:
        SeethroughError: missing, no picture, coloured, or a mask of another size.
    """
    path = Path(path)
    bump = decode_bump(_grey(path))
    beside = mask_path_of(path)
    if not beside.is_file():
        return bump, None
    mask = _grey(beside)
    if mask.shape != bump.shape:
        raise SeethroughError(f"{beside}: {mask.shape[1]} x {mask.shape[0]} px, its bump map has {bump.shape[::-1]}")
    return bump, mask > np.iinfo(mask.dtype).max // 2


def _inside(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.shape != shape or mask.ndim != 2:
        raise ValueError(f"mask {mask.shape} and bump map {shape} do not fit")
    return mask if mask.dtype == bool else mask > 0.5


def _png(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, format="PNG", **SMOOTH_PNG)
    return buffer.getvalue()


def _grey(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as picture:
            values = np.asarray(picture)
            mode = picture.mode
    except FileNotFoundError:
        raise SeethroughError(f"{path}: no such bump map; check the path") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise SeethroughError(f"{path}: cannot be read as a picture ({error}); write it again") from error
    if mode == "I":  # 16 bits, as some versions of Pillow open them
        values = values.astype(np.uint16) if values.min() >= 0 and values.max() <= 65535 else values
    if values.ndim == 3 and values.shape[2] >= 3 and (values[..., :3] == values[..., :1]).all():
        values = values[..., 0]
    if values.ndim != 2 or values.dtype not in (np.uint8, np.uint16):
        raise SeethroughError(f"{path}: a bump map is grey, of 8 or 16 bits; this picture is of mode {mode}")
    return values
