"""The face of a scene: decoded, posed, lit, rasterized at twice the resolution, painted with its skin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from datamodules.synthetic.face_pixels import SUPERSAMPLING, add_modes, paint_pixels, place
from datamodules.synthetic.light import irradiance, polynomial
from datamodules.synthetic.mouth import mouth_inside
from datamodules.synthetic.scene import Scene
from datamodules.synthetic.skin import Complexion, displace, gloss
from datamodules.synthetic.skin_map import skin_map
from seethrough.morphable import FaceModel
from seethrough.rendering.camera import REST_DISTANCE, Camera, focus_camera, rotation_matrix
from seethrough.rendering.normals import vertex_normals
from seethrough.rendering.renderer import Renderer

_HIDDEN_MM = 6.0
_SKIN_LANDMARKS = (2, 14, 30, 31, 35, 5, 11)


@dataclass
class PaintedFace:
    """A face without surroundings.

    Attributes:
        colour: (S, S, 3) float32 lit RGB times coverage.
        coverage: (S, S) float32, share of each pixel that the face covers.
        landmarks: (68, 2) float32 px.
        landmark_points: (68, 3) float32 mm, camera frame.
        facing: (68,) bool, landmarks that nothing of the face itself hides.
        rotation: (3, 3) model frame -> camera frame.
        origin: (3,) mm, camera frame.
        focal: of the camera, px.
        light: (3, 9) polynomial of the light.
        skin: (3,) mean albedo.
        skull: (3,) albedo at the upper border of the face.
        forehead: (3,) mm, camera frame, the highest point of the face in the middle.
    """

    colour: np.ndarray
    coverage: np.ndarray
    landmarks: np.ndarray
    landmark_points: np.ndarray
    facing: np.ndarray
    rotation: np.ndarray
    origin: np.ndarray
    focal: float
    light: np.ndarray
    skin: np.ndarray
    skull: np.ndarray
    forehead: np.ndarray


class FacePainter:
    """Paints the faces of scenes for one model and picture size.

    A picture must have the same bits whatever is rendered along with it, so nothing here goes through a matrix product
    over a batch, whose order of summation depends on the size of the batch and the number of threads.
    """

    def __init__(self, model: FaceModel, size: int) -> None:
        self.model, self.size = model, size
        self.camera: Camera = focus_camera(size)
        self.renderer = Renderer(model.triangles, focus_camera(size * SUPERSAMPLING), backend="cpu", threads=1)
        self._triangles = model.triangles.numpy()
        self._landmarks = model.landmarks.numpy()
        self._shape = (_flat(model.mean), _flat(model.identity_basis), _flat(model.expression_basis))
        self._albedo = (_flat(model.albedo_mean), _flat(model.albedo_basis))
        self._map = skin_map(model)
        places = self.places = self._map.places
        fixed = [*places.T, self._map.brows, self._map.beard, self._map.freckles, self._map.hairline]
        self._fixed = np.stack(fixed, 1)
        mean = model.mean.numpy()
        face = np.ones(len(mean), bool) if "face" not in model.regions else model.regions["face"].numpy() > 0.5
        self._crown = int(np.argmax(np.where(face, mean[:, 1] - 0.5 * np.abs(mean[:, 0]), -np.inf)))
        self._top = np.argsort(np.where(face, mean[:, 1], -np.inf))[-max(len(mean) // 60, 3) :]
        samples = self._skin_samples = model.landmarks.numpy()[list(_SKIN_LANDMARKS)]
        palette = [model.albedo_mean.numpy()[samples].mean(0), *model.albedo_basis.numpy()[:, samples].mean(1)]
        self.palette = np.stack(palette).astype(np.float64)

    def decode(self, scenes: Sequence[Scene]) -> tuple[np.ndarray, np.ndarray]:
        """Return vertices (B, V, 3) in mm, model frame, and albedo (B, V, 3) of some scenes.

        Together they cost less memory traffic than one by one, and every sum has the same order and the same bits.
        """
        mean, identity_basis, expression_basis = self._shape
        vertices = np.repeat(mean[None], len(scenes), 0)
        add_modes(vertices, identity_basis, np.stack([scene.identity for scene in scenes]))
        add_modes(vertices, expression_basis, np.stack([scene.expression for scene in scenes]))
        albedo = np.repeat(self._albedo[0][None], len(scenes), 0)
        add_modes(albedo, self._albedo[1], np.stack([scene.albedo for scene in scenes]))
        return vertices.reshape(len(scenes), -1, 3), albedo.reshape(len(scenes), -1, 3)

    def paint(self, scene: Scene, vertices: np.ndarray, albedo: np.ndarray, complexion: Complexion) -> PaintedFace:
        """Paint one face on nothing, from its decoded (V, 3) vertices and albedo."""
        albedo = self._made_up(albedo, complexion)
        rotation = rotation_matrix(torch.from_numpy(scene.rotation)[None])[0].numpy()
        origin = (scene.translation + np.array([0.0, 0.0, REST_DISTANCE])).astype(np.float32)
        posed = place(vertices, rotation, origin)
        points = posed[self._landmarks]
        normals = self._normals(posed)
        bump = complexion.amounts[7]
        if bump > 0:
            displace(posed, normals, self._map.places, complexion.fields[0], *complexion.offsets[4:6], bump)
            normals = self._normals(posed)

        light = polynomial(scene.illumination)
        lit, shine = self._vertex_light(vertices, posed, normals, light, complexion)
        marks = vertices[self._landmarks]
        inside = mouth_inside(marks, rotation, origin, self.camera.focal, complexion.amounts[9], scene, light)

        rast = self.renderer.rasterize(torch.from_numpy(posed)[None])[1][0].numpy()
        size = self.size
        colour, coverage = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32)
        depth = np.full(rast.shape[:2], np.inf, np.float32)
        # One row a vertex: a triangle's corners are three cache lines, not thirty.
        attributes = np.concatenate([posed[:, 2:], self._fixed, albedo, lit, shine[:, None]], 1, dtype=np.float32)
        person = (complexion.amounts, complexion.fields, complexion.offsets, complexion.hair)
        paint_pixels(rast, self._triangles, self._map.mouth, inside, attributes, *person, colour, coverage, depth)
        projected = points[:, :2] / points[:, 2:] * np.float32(self.camera.focal) + np.float32(size / 2)
        return PaintedFace(
            colour=colour,
            coverage=coverage,
            landmarks=projected,
            landmark_points=points,
            facing=self._facing(projected, points, normals, depth),
            rotation=rotation,
            origin=origin,
            focal=self.camera.focal,
            light=light,
            skin=albedo[self._skin_samples].mean(0).astype(np.float32),
            skull=albedo[self._top].mean(0).astype(np.float32),
            forehead=posed[self._crown].astype(np.float64),
        )

    def _made_up(self, albedo: np.ndarray, complexion: Complexion) -> np.ndarray:
        """Return (V, 3) albedo with lipstick and make-up."""
        lips = (self._map.lips * complexion.lipstick[3])[:, None]
        albedo = albedo + lips * (complexion.lipstick[:3] - albedo)
        for weight, paint in zip(self._map.make_up, complexion.make_up, strict=True):
            if paint[3] > 0:
                albedo += (weight * paint[3])[:, None] * (paint[:3] - albedo)
        return np.clip(albedo, 0.01, 1.0)

    def _vertex_light(
        self, vertices: np.ndarray, posed: np.ndarray, normals: np.ndarray, light: np.ndarray, complexion: Complexion
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the light (V, 3) that falls on each vertex and its highlight (V,)."""
        lit = np.empty_like(normals)
        irradiance(light, normals, lit)
        shine = np.empty(len(posed), np.float32)
        brightness, towards = float(light[:, 0].mean()), towards_light(light)
        gloss(normals, posed, towards, complexion.amounts[6] * brightness, 18.0, shine)
        if complexion.amounts[10] > 0:
            self._wet_eyes(vertices, posed, normals, towards, complexion.amounts[10] * brightness, lit, shine)
        return lit, shine

    def _wet_eyes(
        self,
        vertices: np.ndarray,
        posed: np.ndarray,
        normals: np.ndarray,
        towards: np.ndarray,
        strength: float,
        lit: np.ndarray,
        shine: np.ndarray,
    ) -> None:
        """Give the eyeballs the glint of the light and the shade of the upper lids, in ``shine`` and ``lit``."""
        eyes = self._map.eyeballs
        if not len(eyes):
            return
        # What is reflected is rarely straight at the side: windows, skies and lamps lie above and before a face.
        lamp = towards + np.array([0.0, -0.35, -0.7])
        glint = np.empty(len(eyes), np.float32)
        gloss(normals[eyes], posed[eyes], lamp / np.linalg.norm(lamp), strength, 90.0, glint)
        shine[eyes] = glint
        marks, place = vertices[self._landmarks], vertices[eyes]
        left = place[:, 0] < marks[27, 0]
        lid = np.where(left, marks[[37, 38], 1].mean(), marks[[43, 44], 1].mean())
        open_by = np.where(left, marks[[40, 41], 1].mean(), marks[[46, 47], 1].mean()) - lid
        height = np.clip((place[:, 1] - lid) / np.minimum(open_by, -2.0), 0.0, 1.0)
        lit[eyes] *= (1 - 0.55 * np.exp(-((height / 0.45) ** 2)) - 0.08)[:, None].astype(np.float32)

    def _normals(self, posed: np.ndarray) -> np.ndarray:
        return vertex_normals(torch.from_numpy(posed)[None], self.renderer.on(torch.device("cpu"))[1], threads=1)[
            0
        ].numpy()

    def _facing(self, projected: np.ndarray, points: np.ndarray, normals: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Tell which landmarks are neither turned away nor behind another part of the face."""
        turned = (normals[self._landmarks] * points).sum(1) < 0.25 * np.linalg.norm(points, axis=1)
        side = depth.shape[0]
        column = (projected * SUPERSAMPLING).astype(int)
        inside = ((column >= 0) & (column < side)).all(1)
        column = column.clip(0, side - 1)
        return turned & inside & (points[:, 2] < depth[column[:, 1], column[:, 0]] + _HIDDEN_MM)


def _flat(tensor: torch.Tensor) -> np.ndarray:
    array = tensor.numpy()
    return np.ascontiguousarray(array.reshape(-1) if array.ndim == 2 else array.reshape(array.shape[0], -1))


def towards_light(light: np.ndarray) -> np.ndarray:
    """Return the unit direction that most light comes from, camera frame."""
    direction = light[:, 1:4].mean(0).astype(np.float64)
    return direction / max(np.linalg.norm(direction), 1e-6)
