"""Depth and normal maps as pictures: 16-bit PNG with its scale in the file, and RGB normals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from seethrough.errors import SeethroughError
from seethrough.picture_files import SMOOTH_PNG

STEP_MM = 1 / 256
"""Of a code, for faces up to 255 mm deep; deeper ones have a larger step."""

OFFSET_KEY, STEP_KEY = "depth_offset_mm", "depth_step_mm"
_HIGHEST = 65535


def write_depth(path: str | Path, depth: np.ndarray, mask: np.ndarray) -> Path:
    """Write a depth map as a grey PNG of 16 bits: mm = offset + step * code, and code 0 where there is no face.

    Offset and step stand in the file's own text entries ``depth_offset_mm`` and ``depth_step_mm``.

    Args:
        path: ``.png``.
        depth: (H, W) mm.
        mask: (H, W), more than a half on the face.

    Raises:
        ValueError: depth that is not finite on the face.
        SeethroughError: a path that cannot be written.
    """
    values, inside = np.asarray(depth, dtype=np.float64), np.asarray(mask) > 0.5
    if not np.isfinite(values[inside]).all():
        raise ValueError("a depth map must be finite on the face to be encoded")
    low, high = (values[inside].min(), values[inside].max()) if inside.any() else (0.0, 0.0)
    lowest = float(np.floor(low))
    step = max(STEP_MM, (float(high) - lowest) / (_HIGHEST - 1))
    offset = lowest - step
    codes = np.where(inside, np.clip(np.rint((values - offset) / step), 1, _HIGHEST), 0).astype(np.uint16)
    scale = PngInfo()
    scale.add_text(OFFSET_KEY, repr(offset))
    scale.add_text(STEP_KEY, repr(step))
    _save(Image.fromarray(codes), Path(path), pnginfo=scale)
    return Path(path)


def read_depth(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a depth map of :func:`write_depth`.

    Returns:
        (H, W) float32 mm, 0 where there is no face, and the (H, W) bool mask of the face.

    Raises:
        SeethroughError: missing, no picture, or one without its scale.
    """
    path = Path(path)
    try:
        with Image.open(path) as picture:
            codes, text = np.asarray(picture), getattr(picture, "text", {})
        offset, step = float(text[OFFSET_KEY]), float(text[STEP_KEY])
    except FileNotFoundError:
        raise SeethroughError(f"{path}: no such depth map; check the path") from None
    except (OSError, SyntaxError, KeyError, ValueError) as error:
        raise SeethroughError(f"{path}: no depth map with {OFFSET_KEY} and {STEP_KEY} ({error})") from None
    return np.where(codes > 0, offset + step * codes.astype(np.float64), 0).astype(np.float32), codes > 0


def write_normals(path: str | Path, normals: np.ndarray, mask: np.ndarray) -> Path:
    """Write normals as the usual RGB map: (n + 1) / 2, x to the right, y up, z towards the viewer; black without face.

    Args:
        path: ``.png``.
        normals: (H, W, 3) unit, camera frame (x right, y down, z forward).
        mask: (H, W), more than a half on the face.
    """
    turned = np.asarray(normals, dtype=np.float64) * [1, -1, -1]
    colours = np.rint(np.clip((turned + 1) / 2, 0, 1) * 255)
    _save(Image.fromarray(np.where((np.asarray(mask) > 0.5)[..., None], colours, 0).astype(np.uint8)), Path(path))
    return Path(path)


def _save(picture: Image.Image, path: Path, **options: Any) -> None:
    if path.suffix.lower() != ".png":
        raise SeethroughError(f"{path}: maps are PNG files; end the name with .png")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, **SMOOTH_PNG, **options)
    except OSError as error:
        raise SeethroughError(f"{path}: the map cannot be written ({error.strerror}); check folder and space") from None
