"""Which vertices of a posed face the camera sees well enough to take their places from the depth map."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from seethrough.details.foundation import Foundation
from seethrough.details.symmetry.map_sampling import nearest_in_depth, pixel_coordinates
from seethrough.details.symmetry.settings import SymmetrySettings
from seethrough.meshes import surface_normals
from seethrough.rendering.camera import Camera
from seethrough.rendering.renderer import Renderer

# Released code: exp(-0.2 c), a Gaussian over 5 x 5 pixels, the smallest of 11 x 11.
_CROWDING, _BLUR, _BLUR_REACH, _WINDOW = 0.2, 1.1, 2, 11


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (V, 3) unit normals, area-weighted over the triangles around; (0, 0, -1) where there is none.

    Args:
        vertices: (V, 3) mm.
        triangles: (T, 3) counter-clockwise seen from outside.
    """
    return surface_normals.vertex_normals(vertices, triangles, (0.0, 0.0, -1.0))


def vertex_scores(
    vertices: np.ndarray,
    normals: np.ndarray,
    camera: Camera,
    depth: np.ndarray,
    trusted: np.ndarray,
    settings: SymmetrySettings,
    frontal: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Score how well each vertex is seen: (V,) in [0, 1], 0 where it is not; see ``settings.visibility``.

    Args:
        vertices: (V, 3) mm, camera frame.
        normals: (V, 3) unit, outward.
        camera: of the maps.
        depth: (H, W) mm of the posed face, 0 where there is none.
        trusted: (H, W) bool, pixels whose detailed depth counts.
        settings: for their visibility and their tolerance.
        frontal: for ``frontal``: (H, W) depth of the same face seen from the front by the same camera, 0 where there is
            none, and the rotation (3, 3) and translation (3,) as one (3, 4) matrix that take it to its pose.
    """
    places = pixel_coordinates(vertices, camera)
    cosine = -(normals * vertices).sum(1) / np.linalg.norm(vertices, axis=1)
    if settings.visibility == "normals":
        seen = nearest_in_depth(depth, trusted, places, vertices[:, 2]) < np.inf
        return np.where(seen & (cosine > 0), 1.0, 0.0)
    near = nearest_in_depth(depth, trusted, places, vertices[:, 2]) < settings.depth_tolerance
    if settings.visibility == "facing":
        return np.where(near, np.clip(cosine, 0.0, 1.0), 0.0)
    if frontal is None:
        raise ValueError("visibility 'frontal' needs the frontal depth")
    sampled = ndimage.minimum_filter(_uncrowded(depth, frontal, camera, settings.depth_tolerance), _WINDOW)
    column, row = np.clip(np.floor(places), 0, [camera.width - 1, camera.height - 1]).astype(np.int64).T
    return np.where(near, sampled[row, column], 0.0)


def frontal_depth(foundation: Foundation, rotation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn a posed face to the camera about its middle and draw its depth.

    Args:
        foundation: the posed face.
        rotation: (3, 3) camera frame -> model frame (y up, z towards the viewer).

    Returns:
        (H, W) mm and the (3, 4) matrix that takes its points back to the pose, as :func:`vertex_scores` wants them.
    """
    flip = np.diag([1.0, -1.0, -1.0])
    turn = flip @ rotation
    vertices = foundation.vertices.double().cpu().numpy()
    middle = (vertices.min(0) + vertices.max(0)) / 2
    ahead = np.array([0.0, 0.0, np.linalg.norm(middle)])
    turned = (vertices - middle) @ turn.T + ahead
    camera = foundation.camera
    centred = Camera(camera.focal, camera.height, camera.width, camera.near, camera.far)
    renderer = Renderer(foundation.triangles.cpu(), centred, "cpu")
    drawn = renderer.depth(torch.from_numpy(turned)[None].float())[0][0, 0]
    return drawn.double().numpy(), np.concatenate([turn.T, (middle - turn.T @ ahead)[:, None]], axis=1)


def visible_vertices(scores: np.ndarray, settings: SymmetrySettings) -> np.ndarray:
    """Return (V,) bool: scores that reach what the settings ask for."""
    least = {"facing": settings.facing, "normals": 0.5, "frontal": settings.sampled}[settings.visibility]
    return scores >= max(least, 1e-9)


def _uncrowded(
    depth: np.ndarray, frontal: tuple[np.ndarray, np.ndarray], camera: Camera, tolerance: float
) -> np.ndarray:
    """Return (H, W): exp(-0.2 c) with c further pixels of the frontal view on a pixel (Hassner et al., CVPR 2015)."""
    drawn, matrix = frontal
    row, column = np.nonzero(drawn)
    z = drawn[row, column]
    x = (column + 0.5 - camera.width / 2) / camera.focal * z
    y = (row + 0.5 - camera.height / 2) / camera.focal * z
    points = np.stack([x, y, z], axis=1) @ matrix[:, :3].T + matrix[:, 3]
    places = pixel_coordinates(points, camera)
    hit = nearest_in_depth(depth, depth > 0, places, points[:, 2]) < tolerance
    column, row = np.floor(places[hit]).astype(np.int64).T
    inside = (row >= 0) & (row < camera.height) & (column >= 0) & (column < camera.width)
    size = camera.height * camera.width
    count = np.bincount(row[inside] * camera.width + column[inside], minlength=size).reshape(depth.shape)
    further = np.maximum(count - 1.0, 0.0)
    return np.exp(-_CROWDING * ndimage.gaussian_filter(further, _BLUR, radius=_BLUR_REACH))
