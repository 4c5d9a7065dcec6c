"""What one synthetic picture shows, drawn factor by factor from independent random streams."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from datamodules.synthetic.config import SceneConfig
from datamodules.synthetic.families import NO_OCCLUDER
from datamodules.synthetic.light import random_illumination
from datamodules.synthetic.streams import Factor, Seed, spread, stream
from datamodules.synthetic.unseen.light import unseen_illumination
from seethrough.morphable import FaceModel

NEUTRAL_FRACTION = 0.35
SMILE_FRACTION = 0.3
SMILE = {
    "mouthSmileLeft": (1.0, 0.25, 1.0),
    "cheekSquintLeft": (0.6, 0.1, 0.8),
    "eyeSquintLeft": (0.4, 0.1, 0.6),
    "mouthUpperUpLeft": (0.5, 0.1, 0.6),
    "mouthDimpleLeft": (0.3, 0.1, 0.5),
    "mouthStretchLeft": (0.3, 0.1, 0.5),
    "jawOpen": (0.4, 0.05, 0.35),
}
"""Actions of a smile: how likely each is, and the range of its weight."""


@dataclass(frozen=True)
class Scene:
    """One scene: the coefficients of the face and the key from which everything else in it is drawn.

    Attributes:
        seed: of the data set.
        epoch: of the data set.
        index: of the picture within an epoch.
        person: number of the person shown; people of different seeds or epochs are different.
        identity: (I,) over all modes of the generating model.
        expression: (E,).
        albedo: (A,).
        illumination: (27,), channel-major, camera frame, added to the ambient light.
        rotation: (3,) rad about x, y, z.
        translation: (3,) mm, camera frame, added to the resting place.
        family: name of the occluder family, or ``none``.
    """

    seed: Seed
    epoch: int
    index: int
    person: int
    identity: np.ndarray
    expression: np.ndarray
    albedo: np.ndarray
    illumination: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    family: str

    def stream(self, factor: Factor) -> np.random.Generator:
        """Return the random stream of one factor of this scene, always from its beginning."""
        number = self.person if factor in (Factor.IDENTITY, Factor.ALBEDO, Factor.DETAIL) else self.index
        return stream(self.seed, factor, self.epoch, number)

    def without_occluder(self) -> Scene:
        """Return the twin: the same scene with nothing before the face."""
        return replace(self, family=NO_OCCLUDER)

    def with_neutral_expression(self) -> Scene:
        """Return the same scene with the face at rest."""
        return replace(self, expression=np.zeros_like(self.expression))

    @property
    def vector(self) -> np.ndarray:
        """All coefficients in the order of :class:`~seethrough.morphable.FaceParameters`, as one (D,) float32 array."""
        parts = (self.identity, self.expression, self.albedo, self.illumination, self.rotation, self.translation)
        return np.concatenate(parts).astype(np.float32)


class SceneSampler:
    """Draws scenes for one face model; the same (seed, epoch, index) is the same scene in every process."""

    def __init__(self, model: FaceModel, config: SceneConfig, seed: Seed) -> None:
        config.check()
        self.config, self.seed, self.sizes = config, seed, model.sizes
        self.units = {name: unit.numpy() for name, unit in sorted(model.expression_units.items())}
        weights = {name: weight for name, weight in config.occluders.items() if weight > 0}
        self.families = sorted(weights)
        self.random_light = unseen_illumination if config.domain == "unseen" else random_illumination
        self.shares = np.cumsum([weights[name] for name in self.families])

    def scene(self, epoch: int, index: int, *, family: str | None = None) -> Scene:
        """Draw one scene; ``family`` overrides which occluder it gets, and nothing else."""
        person = person_of(self.config, index)

        def rng(factor: Factor, number: int) -> np.random.Generator:
            return stream(self.seed, factor, epoch, number)

        limit = self.config.identity_limit
        identity = rng(Factor.IDENTITY, person).standard_normal(self.sizes.identity)
        rotation, translation = self._pose(rng(Factor.POSE, index))
        return Scene(
            seed=self.seed,
            epoch=epoch,
            index=index,
            person=person,
            identity=np.clip(identity, -limit, limit).astype(np.float32),
            expression=self._expression(rng(Factor.EXPRESSION, index)),
            albedo=np.clip(rng(Factor.ALBEDO, person).standard_normal(self.sizes.albedo), -3, 3).astype(np.float32),
            illumination=self.random_light(rng(Factor.LIGHT, index)),
            rotation=rotation,
            translation=translation,
            family=self._family(epoch, index) if family is None else family,
        )

    def _family(self, epoch: int, index: int) -> str:
        """Choose evenly over any run of indices: shares of occluders hold in a small data set as in a large one."""
        position = spread(index, self.seed, epoch)
        fraction = self.config.occluded_fraction
        if position >= fraction or not self.families:
            return NO_OCCLUDER
        return self.families[int(np.searchsorted(self.shares, position / fraction * self.shares[-1], side="right"))]

    def _expression(self, rng: np.random.Generator) -> np.ndarray:
        """Draw a neutral face, a smile as people put on for photos, or a few random actions."""
        size, kind = self.sizes.expression, rng.random()
        if kind < NEUTRAL_FRACTION:
            return np.zeros(size, np.float32)
        if not self.units:
            return rng.normal(0.0, 0.6, size).astype(np.float32)
        names, total = list(self.units), np.zeros(size)

        def act(name: str, weight: float, share: float) -> None:
            """Add an action and, in this share of the cases, the same on the other side of the face."""
            total[:] += weight * self.units[name]
            other = _other_side(name)
            if other in self.units and rng.random() < share:
                total[:] += weight * rng.uniform(0.7, 1.0) * self.units[other]

        count = int(rng.integers(1, 5))
        if kind < NEUTRAL_FRACTION + SMILE_FRACTION:
            count = int(rng.integers(0, 3))
            for name, (likely, low, high) in SMILE.items():
                if name in self.units and rng.random() < likely:
                    act(name, rng.uniform(low, high), 0.97)
        for _ in range(count):
            act(names[int(rng.integers(len(names)))], rng.uniform(0.2, 0.9), 0.8)
        return total.astype(np.float32)

    def _pose(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw rotation and translation.

        Crops are centred and scaled by five landmarks but never rotated, so that heads lean in them as in photos; the
        shift and the distance that "aligned" crops show, and how they follow the turn of the head, were measured by
        aligning 600 synthetic faces by noisy landmarks.
        """
        pitch, yaw, roll, x, y, depth = rng.standard_normal(6)
        if self.config.pose == "aligned":
            rotation = np.array([0.13 * pitch, np.clip(0.34 * yaw, -0.95, 0.95), 0.1 * roll])
            turn, lean = np.sin(rotation[1:])
            place = [7.0 * turn + 4.0 * lean + 1.8 * x, 3.0 + 2.6 * y, 10.0 - 80.0 * turn**2 + 25.0 * depth]
            return rotation.astype(np.float32), np.array(place, np.float32)
        far = rng.random() < 0.3
        limits = np.radians([20.0, 80.0 if far else 45.0, 15.0])
        rotation = limits * rng.uniform(-1, 1, 3)
        return rotation.astype(np.float32), np.array([6.0 * x, 6.0 * y, 60.0 * depth], np.float32)


def person_of(config: SceneConfig, index: int) -> int:
    """Return the number of the person on picture ``index`` of an epoch.

    Where the number of pictures of a person varies, each number of the range comes up once in every block of people.
    """
    least, most = config.images_per_identity, config.images_per_identity_up_to
    if most <= least:
        return index // least
    numbers = np.random.default_rng(most - least).permutation(np.arange(least, most + 1))
    block, place = divmod(index, int(numbers.sum()))
    return block * len(numbers) + int(np.searchsorted(np.cumsum(numbers), place, side="right"))


def _other_side(name: str) -> str:
    """Return the ARKit name of the same action on the other side of the face, or "" for a middle one."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name[: -len(side)] + other
    return ""
