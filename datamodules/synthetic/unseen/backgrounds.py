"""Backgrounds of other kinds than those of training: streets, shelves, lights at night, leaves."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.textures import TextureBank

_FINER = 2


def draw_unseen_background(head: PosedHead, textures: TextureBank, rng: np.random.Generator) -> np.ndarray:
    """Draw (S, S, 3) float32 RGB."""
    side = head.size * _FINER
    draw_kind = (_street, _shelf, _night, _foliage)[int(rng.integers(4))]
    picture = Image.new("RGB", (side, side), _tone(rng, 0.2, 0.9))
    draw_kind(ImageDraw.Draw(picture), side, rng)
    blur = rng.uniform(0.3, 2.5) * side / 160
    picture = picture.filter(ImageFilter.GaussianBlur(blur)).reduce(_FINER)
    grain = textures.patch(rng, head.size, "cloudy", "rough")[..., None]
    light = np.asarray(picture, np.float32) / np.float32(255)
    return light * (np.float32(0.85) + np.float32(0.3) * grain)


def _tone(rng: np.random.Generator, low: float, high: float, colour: float = 0.5) -> tuple[int, int, int]:
    grey = rng.uniform(low, high)
    red, green, blue = (255 * np.clip(grey * np.exp(rng.normal(0, colour * 0.5, 3)), 0, 1)).astype(int).tolist()
    return red, green, blue


def _street(draw: ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    horizon = rng.uniform(0.4, 0.8) * side
    draw.rectangle([0, horizon, side, side], fill=_tone(rng, 0.2, 0.6, 0.2))
    left = -rng.uniform(0, 0.2) * side
    while left < side:
        width, roof = rng.uniform(0.15, 0.4) * side, rng.uniform(-0.1, 0.35) * side
        draw.rectangle([left, roof, left + width, horizon], fill=_tone(rng, 0.2, 0.8))
        pane, step = _tone(rng, 0.1, 1.0), rng.uniform(0.04, 0.08) * side
        for x in np.arange(left + 0.3 * step, left + width - 0.8 * step, step):
            for y in np.arange(roof + 0.3 * step, horizon - step, 1.4 * step):
                draw.rectangle([x, y, x + 0.55 * step, y + 0.8 * step], fill=pane)
        left += width * rng.uniform(1.0, 1.2)


def _shelf(draw: ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    board = rng.uniform(0.2, 0.35) * side
    for bottom in np.arange(board * rng.random(), side + board, board):
        x = 0.0
        while x < side:
            width, height = rng.uniform(0.02, 0.06) * side, rng.uniform(0.6, 0.9) * board
            draw.rectangle([x, bottom - height, x + width, bottom], fill=_tone(rng, 0.1, 0.9, 1.0))
            x += width + (rng.uniform(0, 0.1) * side if rng.random() < 0.1 else 0)
        draw.rectangle([0, bottom, side, bottom + 0.06 * board], fill=_tone(rng, 0.2, 0.5, 0.2))


def _night(draw: ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    draw.rectangle([0, 0, side, side], fill=_tone(rng, 0.02, 0.15))
    for _ in range(int(rng.integers(15, 45))):
        x, y = rng.random(2) * side
        radius = rng.uniform(0.015, 0.07) * side
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_tone(rng, 0.4, 1.0, 1.2))


def _foliage(draw: ImageDraw.ImageDraw, side: int, rng: np.random.Generator) -> None:
    for _ in range(160):
        x, y = rng.random(2) * side
        angle, long = rng.uniform(0, 2 * np.pi), rng.uniform(0.04, 0.13) * side
        ahead, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        tip = np.array([x, y]) + long * ahead
        bulge = 0.5 * long * ahead + np.array([x, y])
        green = rng.uniform(0.1, 0.8)
        colour = (int(150 * green), int(230 * green), int(70 * green))
        corners = [(x, y), tuple(bulge + 0.22 * long * across), tuple(tip), tuple(bulge - 0.22 * long * across)]
        draw.polygon(corners, fill=colour)
