"""What a camera does to a scene: blur, white balance, contrast, gamma, noise and JPEG compression."""

from __future__ import annotations

import io

import numba
import numpy as np
from PIL import Image

from datamodules.synthetic.textures import TextureBank

_CURVE = np.linspace(0.0, 1.0, 513)
_GREY_SHARE = 0.03


def expose(picture: np.ndarray, textures: TextureBank, rng: np.random.Generator, softness: float = 1.0) -> np.ndarray:
    """Turn (S, S, 3) float32 light into an (S, S, 3) uint8 picture.

    Blur grows with the picture: it is up to 0.9 px of 80 times ``softness``.
    Everything in the scene goes through it alike, so neither the edges nor the noise of an occluder give it away.
    """
    size = picture.shape[0]
    # Cameras and those who edit their pictures differ a lot; a network that has seen little of it fails on photos.
    gains = np.exp(rng.normal(0, 0.04, 3)) * np.exp(rng.normal(0, 0.08))
    gamma, contrast = np.exp(rng.normal(0, 0.13)), np.exp(rng.normal(0, 0.1))
    saturation = 0.0 if rng.random() < _GREY_SHARE else np.exp(rng.normal(0, 0.15))
    blur = rng.uniform(0.0, 0.9) if rng.random() < 0.55 else 0.0
    halo = rng.uniform(0.2, 0.9) if rng.random() < 0.25 else 0.0
    deviation = rng.uniform(0.0, 0.02)
    compressed, quality = rng.random() < 0.7, int(rng.integers(60, 96))

    curve = (0.5 + contrast * (_CURVE**gamma - 0.5)).astype(np.float32)
    light = np.empty(picture.shape, np.float32)
    develop(picture.astype(np.float32), gains.astype(np.float32), curve, np.float32(saturation), light)
    if blur > 0.25:
        light = blur_colour(light, taps(blur * softness * size / 80))
    if halo:
        light += np.float32(halo) * (light - blur_colour(light, taps(0.7 * softness * size / 80)))
    pixels = np.empty(picture.shape, np.uint8)
    quantise(light, textures.noise, int(rng.integers(len(textures.noise))), np.float32(deviation), pixels)
    if not compressed:
        return pixels
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def taps(radius: float) -> np.ndarray:
    """Return the odd number of weights of a Gaussian of ``radius`` px that matter, float32, with sum 1."""
    radius = max(radius, 1e-3)  # 0 is a lens without blur
    reach = max(1, int(np.ceil(2.5 * radius)))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    return (weights / weights.sum()).astype(np.float32)


@numba.njit(cache=True)
def develop(picture, gains, curve, saturation, out):
    """Write ``curve`` of the gained and clipped (S, S, 3) ``picture`` into ``out``; the curve is linear in pieces.

    Colours then move away from their grey by the factor ``saturation``.
    """
    steps = curve.shape[0] - 1
    for i in range(picture.shape[0]):
        for j in range(picture.shape[1]):
            for c in range(3):
                value = picture[i, j, c] * gains[c] * np.float32(steps)
                value = min(max(value, np.float32(0.0)), np.float32(steps) - np.float32(1e-3))
                below = int(value)
                part = value - np.float32(below)
                out[i, j, c] = curve[below] + part * (curve[below + 1] - curve[below])
            grey = (out[i, j, 0] + out[i, j, 1] + out[i, j, 2]) / np.float32(3.0)
            for c in range(3):
                out[i, j, c] = grey + saturation * (out[i, j, c] - grey)


@numba.njit(cache=True)
def blur_colour(picture, weights):
    """Return the (S, S, 3) picture blurred by separable ``weights``; its border pixels continue outside."""
    height, width, channels = picture.shape
    reach, length = weights.shape[0] // 2, width * channels
    rows, out = np.zeros((height, length), picture.dtype), np.zeros((height, length), picture.dtype)
    # The inner loops run along whole lines, which the compiler turns into vector instructions.
    continued = np.empty((width + 2 * reach, channels), picture.dtype)
    for i in range(height):
        for j in range(width + 2 * reach):
            for c in range(channels):
                continued[j, c] = picture[i, min(max(j - reach, 0), width - 1), c]
        line = continued.reshape(-1)
        for k in range(weights.shape[0]):
            moved = line[k * channels : k * channels + length]
            for n in range(length):
                rows[i, n] += weights[k] * moved[n]
    for i in range(height):
        for k in range(weights.shape[0]):
            at = min(max(i + k - reach, 0), height - 1)
            for n in range(length):
                out[i, n] += weights[k] * rows[at, n]
    return out.reshape(picture.shape)


@numba.njit(cache=True)
def quantise(light, noise, start, deviation, out):
    """Add noise (mostly the same in the three channels) to (S, S, 3) ``light`` and write it as 8 bits."""
    at, length = start, noise.shape[0]
    for i in range(light.shape[0]):
        for j in range(light.shape[1]):
            common = noise[at % length]
            for c in range(3):
                grain = common + np.float32(0.5) * noise[(at + c + 1) % length]
                value = (light[i, j, c] + deviation * grain) * np.float32(255.0) + np.float32(0.5)
                out[i, j, c] = np.uint8(min(max(value, np.float32(0.0)), np.float32(255.0)))
            at += 4
