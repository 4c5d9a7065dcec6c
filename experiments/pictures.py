"""Pictures from batches of image tensors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid


def grid(images: Tensor, columns: int | None = None) -> np.ndarray:
    """Return a batch as one picture.

    Args:
        images: (B, 3, H, W) RGB or (B, 1, H, W) grey, in [0, 1]; values outside are clamped.
        columns: pictures side by side; by default about as many as rows.

    Returns:
        uint8 (rows * (H + 2) + 2, columns * (W + 2) + 2, 3).
    """
    columns = columns or math.ceil(math.sqrt(len(images)))
    tiled = make_grid(images.detach().float().cpu().clamp(0, 1), nrow=columns, padding=2, pad_value=1.0)
    return (tiled.permute(1, 2, 0) * 255).round().byte().numpy()


def save_picture(images: Tensor, path: Path, columns: int | None = None) -> None:
    """Write :func:`grid` to a file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grid(images, columns)).save(path)
