"""Hair that rises from the skull at the hairline."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.synthetic.bodies import CAP, NOTHING, SKULL, draw_bodies, grown, outside_hair

SIZE, FOCAL, DISTANCE, THICK = 96, 300.0, 1000.0, 30.0
HEAD = np.array([0.0, 0.0, DISTANCE])


def ellipsoids(*radii: float) -> tuple[np.ndarray, np.ndarray]:
    matrices = np.stack([np.eye(3) / radius for radius in radii])
    return -np.einsum("kij,j->ki", matrices, HEAD), matrices


ORIGINS, MATRICES = ellipsoids(90.0, 90.0 + THICK)
PLANE = np.array([0.0, -1.0, 0.0, 10.0])
"""Hair grows from 10 mm above the middle upwards (y points down)."""


@pytest.mark.parametrize("rise", [12.0, 45.0])
def test_hair_begins_at_the_skull_and_reaches_its_full_height(rise: float) -> None:
    rng = np.random.default_rng(0)
    heights: list[tuple[float, float]] = []
    for dx, dy in rng.uniform(-0.13, 0.13, (600, 2)):
        a, b = dx * dx + dy * dy + 1, DISTANCE
        roots = [b * b - a * (b * b - radius * radius) for radius in (90.0 + THICK, 90.0)]
        if roots[0] <= 0:
            continue
        begin = (b - roots[0] ** 0.5) / a
        end = (b - roots[1] ** 0.5) / a if roots[1] > 0 else (b + roots[0] ** 0.5) / a
        t = grown(dx, dy, begin, end, MATRICES, ORIGINS, 1, PLANE, PLANE[3], rise, HEAD)
        if t < 0:
            continue
        x, y, z = t * dx, t * dy, t
        assert outside_hair(x, y, z, MATRICES, ORIGINS, 1, PLANE, PLANE[3], rise, HEAD) < 1e-9
        heights.append((-y - PLANE[3], float(np.linalg.norm([x, y, z - DISTANCE])) - 90.0))
    above, height = np.array(heights).T
    assert len(above) > 100
    assert above.min() > 0
    assert np.abs(height[above > rise] - THICK).max() < 0.5
    near = above < 0.1 * rise
    assert near.sum() >= 3
    assert height[near].max() < 0.25 * THICK
    assert height.max() < THICK + 1e-6


@pytest.mark.parametrize("rise", [0.0, 45.0])
def test_beside_the_hairline_nothing_hovers(rise: float) -> None:
    materials = np.array([SKULL, CAP])
    picture, drawn = np.zeros((SIZE, SIZE, 3), np.float32), np.empty((SIZE, SIZE), np.int8)
    strands = np.full((SIZE, SIZE), 0.5, np.float32)
    light = np.zeros((3, 9), np.float32)
    light[:, 0] = 1
    colours, coverage = np.full((7, 3), 0.5, np.float32), np.zeros((SIZE, SIZE), np.float32)
    coverage[:4] = 1
    scene = (HEAD, FOCAL, light, colours, strands, strands, 1e6, coverage, picture, drawn)
    draw_bodies(ORIGINS, MATRICES, materials, PLANE, rise, *scene)
    assert set(np.unique(drawn)) == {NOTHING, SKULL, CAP}
    assert (drawn[:4] == NOTHING).all()
    assert np.array_equal(picture.any(-1), drawn != NOTHING)
    # The outline of the lowest row with hair: a shell that is cut off stands out from the skull there.
    widths = (drawn != NOTHING).sum(1)
    lowest = int(np.flatnonzero((drawn == CAP).any(1))[-1])
    jump = widths[lowest] - widths[lowest + 1]
    assert jump >= 12 if rise == 0 else jump <= 4
