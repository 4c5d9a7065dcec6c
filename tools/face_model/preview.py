"""A contact sheet of a face model: its mean, first modes, expressions, colours, random faces and landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from seethrough.morphable import FaceModel, FaceParameters
from seethrough.rendering.camera import REST_DISTANCE, Camera
from seethrough.rendering.face_renderer import FaceRenderer
from seethrough.rendering.lighting import spherical_harmonics

TILE = 200
COLUMNS = 8
BACKGROUND = 0.93
UNITS = (
    "jawOpen",
    ("mouthSmileLeft", "mouthSmileRight"),
    ("eyeBlinkLeft", "eyeBlinkRight"),
    "mouthPucker",
    ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "jawOpen"),
    ("noseSneerLeft", "noseSneerRight", "browDownLeft", "browDownRight"),
    ("eyeLookInLeft", "eyeLookOutRight"),
    "cheekPuff",
)


def directional_light(towards: Sequence[float], strength: float, ambient: float) -> Tensor:
    """Return the (27,) coefficients nearest to ambient light plus a Lambertian lamp, without any other ambient.

    Args:
        towards: direction to the lamp in the camera frame (x right, y down, z away from the camera).
        strength: light that a surface facing the lamp gets from it.
        ambient: light from everywhere.
    """
    count = 2048
    turn = torch.arange(count) * 2.399963229728653  # the golden angle: even points on the sphere
    height = 1 - (2 * torch.arange(count) + 1) / count
    ring = (1 - height**2).sqrt()
    normals = torch.stack([ring * turn.cos(), ring * turn.sin(), height], 1)
    lamp = torch.tensor([float(x) for x in towards])
    wanted = ambient + strength * (normals @ (lamp / lamp.norm())).clamp_min(0)
    nine = torch.linalg.lstsq(spherical_harmonics(normals[None])[0], wanted[:, None]).solution[:, 0]
    return nine.repeat(3)


class _Sheet:
    """Renders parameters into tiles."""

    def __init__(self, model: FaceModel, tile: int) -> None:
        self.model = model
        low, high = model.mean.amin(0), model.mean.amax(0)
        # The face fills more of a tile than of a FOCUS crop.
        self.camera = Camera(0.88 * tile * REST_DISTANCE / float(high[1] - low[1]), tile, round(0.92 * tile))
        self.renderer = FaceRenderer(model, self.camera, ambient=0.0, backend="cpu", threads=1)
        middle = (low + high) / 2
        self.shift = torch.tensor([-middle[0], middle[1], 0.0])
        self.light = directional_light((0.35, -0.45, -1.0), 0.5, 0.62)

    def rest(self, batch: int) -> FaceParameters:
        parameters = FaceParameters.zeros(self.model.sizes, batch)
        parameters.illumination = self.light.expand(batch, 27).clone()
        parameters.translation = self.shift.expand(batch, 3).clone()
        return parameters

    @torch.no_grad()
    def render(self, parameters: FaceParameters) -> tuple[Tensor, Tensor]:
        """Return (B, 3, H, W) tiles on a plain background and the (B, 68, 2) landmarks in them."""
        drawn = self.renderer(parameters)
        image = drawn.image.clamp(0, 1) * drawn.mask + BACKGROUND * (1 - drawn.mask)
        return image, drawn.landmarks


def _rows(sheet: _Sheet) -> list[Tensor]:
    """Return rows of COLUMNS tiles each, (COLUMNS, 3, H, W)."""
    sizes = sheet.model.sizes
    generator = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    rows = []
    views = sheet.rest(COLUMNS)
    views.rotation[:, 1] = torch.tensor([0.0, -0.35, 0.35, -0.7, 0.7, -1.1, 0.0, 0.0])
    views.rotation[:, 0] = torch.tensor([0.0, 0, 0, 0, 0, 0, 0.35, -0.35])
    rows.append(sheet.render(views)[0])
    for sign in (2.0, -2.0):
        modes = sheet.rest(COLUMNS)
        for k in range(min(COLUMNS, sizes.identity)):
            modes.identity[k, k] = sign
        rows.append(sheet.render(modes)[0])
    rows.append(sheet.render(_expressions(sheet))[0])
    for sign in (2.0, -2.0):
        colours = sheet.rest(COLUMNS)
        for k in range(min(COLUMNS, sizes.albedo)):
            colours.albedo[k, k] = sign
        rows.append(sheet.render(colours)[0])
    people = sheet.rest(2 * COLUMNS)
    people.identity = normal(*people.identity.shape)
    people.albedo = normal(*people.albedo.shape)
    people.rotation = normal(2 * COLUMNS, 3) * torch.tensor([0.08, 0.3, 0.05])
    drawn = sheet.render(people)[0]
    return [*rows, drawn[:COLUMNS], drawn[COLUMNS:]]


def _expressions(sheet: _Sheet) -> FaceParameters:
    """Return named expressions where the model has names, else its first modes."""
    parameters = sheet.rest(COLUMNS)
    units = sheet.model.expression_units
    for k, names in enumerate(UNITS):
        names = (names,) if isinstance(names, str) else names
        if all(name in units for name in names):
            parameters.expression[k] = sum((units[name] for name in names), torch.zeros(sheet.model.sizes.expression))
        elif k < sheet.model.sizes.expression:
            parameters.expression[k, k] = 2.0
    return parameters


def _landmark_picture(model: FaceModel, size: int) -> Tensor:
    """Return the mean face with numbered landmarks, (3, size, width)."""
    sheet = _Sheet(model, size)
    image, landmarks = sheet.render(sheet.rest(1))
    picture = _to_picture(image[0])
    draw = ImageDraw.Draw(picture)
    for number, (x, y) in enumerate(landmarks[0].tolist()):
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=(0, 90, 255), outline=(255, 255, 255))
        draw.text((x + 3, y - 9), str(number), fill=(0, 0, 0))
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255


def _clay_picture(model: FaceModel, size: int) -> Tensor:
    """Return a random face without colour, so that its shape is seen, (3, size, width)."""
    clay = FaceModel(
        name=model.name,
        mean=model.mean,
        identity_basis=model.identity_basis,
        expression_basis=model.expression_basis,
        albedo_mean=torch.full_like(model.albedo_mean, 0.72),
        albedo_basis=torch.zeros_like(model.albedo_basis[:1]),
        triangles=model.triangles,
        landmarks=model.landmarks,
        now_landmarks=model.now_landmarks,
        mirror=model.mirror,
        uv=model.uv,
    )
    sheet = _Sheet(clay, size)
    face = sheet.rest(1)
    face.identity = torch.randn(face.identity.shape, generator=torch.Generator().manual_seed(11))
    face.rotation[:, 1] = -0.5
    return sheet.render(face)[0][0]


def _to_picture(image: Tensor) -> Image.Image:
    return Image.fromarray((image.permute(1, 2, 0) * 255).round().byte().numpy())


def contact_sheet(model: FaceModel, out_png: str | Path, tile: int = TILE) -> Path:
    """Draw a contact sheet of a face model.

    Rows: the mean in eight views; +2 and -2 standard deviations of the first eight identity modes; expressions; +2 and
    -2 of the first eight albedo modes; sixteen random faces. Beside them: the numbered landmarks, and the shape of one
    random face without its colours.

    Args:
        model: any face model.
        out_png: the picture to write (the ending decides the format).
        tile: height of one face, px.
    """
    rows = [torch.cat(list(row), dim=2) for row in _rows(_Sheet(model, tile))]
    grid = torch.cat(rows, dim=1)
    large = grid.shape[1] // 2
    column = torch.cat([_landmark_picture(model, large), _clay_picture(model, large)], dim=1)
    out = Path(out_png)
    out.parent.mkdir(parents=True, exist_ok=True)
    _to_picture(torch.cat([grid, column], dim=2)).save(out)
    return out
