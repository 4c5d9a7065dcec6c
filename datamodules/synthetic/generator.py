"""From the key of a scene to its picture, exact masks, landmarks and truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datamodules.synthetic.config import SceneConfig
from datamodules.synthetic.distractors import draw_distractor, draw_shade
from datamodules.synthetic.face import FacePainter, PaintedFace
from datamodules.synthetic.families import NO_OCCLUDER, OCCLUDER_NAMES
from datamodules.synthetic.head import PosedHead
from datamodules.synthetic.layers import Layer
from datamodules.synthetic.occluders import OCCLUDERS
from datamodules.synthetic.scene import Scene, SceneSampler
from datamodules.synthetic.sensor import expose
from datamodules.synthetic.skin import Complexion, random_complexion
from datamodules.synthetic.streams import Factor, Seed
from datamodules.synthetic.surround import draw_background, draw_person
from datamodules.synthetic.textures import TextureBank
from datamodules.synthetic.unseen import UNSEEN_OCCLUDERS
from datamodules.synthetic.unseen.backgrounds import draw_unseen_background
from datamodules.synthetic.unseen.textures import unseen_texture
from seethrough.morphable import FaceModel

GENERATOR_VERSION = 8
"""Part of the key of every pool: raise it whenever the same settings give other pictures than before."""

HIDDEN_NOISE_FACTOR = 3.0

# An occluder that misses the face is drawn anew; what is left of misses after so many tries does not matter.
_LEAST_HIDDEN, _TRIES = 0.02, 4

# Faces decoded together; more would not fit the cache.
_TOGETHER = 16


@dataclass
class SyntheticFace:
    """One picture and what is known about it; arrays as they are stored in a pool.

    Attributes:
        image: (3, S, S) uint8 RGB.
        mask: (S, S) bool, visible face: half of the pixel or more is face, and less than half hidden.
        full_face: (S, S) bool, the same without the occluder.
        landmarks: (68, 2) float32 px, as a detector would give them.
        true_landmarks: (68, 2) float32 px.
        landmark_visible: (68,) bool.
        coefficients: (D,) float32, order of FaceParameters, all modes of the generating model.
        occluder: class number.
    """

    image: np.ndarray
    mask: np.ndarray
    full_face: np.ndarray
    landmarks: np.ndarray
    true_landmarks: np.ndarray
    landmark_visible: np.ndarray
    coefficients: np.ndarray
    occluder: int


class SceneRenderer:
    """Renders scenes of one face model; the same scene gives the same bits in every process.

    Args:
        model: the generating model, with all its modes.
        config: settings of the scenes.
        seed: of the data set; also of the bank of textures.
    """

    def __init__(self, model: FaceModel, config: SceneConfig, seed: Seed) -> None:
        self.config = config
        self.scenes = SceneSampler(model, config, seed)
        unseen = config.domain == "unseen"
        self.textures = TextureBank(seed, unseen_texture if unseen else None)
        self.occluders = UNSEEN_OCCLUDERS if unseen else OCCLUDERS
        self.painter = FacePainter(model, config.image_size)

    def render_all(self, scenes: Sequence[Scene]) -> list[SyntheticFace]:
        """Render some scenes through the camera: the same pictures as one by one, a little faster."""
        faces: list[SyntheticFace] = []
        for start in range(0, len(scenes), _TOGETHER):
            group = scenes[start : start + _TOGETHER]
            decoded = zip(group, *self.painter.decode(group), strict=True)
            faces += [self._render(scene, vertices, albedo) for scene, vertices, albedo in decoded]
        return faces

    def render(self, scene: Scene) -> SyntheticFace:
        """Render one scene through the camera."""
        return self.render_all([scene])[0]

    def _render(self, scene: Scene, vertices: np.ndarray, albedo: np.ndarray) -> SyntheticFace:
        return self._finish(scene, *self._compose(scene, vertices, albedo))

    def _finish(self, scene: Scene, light: np.ndarray, face: PaintedFace, layer: Layer | None) -> SyntheticFace:
        full_face = face.coverage >= 0.5
        hidden = np.zeros_like(full_face) if layer is None else layer.alpha >= 0.5
        visible = face.facing & ~_at(hidden, face.landmarks)
        return SyntheticFace(
            image=np.ascontiguousarray(self._exposed(light, scene).transpose(2, 0, 1)),
            mask=full_face & ~hidden,
            full_face=full_face,
            landmarks=self._detected(face.landmarks, visible, scene.stream(Factor.LANDMARKS)),
            true_landmarks=face.landmarks,
            landmark_visible=visible,
            coefficients=scene.vector,
            occluder=OCCLUDER_NAMES.index(scene.family),
        )

    def _exposed(self, light: np.ndarray, scene: Scene) -> np.ndarray:
        return expose(light, self.textures, scene.stream(Factor.SENSOR))

    def compose(self, scene: Scene) -> tuple[np.ndarray, PaintedFace, Layer | None]:
        """Return the light (S, S, 3) that reaches the camera, the face, and the occluder before it if there is one."""
        vertices, albedo = self.painter.decode([scene])
        return self._compose(scene, vertices[0], albedo[0])

    def _compose(
        self, scene: Scene, vertices: np.ndarray, albedo: np.ndarray
    ) -> tuple[np.ndarray, PaintedFace, Layer | None]:
        complexion = random_complexion(scene.stream(Factor.DETAIL), self.textures, self.config.detail)
        face = self.painter.paint(scene, vertices, albedo, complexion)
        head = PosedHead(
            landmarks=face.landmark_points,
            rotation=face.rotation,
            origin=face.origin,
            focal=face.focal,
            size=self.config.image_size,
            light=face.light,
            skin=face.skin,
            hair=complexion.hair,
            forehead=face.forehead,
            palette=self.painter.palette,
            skull=face.skull,
        )
        unseen = self.config.domain == "unseen"
        background = draw_unseen_background if unseen else draw_background
        picture = background(head, self.textures, scene.stream(Factor.BACKGROUND))
        self._draw_person(scene, head, complexion, face, picture)
        # What training has beside a face is of its own occluder families.
        distractor = None if unseen else draw_distractor(head, self.textures, scene.stream(Factor.DISTRACTOR))
        if distractor is not None:
            picture = distractor.over(picture)
        picture = picture * (1 - face.coverage[..., None]) + face.colour
        shade = draw_shade(self.config.image_size, scene.stream(Factor.SHADE))
        if shade is not None:
            picture *= shade[..., None]
        if scene.family == NO_OCCLUDER:
            return picture, face, None
        rng = scene.stream(Factor.OCCLUDER)
        for _ in range(_TRIES):
            layer = self.occluders[scene.family](head, self.textures, rng)
            if np.mean(layer.alpha[face.coverage >= 0.5] >= 0.5) >= _LEAST_HIDDEN:
                break
        return layer.over(picture), face, layer

    def _draw_person(
        self, scene: Scene, head: PosedHead, complexion: Complexion, face: PaintedFace, picture: np.ndarray
    ) -> None:
        """Draw all of the person but the face onto (S, S, 3) ``picture``."""
        rng, worn = scene.stream(Factor.SURROUND), scene.stream(Factor.HEADWEAR).random()
        bald, receding = complexion.bald, complexion.receding
        draw_person(head, bald, receding, face.coverage, picture, self.textures, rng, worn)

    def _detected(self, landmarks: np.ndarray, visible: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Add the error of a detector, which guesses where it sees nothing: exact points would give geometry away."""
        deviation = self.config.landmark_noise_px * self.config.image_size / 224
        noise = rng.standard_normal(landmarks.shape) * np.where(visible, 1.0, HIDDEN_NOISE_FACTOR)[:, None]
        return (landmarks + deviation * noise).astype(np.float32)


def _at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Read a (S, S) field at (N, 2) px; points outside read the border."""
    index = np.floor(points).astype(int).clip(0, field.shape[0] - 1)
    return field[index[:, 1], index[:, 0]]
