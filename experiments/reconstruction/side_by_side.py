"""The picture that explains one reconstruction: photo, landmarks, fit, mask, shape."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments.reconstruction.drawing import FaceDrawing, Layer, picture_of, planes_of
from seethrough.photos import CropTransform

TILE = 248
ROWS = 2
GAP = 10
LABEL_HEIGHT = 24
PAPER = (255, 255, 255)
INK = (45, 48, 54)
GROUND = (0.925, 0.93, 0.94)
OCCLUDED = (0.90, 0.22, 0.20)
DETECTED, FITTED = (60, 230, 120), (255, 70, 160)
_TURN = 0.7
_LANDMARKS = "landmarks"


def side_by_side(
    photo: np.ndarray,
    crop: CropTransform,
    drawing: FaceDrawing,
    detected: np.ndarray,
    fitted: np.ndarray,
    mask: np.ndarray | None,
) -> Image.Image:
    """Compose the sheet.

    Args:
        photo: (H, W, 3) uint8.
        crop: the crop that the coefficients live in.
        drawing: the reconstructed face.
        detected: (68, 2) landmarks in photo pixels.
        fitted: (68, 2) landmarks of the reconstruction in photo pixels.
        mask: (S, S) visible face in the crop at any size, or None if no network was asked.
    """
    near = crop.resized(TILE)
    picture = planes_of(np.clip(near.crop(photo), 0, 1))
    ground = np.array(GROUND, dtype=np.float32)[:, None, None]
    rendered = drawing.photo_like(TILE)
    upper = {
        "photo": picture,
        "reconstruction over photo": rendered.over(picture),
        "reconstruction": rendered.over(ground),
        "turned": drawing.turned(TILE, _TURN).over(ground),
    }
    lower = {
        _LANDMARKS: picture,
        "face region": _highlighted(picture, rendered.opacity, rendered.opacity),
        "shape": drawing.shape(TILE).over(ground),
        "neutral shape": drawing.neutral_shape(TILE).over(ground),
    }
    if mask is not None:
        visible = _resized(mask) * rendered.opacity
        tiles = list(upper.items())
        tiles.insert(2, ("with what hides it in front", Layer(rendered.colour, visible).over(picture)))
        upper = dict(tiles)
        tiles = list(lower.items())
        tiles[1] = ("visible face (red: hidden)", _highlighted(picture, visible, rendered.opacity))
        tiles.insert(3, ("shape, turned", drawing.turned_shape(TILE, _TURN).over(ground)))
        lower = dict(tiles)
    tiles = [*upper.items(), *lower.items()]
    columns = len(tiles) // ROWS
    width = columns * TILE + (columns + 1) * GAP
    sheet = Image.new("RGB", (width, ROWS * (TILE + LABEL_HEIGHT) + (ROWS + 1) * GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=14)
    for index, (label, tile) in enumerate(tiles):
        row, column = divmod(index, columns)
        left, top = GAP + column * (TILE + GAP), GAP + row * (TILE + LABEL_HEIGHT + GAP)
        image = picture_of(tile)
        if label == _LANDMARKS:
            image = _dotted(image, near.to_crop(detected), near.to_crop(fitted))
        sheet.paste(image, (left, top))
        if label == _LANDMARKS:
            _coloured_label(draw, (left + 2, top + TILE + 5), font)
        else:
            draw.text((left + 2, top + TILE + 5), label, fill=INK, font=font)
    return sheet


def _coloured_label(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], font: ImageFont.ImageFont | ImageFont.FreeTypeFont
) -> None:
    x, y = place
    parts = (("landmarks: ", INK), ("detected", _darker(DETECTED)), (", ", INK), ("fitted", _darker(FITTED)))
    for text, colour in parts:
        draw.text((x, y), text, fill=colour, font=font)
        x += draw.textlength(text, font=font)


def _darker(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = (round(0.72 * value) for value in colour)
    return red, green, blue


def _dotted(image: Image.Image, detected: np.ndarray, fitted: np.ndarray) -> Image.Image:
    # Drawn fourfold and reduced: Pillow's own ellipses have stairs.
    scale = 4
    large = image.resize((TILE * scale, TILE * scale), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(large)
    for x, y in detected * scale:
        r = 3.0 * scale
        draw.ellipse((x - r, y - r, x + r, y + r), outline=DETECTED, width=scale)
    for x, y in fitted * scale:
        r = 1.6 * scale
        draw.ellipse((x - r, y - r, x + r, y + r), fill=FITTED)
    return large.resize((TILE, TILE), Image.Resampling.LANCZOS)


def _highlighted(picture: np.ndarray, visible: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Keep the visible face, tint what hides it, fade everything else to a light grey."""
    grey = picture.mean(axis=0)
    faded = 0.62 + 0.3 * grey
    tinted = 0.45 * picture + 0.55 * np.array(OCCLUDED)[:, None, None]
    return faded * (1 - face) + tinted * (face - visible) + picture * visible


def _resized(mask: np.ndarray) -> np.ndarray:
    image = Image.fromarray(mask.astype(np.float32))
    return np.clip(np.asarray(image.resize((TILE, TILE), Image.Resampling.BILINEAR)), 0, 1)
