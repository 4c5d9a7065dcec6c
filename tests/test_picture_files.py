"""How pictures are compressed: nothing is lost, and photos and maps grow by no more than a tenth."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from seethrough.picture_files import SMOOTH_PNG


def bumpy_depth() -> np.ndarray:
    y, x = np.mgrid[:256, :256] / 128 - 1
    inside = x**2 + y**2 < 0.8
    fine = np.random.default_rng(0).normal(0, 0.02, x.shape)
    return np.where(inside, 256 * (60 * np.sqrt(1 - np.clip(x**2 + y**2, 0, 0.9)) + fine), 0).astype(np.uint16)


def saved(pixels: np.ndarray, **options: Any) -> bytes:
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "PNG", **options)
    return stored.getvalue()


@pytest.mark.parametrize("pixels", [skimage.data.astronaut()[:256, 100:356], bumpy_depth()], ids=["photo", "depth"])
def test_pixels_stay_and_files_grow_by_a_tenth_at_most(pixels: np.ndarray) -> None:
    content = saved(pixels, **SMOOTH_PNG)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels)
    assert len(content) <= 1.1 * len(saved(pixels, compress_level=4))
