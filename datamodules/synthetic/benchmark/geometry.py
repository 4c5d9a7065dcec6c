"""Depth, normals and relief of the face in a picture, as the generator knows them."""

from __future__ import annotations

import numba
import numpy as np
import torch

from datamodules.synthetic.generator import SceneRenderer
from datamodules.synthetic.scene import Scene
from datamodules.synthetic.skin import displace, random_complexion
from datamodules.synthetic.streams import Factor
from seethrough.rendering.camera import REST_DISTANCE, rotation_matrix
from seethrough.rendering.normals import vertex_normals
from seethrough.rendering.renderer import Renderer


class GeometryPainter:
    """Draws the geometry of the faces of a :class:`~datamodules.synthetic.generator.SceneRenderer`."""

    def __init__(self, renderer: SceneRenderer) -> None:
        self._scenes = renderer
        model = renderer.painter.model
        self._triangles = model.triangles
        self._rasterizer = Renderer(model.triangles, renderer.painter.camera, backend="cpu", threads=1)

    def paint(self, scene: Scene) -> dict[str, np.ndarray]:
        """Return the geometry of one scene, occluder or not.

        Returns:
            depth: (S, S) float32 mm along the optical axis, with the small bumps of the skin; NaN where no face is.
            normals: (S, S, 3) float32 unit, outward, camera frame; NaN where no face is.
            bump: (S, S) float32 mm, how much nearer to the camera the skin lies than the face model has it; NaN there.
            vertices_neutral: (V, 3) float32 mm, model frame, without expression, pose and bumps.
            vertices_posed: (V, 3) float32 mm, camera frame, with expression and pose, without bumps.
        """
        painter = self._scenes.painter
        vertices = painter.decode([scene])[0][0]
        neutral = painter.decode([scene.with_neutral_expression()])[0][0]
        rotation = rotation_matrix(torch.from_numpy(scene.rotation)[None])[0].numpy()
        origin = (scene.translation + np.array([0.0, 0.0, REST_DISTANCE])).astype(np.float32)
        posed = (vertices @ rotation.T + origin).astype(np.float32)
        complexion = random_complexion(scene.stream(Factor.DETAIL), self._scenes.textures, self._scenes.config.detail)
        bumpy = posed.copy()
        places = painter.places
        if complexion.amounts[7] > 0:
            bump, (right, down) = complexion.amounts[7], complexion.offsets[4:6]
            displace(bumpy, self._normals(posed), places, complexion.fields[0], right, down, bump)
        rast = self._rasterizer.rasterize(torch.from_numpy(bumpy)[None])[1][0].numpy()
        attributes = np.concatenate([bumpy[:, 2:], self._normals(bumpy), posed[:, 2:] - bumpy[:, 2:]], 1)
        maps = np.full((*rast.shape[:2], 5), np.nan, np.float32)
        interpolate(rast, self._triangles.numpy(), attributes.astype(np.float32), maps)
        normals = maps[..., 1:4] / np.linalg.norm(maps[..., 1:4], axis=-1, keepdims=True)
        return {
            "depth": maps[..., 0],
            "normals": normals,
            "bump": maps[..., 4],
            "vertices_neutral": neutral.astype(np.float32),
            "vertices_posed": posed,
        }

    def _normals(self, posed: np.ndarray) -> np.ndarray:
        faces = self._rasterizer.on(torch.device("cpu"))[1]
        return vertex_normals(torch.from_numpy(posed)[None], faces, threads=1)[0].numpy()


@numba.njit(cache=True)
def interpolate(rast, triangles, attributes, out):
    """Write (V, C) ``attributes`` at each pixel of an (S, S, 4) rasterization into ``out`` (S, S, C)."""
    for i in range(rast.shape[0]):
        for j in range(rast.shape[1]):
            triangle = int(rast[i, j, 3]) - 1
            if triangle < 0:
                continue
            u, v = rast[i, j, 0], rast[i, j, 1]
            a, b, c = triangles[triangle, 0], triangles[triangle, 1], triangles[triangle, 2]
            for k in range(attributes.shape[1]):
                out[i, j, k] = u * attributes[a, k] + v * attributes[b, k] + (1 - u - v) * attributes[c, k]
