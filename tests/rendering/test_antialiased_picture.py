"""Antialiased pictures: bitwise the means of an enlarged interpolated image, without it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seethrough.rendering import Camera, Renderer
from seethrough.rendering.antialiased_picture import antialiased_picture
from tests.rendering.meshes import sphere


def means_of_enlarged(posed, triangles, attributes, camera, samples):
    """Sum samples downwards, then to the right, of a picture that is so many times as large."""
    drawn = Renderer(triangles, camera.resized(camera.height * samples), "cpu")(posed[None], attributes[None])
    large = torch.cat([drawn.image, drawn.mask], dim=1)[0].numpy()
    rows = sum(large[:, k::samples] for k in range(samples))
    return sum(rows[:, :, k::samples] for k in range(samples)) * np.float32(1 / samples**2)


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (-60.0, 35.0, -890.0)])  # whole; beside the picture, cut by near
def test_equals_the_means_of_an_enlarged_image(samples: int, shift: tuple[float, float, float]) -> None:
    posed, triangles = sphere(24, 60.0, (0.0, 0.0, 1000.0))
    posed = posed + posed.new_tensor(shift)
    attributes = torch.rand(len(posed), 4, generator=torch.Generator().manual_seed(0))
    camera = Camera(300.0, 40, 52)
    colour, opacity = antialiased_picture(posed, triangles, attributes, camera, samples)
    wanted = means_of_enlarged(posed, triangles, attributes, camera, samples)
    np.testing.assert_array_equal(colour, wanted[:-1])
    np.testing.assert_array_equal(opacity, wanted[-1])
    assert 0 < (opacity > 0).mean() < 1
    assert set(np.unique(opacity * samples**2).round(6)) <= set(range(samples**2 + 1))


def test_refuses_triangles_beyond_the_vertices() -> None:
    posed, triangles = sphere(6, 60.0, (0.0, 0.0, 1000.0))
    few, attributes = int(triangles.max()), torch.zeros(len(posed), 1)
    for vertices, values in ((posed[:few], attributes), (posed, attributes[:few])):
        with pytest.raises(ValueError, match="triangles use vertex"):
            antialiased_picture(vertices, triangles, values, Camera(300.0, 20, 20))
