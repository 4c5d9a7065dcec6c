"""The contact sheet: it draws any model, and its light is what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from seethrough.rendering.lighting import spherical_harmonics
from tests.small_face import small_face_model
from tools.face_model.preview import contact_sheet, directional_light


def test_contact_sheet_of_any_model(tmp_path):
    out = contact_sheet(small_face_model(), tmp_path / "new" / "sheet.png", tile=40)
    pixels = np.asarray(Image.open(out), dtype=float)
    height, width, _ = pixels.shape
    assert height == 8 * 40 and width > 8 * 37
    for row in range(8):  # each row shows something, on a plain background
        strip = pixels[row * 40 : row * 40 + 40, : 8 * 37]
        assert strip.std() > 10 and np.ptp(strip[0], axis=0).max() < 60


def test_light_is_brighter_towards_the_lamp():
    light = directional_light((0.0, 0.0, -1.0), 0.5, 0.6)
    normals = torch.tensor([[[0.0, 0, -1], [1, 0, 0], [0, 0, 1]]])
    facing, aside, away = (spherical_harmonics(normals)[0] @ light[:9]).tolist()
    # Degree two of a clamped cosine: 1/4 + 1/2 c + 5/32 (3 c^2 - 1).
    assert facing == pytest.approx(0.6 + 0.5 * (1 / 4 + 1 / 2 + 5 / 16), abs=0.01)
    assert aside == pytest.approx(0.6 + 0.5 * (1 / 4 - 5 / 32), abs=0.01)
    assert away == pytest.approx(0.6 + 0.5 * (1 / 4 - 1 / 2 + 5 / 16), abs=0.01)
    assert torch.equal(light[:9], light[9:18])
