"""Reading any photo file into an RGB array."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps
from torch import Tensor

from seethrough.errors import SeethroughError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".tif", ".tiff")
UNREAD_SUFFIXES = (".heic", ".heif")
"""Photos of telephones that Pillow cannot read."""
CONVERT = (
    "HEIC cannot be read here; make a JPEG of it, by `heif-convert X.HEIC X.jpg` (Linux) or "
    "`sips -s format jpeg X.HEIC --out X.jpg` (macOS)"
)
MAXIMUM_PIXELS = 150_000_000
ORIENTATION = 0x0112
"""Tag of EXIF data that says how a picture is to be turned; 1 for not at all."""
BACKGROUND = 128


def read_photo(path: str | Path, *, upright: bool = True, maximum_pixels: int = MAXIMUM_PIXELS) -> np.ndarray:
    """Read one photo as RGB.

    Grey, palette, CMYK, Lab, 16-bit, 32-bit and floating point pictures become 8-bit RGB; transparent pixels are laid
    over neutral grey (so that a cut-out neither glows nor turns black); of an animation or a multi-page file the first
    picture counts.

    Args:
        path: a JPEG, PNG, WebP, BMP, TIFF file, or anything else that Pillow knows.
        upright: turn and mirror the picture as its EXIF data say; otherwise pixels stay where they are stored, which is
            where the tables of data sets count them.
        maximum_pixels: larger pictures are refused before they are decoded.

    Returns:
        (H, W, 3) uint8.

    Raises:
        SeethroughError: the file is missing, no image, damaged or too large.
    """
    path = Path(path)
    if path.is_dir():
        raise SeethroughError(f"{path}: a folder, expected a photo; name a file or give the folder to a command")
    if not path.exists():
        raise SeethroughError(f"{path}: no such file; check the path")
    return _decode(path, str(path), maximum_pixels, upright)


def photo_orientation(path: str | Path) -> int:
    """Return the orientation of a photo's EXIF data, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        with Image.open(path) as image:
            return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # whoever reads the photo tells what is wrong with it
        return 1


def decode_photo(encoded: bytes, name: str, *, maximum_pixels: int = MAXIMUM_PIXELS) -> np.ndarray:
    """Read a photo that lies encoded in memory, as :func:`read_photo` reads a file.

    Args:
        encoded: the bytes of a JPEG, PNG, WebP, BMP or TIFF.
        name: what messages call it.
        maximum_pixels: larger pictures are refused before they are decoded.

    Returns:
        (H, W, 3) uint8.

    Raises:
        SeethroughError: no image, damaged or too large.
    """
    return _decode(io.BytesIO(encoded), name, maximum_pixels)


def _decode(source: Path | io.BytesIO, name: str, maximum_pixels: int, upright: bool = True) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            # Pillow's own limit only warns; ours is checked below, before any pixel is decoded.
            warnings.simplefilter("ignore")
            with Image.open(source) as image:
                _check_size(name, image, maximum_pixels)
                image.load()
                return _as_rgb(_upright(image) if upright else image)
    except SeethroughError:
        raise
    except Image.DecompressionBombError as error:
        raise SeethroughError(_too_large(name, "more pixels than Pillow accepts", maximum_pixels)) from error
    except Image.UnidentifiedImageError as error:
        remedy = "not an image, or a format unknown here; give JPEG, PNG, WebP, BMP or TIFF"
        raise SeethroughError(f"{name}: {CONVERT if name.lower().endswith(UNREAD_SUFFIXES) else remedy}") from error
    except Exception as error:  # decoders raise nearly every type for a damaged file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SeethroughError(f"{name}: the image cannot be decoded ({reason}); is the file complete?") from error


def photo_tensor(photo: np.ndarray) -> Tensor:
    """Turn an (H, W, 3) uint8 photo into a (1, 3, H, W) float32 tensor in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None].to(torch.float32) / 255


def photo_array(image: Tensor) -> np.ndarray:
    """Turn one (3, H, W) image in [0, 1] (values outside are clamped) into an (H, W, 3) uint8 array."""
    array = image.detach().clamp(0, 1).mul(255).round().to(torch.uint8)
    return array.permute(1, 2, 0).cpu().numpy()


def _check_size(name: str, image: Image.Image, maximum_pixels: int) -> None:
    width, height = image.size
    if width * height > maximum_pixels:
        raise SeethroughError(_too_large(name, f"{width} x {height} pixels", maximum_pixels))
    if width < 1 or height < 1:
        raise SeethroughError(f"{name}: the image is empty ({width} x {height} pixels)")


def _too_large(name: str, size: str, maximum_pixels: int) -> str:
    return f"{name}: {size}, the limit is {maximum_pixels / 1e6:.0f} million; make it smaller first"


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block says nothing about the pixels
        return image


def _as_rgb(image: Image.Image) -> np.ndarray:
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        grey = _eight_bits(np.asarray(image), image.mode)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (BACKGROUND, BACKGROUND, BACKGROUND, 255))
        image = Image.alpha_composite(ground, layer)
    elif image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        image = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB") or image
    return np.array(image.convert("RGB"))


def _eight_bits(values: np.ndarray, mode: str) -> np.ndarray:
    """Scale a deep grey picture to 0..255; the mode and the largest value tell which range it was written in."""
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("the picture holds values that are not finite")
    if mode == "F" and values.max() <= 1:
        scale = 255.0
    elif mode.startswith("I;16") or values.max() > 255:
        scale = 255 / 65535 if values.max() <= 65535 else 255 / values.max()
    else:
        scale = 1.0
    return np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)
