"""From the key of a scene to its picture, masks, depth and bump."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datamodules.detail.config import DetailSceneConfig
from datamodules.detail.painter import DetailedFace, DetailPainter
from datamodules.detail.skull_seam import SEAM_MM, join_skull
from datamodules.synthetic.bodies import SKULL
from datamodules.synthetic.face import PaintedFace
from datamodules.synthetic.generator import SceneRenderer, SyntheticFace
from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer
from datamodules.synthetic.scene import Scene
from datamodules.synthetic.sensor import expose
from datamodules.synthetic.skin import Complexion
from datamodules.synthetic.streams import Factor, Seed
from datamodules.synthetic.surround import draw_person
from seethrough.morphable import FaceModel

DETAIL_VERSION = 2
"""Part of the key of every pool: raise it whenever the same settings give other pictures than before."""

# Light of the brightest skin in a picture that is exposed well; 1 is white.
_WHITE = 0.95


@dataclass
class DetailFace(SyntheticFace):
    """One picture and what is known about it.

    Attributes:
        bump: (S, S) float32 mm towards the camera, 0 where it is not defined.
        depth: (S, S) float32 mm, depth of the foundation, 0 where the bump is not defined.
        focal: px.
        age: of the person, years.
    """

    bump: np.ndarray
    depth: np.ndarray
    focal: float
    age: float


class DetailRenderer(SceneRenderer):
    """Renders scenes with relief; surroundings, occluders and camera are those of the synthetic faces."""

    config: DetailSceneConfig
    painter: DetailPainter

    def __init__(self, model: FaceModel, config: DetailSceneConfig, seed: Seed) -> None:
        super().__init__(model, config, seed)
        self.painter = DetailPainter(model, config, seed)

    def _draw_person(
        self, scene: Scene, head: PosedHead, complexion: Complexion, face: PaintedFace, picture: np.ndarray
    ) -> None:
        rng, worn = scene.stream(Factor.SURROUND), scene.stream(Factor.HEADWEAR).random()
        bald, receding = complexion.bald, complexion.receding
        drawn = draw_person(head, bald, receding, face.coverage, picture, self.textures, rng, worn, fitted=True)
        join_skull(picture, drawn == SKULL, face.colour, face.coverage, SEAM_MM * head.pixels_per_mm)

    def _exposed(self, light: np.ndarray, scene: Scene) -> np.ndarray:
        # Whoever wants wrinkles takes photos that are sharper than a thumbnail.
        return expose(light, self.textures, scene.stream(Factor.SENSOR), softness=self.config.softness)

    def _finish(self, scene: Scene, light: np.ndarray, face: DetailedFace, layer: Layer | None) -> DetailFace:
        plain = super()._finish(scene, light * _gain(face, scene), face, layer)
        known = {name: getattr(plain, name) for name in SyntheticFace.__dataclass_fields__}
        known["mask"], known["full_face"] = plain.mask & face.defined, plain.full_face & face.defined
        known["coefficients"] = face.scene.vector
        return DetailFace(**known, bump=face.bump, depth=face.foundation, focal=face.focal, age=face.age)


def _gain(face: DetailedFace, scene: Scene) -> np.float32:
    """Return by how much a photographer, who exposes for the face, darkens a picture whose skin would be burnt out."""
    inside = face.coverage >= 1
    if not inside.any():
        return np.float32(1)
    bright = float(np.quantile(face.colour[inside].max(-1), 0.93))
    rng = scene.stream(Factor.EXPOSURE)
    return np.float32(min(1.0, _WHITE * np.exp(0.12 * rng.standard_normal()) / max(bright, 1e-6)))
