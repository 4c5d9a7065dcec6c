"""What a camera does to a scene: blur, white balance, contrast, gamma, noise and JPEG compression."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter


def expose(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn (S, S, 3) float32 light into an (S, S, 3) uint8 picture.

    Everything in the scene has gone through it alike, so neither the edges nor the noise of an occluder give it away.
    """
    size = picture.shape[0]
    gains = np.exp(rng.normal(0, 0.03, 3)) * np.exp(rng.normal(0, 0.06))
    gamma, contrast = np.exp(rng.normal(0, 0.1)), np.exp(rng.normal(0, 0.08))
    blur = rng.uniform(0.0, 0.9) if rng.random() < 0.55 else 0.0
    deviation = rng.uniform(0.0, 0.03)
    compressed, quality = rng.random() < 0.7, int(rng.integers(60, 96))

    light = np.clip(picture * gains.astype(np.float32), 0.0, 1.0) ** np.float32(gamma)
    light = np.float32(0.5) + np.float32(contrast) * (light - np.float32(0.5))
    if blur > 0.2:
        eight_bit = Image.fromarray((np.clip(light, 0, 1) * 255 + 0.5).astype(np.uint8))
        light = np.asarray(eight_bit.filter(ImageFilter.GaussianBlur(blur * size / 80)), np.float32) / np.float32(255)
    noise = rng.standard_normal((size, size, 1), np.float32) + np.float32(0.5) * rng.standard_normal(
        (size, size, 3), np.float32
    )
    light = light + noise * np.float32(deviation)
    pixels = (np.clip(light, 0, 1) * 255 + 0.5).astype(np.uint8)
    if not compressed:
        return pixels
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
