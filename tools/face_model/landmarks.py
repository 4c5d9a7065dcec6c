"""The 68 iBUG landmarks as vertices of the MakeHuman base mesh, and the 7 of the NoW benchmark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# The landmark on the other side of the face, 0-based iBUG numbers.
MIRRORED = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)
NOW = (36, 39, 42, 45, 33, 48, 54)

# Landmark -> base mesh vertex, for the viewer's left side and the midline.
VERTICES: dict[int, int] = {
    0: 5564,
    1: 867,
    2: 5092,
    3: 910,
    4: 735,
    5: 5298,
    6: 5295,
    7: 5292,
    8: 747,
    17: 262,
    18: 231,
    19: 229,
    20: 223,
    21: 228,
    27: 132,
    28: 135,
    29: 164,
    30: 294,
    31: 344,
    32: 313,
    33: 317,
    36: 1064,
    37: 0,
    38: 54,
    39: 69,
    40: 47,
    41: 41,
    48: 3707,
    49: 5351,
    50: 460,
    51: 466,
    57: 492,
    58: 486,
    59: 484,
    60: 437,
    61: 472,
    62: 474,
    66: 494,
    67: 487,
}

# Landmark -> (dx, dy) in mm, front view: how far its vertex slides along the surface of the mean face to the point
# where a landmark detector puts it; for the coarse parts of the mesh, brows and jaw. Viewer's left side and midline.
SLIDES: dict[int, tuple[float, float]] = {
    1: (-2.0, 1.1),
    2: (-1.0, -1.6),
    3: (-1.1, -2.0),
    4: (0.1, -2.6),
    5: (-0.9, 1.1),
    6: (1.4, 0.0),
    7: (-2.9, 1.0),
    8: (0.0, 2.3),
    17: (0.6, -1.3),
    18: (-3.6, -2.2),
    19: (1.4, -2.4),
    20: (5.3, -1.0),
    21: (-2.8, -1.4),
}


def slides(vertices: NDArray[np.int64], mirror: NDArray[np.int64]) -> dict[int, tuple[float, float]]:
    """Return face vertex -> (dx, dy) for both sides.

    Args:
        vertices: (68,) landmarks as vertices of the face mesh.
        mirror: (V,) mirror map of the face mesh.
    """
    found: dict[int, tuple[float, float]] = {}
    for landmark, (dx, dy) in SLIDES.items():
        vertex = int(vertices[landmark])
        found[vertex] = (dx, dy)
        if mirror[vertex] != vertex:
            found[int(mirror[vertex])] = (-dx, dy)
    return found


def landmark_vertices(mirror: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the 68 base mesh vertices in iBUG order; ``mirror`` is the base mesh's mirror map."""
    found = np.full(68, -1, dtype=np.int64)
    for landmark, vertex in VERTICES.items():
        found[landmark] = vertex
        found[MIRRORED[landmark]] = mirror[vertex] if MIRRORED[landmark] != landmark else vertex
    return found
