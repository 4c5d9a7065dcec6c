"""Which pixels of the detail crop show the face, and which are holes: from a mask, a file or a network."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from seethrough.errors import SeethroughError
from seethrough.networks.bump_translator import Translation
from seethrough.photos.alignment import CropTransform

SOURCES = ("focus", "head", "a mask file", "a network file")
"""``focus``: FOCUS' segmentation, the default. ``head``: the translator's own mask head."""

NETWORK_SUFFIXES = (".pt", ".ts", ".torchscript")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm")


def visible_by_head(translation: Translation) -> np.ndarray:
    """Return the (H, W) bool map of what the translator's mask head takes for the face.

    Raises:
        SeethroughError: the translator has no mask head.
    """
    if translation.mask is None:
        raise SeethroughError(
            "this translator has no mask head; train one with model.translator.mask_head=true, or choose another mask"
        )
    return translation.mask[0, 0].detach().cpu().numpy() > 0.5


def visible_by_file(path: str | Path, crop: CropTransform, photo_size: tuple[int, int]) -> np.ndarray:
    """Read a mask of the photo, or of the detail crop itself: brighter than the middle is visible face.

    Args:
        path: a picture as large as the photo, or as the crop.
        crop: the detail crop.
        photo_size: height and width of the photo, px.

    Returns:
        (H, W) bool.

    Raises:
        SeethroughError: missing, no picture, or of another size.
    """
    path = Path(path)
    try:
        with Image.open(path) as picture:
            values = np.asarray(picture.convert("L"), dtype=np.float32) / 255
    except FileNotFoundError:
        raise SeethroughError(f"{path}: no such mask; check the path") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = "not a picture" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        raise SeethroughError(f"{path}: cannot be read as a mask ({reason})") from None
    if values.shape == tuple(photo_size):
        return crop.crop_mask(values) > 0.5
    if values.shape == (crop.size, crop.size):
        return values > 0.5
    height, width = photo_size
    raise SeethroughError(
        f"{path}: {values.shape[1]} x {values.shape[0]} px, the photo has {width} x {height} and its crop "
        f"{crop.size} x {crop.size}; a mask is as large as one of them"
    )


def visible_by_network(path: str | Path, image: Tensor) -> np.ndarray:
    """Ask a segmentation network of somebody else's for the visible face.

    Args:
        path: a TorchScript file. Its network takes (1, 3, S, S) RGB in [0, 1] and returns (1, 1, S, S) logits, or
            (1, 2, S, S) scores of background and face.
        image: (3, S, S) RGB in [0, 1], the detail crop.

    Returns:
        (S, S) bool.

    Raises:
        SeethroughError: missing, no TorchScript, or another output.
    """
    path, size = Path(path), tuple(image.shape[-2:])
    if not path.is_file():
        raise SeethroughError(f"{path}: no such network; check the path")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch prefers another format; this one runs no pickle
            network = torch.jit.load(str(path), map_location=image.device).eval()
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise SeethroughError(f"{path}: not a TorchScript network ({reason}); save it by torch.jit.save") from None
    try:
        with torch.no_grad():
            output = network(image[None])
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1][:120]
        raise SeethroughError(f"{path}: the network cannot take {tuple(image[None].shape)} ({reason})") from None
    shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if shape not in ((1, 1, *size), (1, 2, *size)):
        raise SeethroughError(
            f"{path}: the network returns {shape}, expected logits (1, 1, {size[0]}, {size[1]}) or scores of "
            "background and face with 2 channels"
        )
    assert isinstance(output, Tensor)
    face = output[0, 0] if shape[1] == 1 else output[0, 1] - output[0, 0]
    return (face > 0).cpu().numpy()


def check_source(source: str) -> str:
    """Return a source of masks as it was given, if it can be one.

    Raises:
        SeethroughError: neither ``focus`` nor ``head`` nor a file of a mask or a network.
    """
    known = (*NETWORK_SUFFIXES, *PICTURE_SUFFIXES)
    if source in ("focus", "head"):
        return source
    if Path(source).suffix.lower() not in known:
        raise SeethroughError(f"mask source {source!r}: choose focus, head, or a file that ends in {', '.join(known)}")
    if not Path(source).is_file():
        raise SeethroughError(f"{source}: no such mask or network; check the path")
    return source
