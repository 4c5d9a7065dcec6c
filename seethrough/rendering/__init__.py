"""Camera, light, rasterizer and renderer."""

from seethrough.rendering.camera import REST_DISTANCE, Camera, focus_camera, pose, rotation_matrix
from seethrough.rendering.face_renderer import FaceGeometry, FaceRenderer, FaceRendering
from seethrough.rendering.lighting import FOCUS_AMBIENT, shade, spherical_harmonics
from seethrough.rendering.normals import vertex_normals
from seethrough.rendering.renderer import Renderer, Rendering
from seethrough.rendering.visibility import edge_gradient
from seethrough.rendering.warm_up import tell_of_compiling, warm_up

__all__ = [
    "FOCUS_AMBIENT",
    "REST_DISTANCE",
    "Camera",
    "FaceGeometry",
    "FaceRenderer",
    "FaceRendering",
    "Renderer",
    "Rendering",
    "edge_gradient",
    "focus_camera",
    "pose",
    "rotation_matrix",
    "shade",
    "spherical_harmonics",
    "tell_of_compiling",
    "vertex_normals",
    "warm_up",
]
