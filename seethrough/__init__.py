"""Seethrough: 3D face reconstruction that sees through occlusions.

Conventions, kept everywhere in the library:

Units
    millimetres, pixels, radians.
Images
    RGB, float32 in [0, 1], shape (B, 3, H, W); row 0 is the top row. Masks are (B, 1, H, W) with 1 = visible face.
Pixels
    Coordinates are (x, y) with x to the right and y down; the centre of the top left pixel is (0.5, 0.5).
Model frame
    Vertices of a :class:`~seethrough.morphable.FaceModel`: x to the viewer's right (the person's left), y up, z out
    of the face towards the viewer; the origin lies inside the head, near the middle of the face.
Camera frame
    x right, y down, z forward (away from the camera). Depth is z, in millimetres. Normals and light live here.
    A face at rest stands 1000 mm in front of the camera and looks at it.
Coefficients
    In standard deviations, about N(0, 1) under the model; zero is the mean face, neutral, with mean albedo.
Bump
    Millimetres towards the camera; depth of the detailed surface is z' = z - bump.
"""

from seethrough.compile_cache import provide_compile_cache

__version__ = "0.1.0"

provide_compile_cache()  # here, because it has to come before the first import of numba
