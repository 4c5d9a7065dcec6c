"""The face of a scene with its relief: geometry, bump, and a picture whose shading is that of the geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from datamodules.detail.config import DetailSceneConfig
from datamodules.detail.framing import frame
from datamodules.detail.relief import ReliefPainter
from datamodules.detail.skin_pixels import paint
from datamodules.detail.surface import compare, detailed_normals, fold_shadows, gather, raise_along_rays
from datamodules.synthetic.face import FacePainter, PaintedFace, towards_light
from datamodules.synthetic.face_pixels import SUPERSAMPLING, add_modes, place
from datamodules.synthetic.light import irradiance, polynomial
from datamodules.synthetic.mouth import mouth_inside
from datamodules.synthetic.scene import Scene
from datamodules.synthetic.skin import Complexion, gloss
from datamodules.synthetic.streams import Factor, Seed
from seethrough.morphable import FaceModel
from seethrough.rendering.camera import REST_DISTANCE, rotation_matrix

FIELD_MM = 278.0
"""About what the crop spans at the face, mm; it sets the resolution of the chart and nothing else."""


@dataclass
class DetailedFace(PaintedFace):
    """A painted face and its geometry.

    Attributes:
        scene: the scene with the place that the framing gave it.
        foundation: (S, S) float32 mm, depth of the foundation; 0 outside ``defined``.
        bump: (S, S) float32 mm towards the camera, foundation depth less detailed depth; 0 outside ``defined``.
        normals: (S, S, 3) float32, mean of the unit normals of a pixel, camera frame; 0 where there is no face.
        defined: (S, S) bool, one and the same surface in foundation and detail.
        age: of the person, years.
    """

    scene: Scene
    foundation: np.ndarray
    bump: np.ndarray
    normals: np.ndarray
    defined: np.ndarray
    age: float


class DetailPainter(FacePainter):
    """Paints the faces of scenes with their relief; a scene has the same bits whatever is rendered along with it."""

    def __init__(self, model: FaceModel, config: DetailSceneConfig, seed: Seed) -> None:
        super().__init__(model, config.image_size)
        self.config = config
        side = config.image_size * SUPERSAMPLING
        texel = float(np.clip(0.9 * FIELD_MM / side, 0.2, 1.0))
        self.relief = ReliefPainter(model, self.places, texel, seed, config.relief)
        skin = np.ones(len(model.mean), np.float32)
        skin[self._map.eyeballs] = 0
        self._skin = skin[:, None]
        self._to_foundation = foundation_projection(model, config.foundation_modes)

    def paint(self, scene: Scene, vertices: np.ndarray, albedo: np.ndarray, complexion: Complexion) -> DetailedFace:
        """Paint one face on nothing, from its decoded (V, 3) vertices and albedo, framed as the detail crop is."""
        size, albedo = self.size, self._made_up(albedo, complexion)
        rotation = rotation_matrix(torch.from_numpy(scene.rotation)[None])[0].numpy()
        marks = vertices[self._landmarks]
        scene, focal = frame(scene, marks, rotation, size, self.config.crop_jitter)
        origin = (scene.translation + np.array([0.0, 0.0, REST_DISTANCE])).astype(np.float32)
        posed = place(vertices, rotation, origin)
        normals = self._normals(posed)
        light = polynomial(scene.illumination)
        lit, shine = self._vertex_light(vertices, posed, normals, light, complexion)
        inside = mouth_inside(marks, rotation, origin, focal, complexion.amounts[9], scene, light)

        relief = self.relief.paint(scene)
        rast = self._rasterized(posed, focal)
        parts = [posed[:, 2:], self._fixed[:, :2], normals, self._skin, self._fixed[:, 2:], albedo, lit, shine[:, None]]
        attributes = np.concatenate(parts, 1, dtype=np.float32)
        count = int((rast[..., 3] > 0).sum())
        number, rows = np.empty(rast.shape[:2], np.int32), np.empty((count, 2), np.int32)
        mixed = gather(rast, self._triangles, attributes, number, rows)
        chart = self.relief.chart
        half, fine_focal = float(size * SUPERSAMPLING / 2), focal * SUPERSAMPLING
        bump, cosine = np.empty(count, np.float32), np.empty(count, np.float32)
        edges = (chart.left, chart.bottom, chart.texel)
        raise_along_rays(mixed, rows, fine_focal, half, relief.height, *edges, bump, cosine)
        fine = np.empty((count, 3), np.float32)
        detailed_normals(mixed, rows, number, fine_focal, half, bump, cosine, fine)

        shaded = self._shaded(scene, mixed, rows, number, focal, bump, fine, light, complexion)
        colour, coverage = np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32)
        person = (complexion.amounts, complexion.fields, complexion.offsets)
        spots = np.stack([relief.brown, relief.red]) * np.float32(self.config.detail)
        paint(
            mixed,
            rows,
            rast,
            self._map.mouth,
            inside,
            *shaded[:2],
            relief.openness,
            *shaded[2:],
            np.array(edges, np.float32),
            spots,
            person,
            complexion.hair,
            colour,
            coverage,
        )
        foundation, whole, defined, pixel_normals = self._depths(
            scene, vertices, rotation, origin, focal, mixed, number, bump, fine
        )
        points = posed[self._landmarks]
        projected = points[:, :2] / points[:, 2:] * np.float32(focal) + np.float32(size / 2)
        depth = np.where(number >= 0, mixed[np.maximum(number, 0), 0], np.float32(np.inf))
        return DetailedFace(
            colour=colour,
            coverage=coverage,
            landmarks=projected,
            landmark_points=points,
            facing=self._facing(projected, points, normals, depth),
            rotation=rotation,
            origin=origin,
            focal=focal,
            light=light,
            skin=albedo[self._skin_samples].mean(0).astype(np.float32),
            skull=albedo[self._top].mean(0).astype(np.float32),
            forehead=posed[self._crown].astype(np.float64),
            scene=scene,
            foundation=foundation,
            bump=whole,
            normals=pixel_normals,
            defined=defined,
            age=relief.age,
        )

    def _rasterized(self, posed: np.ndarray, focal: float) -> np.ndarray:
        """Rasterize as a camera of another focal length would: wider angles are points farther aside."""
        stretched = posed.copy()
        stretched[:, :2] *= np.float32(focal / self.camera.focal)
        return self.renderer.rasterize(torch.from_numpy(stretched)[None])[1][0].numpy()

    def _shaded(
        self,
        scene: Scene,
        mixed: np.ndarray,
        rows: np.ndarray,
        number: np.ndarray,
        focal: float,
        bump: np.ndarray,
        normals: np.ndarray,
        light: np.ndarray,
        complexion: Complexion,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return light (N, 3), highlight (N,), share of directional light (N,) and the strengths that paint takes."""
        rng = scene.stream(Factor.RELIEF)
        config, fine_focal, half = self.config, focal * SUPERSAMPLING, float(self.size * SUPERSAMPLING / 2)
        lit, shine = np.empty_like(normals), np.empty(len(normals), np.float32)
        irradiance(light, normals, lit)
        towards, brightness = towards_light(light), float(light[:, 0].mean())
        x = (rows[:, 1] + 0.5 - half) / fine_focal
        y = (rows[:, 0] + 0.5 - half) / fine_focal
        points = np.stack([x, y, np.ones_like(x)], 1).astype(np.float32) * mixed[:, :1]
        # Skin scatters a broad highlight and, where it is oily, a narrow one.
        oily, sharp = rng.uniform(0.0, 0.6) ** 2, rng.uniform(25.0, 60.0)
        gloss(normals, points, towards, config.gloss * 0.6 * complexion.amounts[6] * brightness, 14.0, shine)
        narrow = np.empty_like(shine)
        gloss(normals, points, towards, config.gloss * oily * brightness, sharp, narrow)
        shine += narrow
        shadow = np.empty(len(normals), np.float32)
        fold_shadows(mixed, rows, number, fine_focal, bump, towards, rng.uniform(0.2, 0.5), shadow)
        directional = float(np.linalg.norm(light[:, 1:4].mean(0)) / max(brightness, 1e-6))
        strength = config.occlusion * rng.uniform(0.7, 1.5)
        scattered = rng.uniform(0.1, 0.45) * min(config.detail, 1.0)
        key = [strength, config.occlusion * min(0.75 * directional, 0.7), scattered]
        return lit, shine, shadow, np.array(key, np.float32)

    def _depths(
        self,
        scene: Scene,
        vertices: np.ndarray,
        rotation: np.ndarray,
        origin: np.ndarray,
        focal: float,
        mixed: np.ndarray,
        number: np.ndarray,
        bump: np.ndarray,
        normals: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return foundation depth, bump, where both are of one surface, and normals; all (S, S, ...)."""
        size = self.size
        coarse = vertices.copy()
        change = (self._to_foundation @ scene.identity.astype(np.float64) - scene.identity).astype(np.float32)
        flat = coarse.reshape(1, -1)
        add_modes(flat, self._shape[1], change[None])
        coarse = place(flat.reshape(-1, 3), rotation, origin)
        rast = self._rasterized(coarse, focal)
        foundation, whole = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
        defined, pixel_normals = np.zeros((size, size), bool), np.zeros((size, size, 3), np.float32)
        # Half a pixel of a surface seen at 80 degrees is this deep; a larger step is another surface.
        steepest = 4.0 * FIELD_MM / size
        limits = np.array([self.config.bump_limit_mm, steepest], np.float32)
        depths = np.ascontiguousarray(coarse[:, 2])
        maps = (foundation, whole, defined, pixel_normals)
        compare(rast, self._triangles, depths, mixed, number, bump, normals, limits, *maps)
        return maps


def foundation_projection(model: FaceModel, count: int) -> np.ndarray:
    """Return (I, I): identity coefficients -> those of the closest face that has only the first ``count`` modes."""
    modes = model.identity_basis.shape[0]
    if count == 0 or count >= modes:
        return np.eye(modes)
    basis = model.identity_basis.numpy().reshape(modes, -1).astype(np.float64)
    gram = basis @ basis.T
    result = np.zeros((modes, modes))
    result[:count] = np.linalg.solve(gram[:count, :count], gram[:count]).round(9)
    return result
