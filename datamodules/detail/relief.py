"""The relief of one scene on the chart: creases, forms and micro-relief, its colour, and how open it lies to light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from datamodules.detail.anatomy import anatomy
from datamodules.detail.chart import Chart
from datamodules.detail.creases import FAMILIES, press
from datamodules.detail.forms import add_forms, add_marks
from datamodules.detail.micro_relief import MicroRelief
from datamodules.detail.person import Acting, muscles, random_person
from datamodules.synthetic.scene import Scene
from datamodules.synthetic.streams import Factor, stream
from seethrough.morphable import FaceModel

_PERSON, _FORMS, _MARKS, _MICRO, _CREASES = range(5)


@dataclass
class SkinRelief:
    """What is drawn on the chart for one scene; all (rows, columns) float32.

    Attributes:
        height: mm along the normal, outwards.
        openness: share of the sky that a point sees over its surroundings, in (0, 1].
        brown: optical density of dark spots.
        red: optical density of reddened skin.
        age: of the person, years.
    """

    height: np.ndarray
    openness: np.ndarray
    brown: np.ndarray
    red: np.ndarray
    age: float


class ReliefPainter:
    """Draws the relief of scenes of one face model.

    Args:
        model: for its landmarks and named actions.
        places: (V, 2) chart coordinates of its vertices, mm.
        texel: spacing of the chart, mm.
        seed: of the data set.
        strength: scales the relief.
    """

    def __init__(self, model: FaceModel, places: np.ndarray, texel: float, seed: object, strength: float) -> None:
        self.chart = Chart.over(places, texel)
        middle = np.abs(places[:, 0]) < 15.0
        self.face = anatomy(places[model.landmarks.numpy()], float(places[middle if middle.any() else ..., 1].max()))
        self.acting = Acting({name: unit.numpy() for name, unit in model.expression_units.items()})
        self.micro = MicroRelief(seed, texel)  # pyright: ignore
        self.strength = strength
        self._regions = self._regional_weights()

    def paint(self, scene: Scene) -> SkinRelief:
        """Draw one scene: the same person has the same wrinkles, which the expression deepens."""
        chart, face = self.chart, self.face

        def rng(part: int) -> np.random.Generator:
            return stream(scene.seed, Factor.RELIEF, scene.epoch, scene.person, part)

        person, act = random_person(rng(_PERSON)), muscles(self.acting.weights(scene.expression))
        fine, height, pigment = chart.empty(), chart.empty(), np.stack([chart.empty(), chart.empty()])
        creases = []
        for number, family in enumerate(FAMILIES):
            creases += family(face, person, act, rng(_CREASES + number))
        press(fine, creases, chart)
        add_marks(fine, pigment, chart, face, person, rng(_MARKS))
        self._add_micro(fine, person.coarse, person.wear, act.pout, rng(_MICRO))
        add_forms(height, chart, face, person, act, rng(_FORMS))
        if self.strength != 1:
            fine, height = fine * np.float32(self.strength), height * np.float32(self.strength)
        return SkinRelief(
            height=height + fine, openness=openness(fine, chart.texel), brown=pigment[0], red=pigment[1], age=person.age
        )

    def _regional_weights(self) -> dict[str, np.ndarray]:
        """Weigh where skin is porous, where it is pebbled, and where both fade: (rows, columns) each."""
        chart, face = self.chart, self.face
        pores = 0.35 + chart.spot(face.nose_tip + np.array([0.0, 4.0]), (11.0, 14.0)) * 0.9
        for side in (-1, 1):
            pores += 0.55 * chart.spot(np.array([side * 28.0, face.nose_tip[1] + 8.0]), (14.0, 13.0))
        pores += 0.3 * chart.spot(face.nasion + np.array([0.0, 28.0]), (22.0, 14.0))
        pebbles = chart.spot(0.55 * face.chin + 0.45 * face.lip_bottom, (13.0, 9.0))
        thin = np.ones_like(pores)
        for number in range(2):
            middle = 0.5 * (face.outer_eye[number] + face.inner_eye[number])
            thin *= 1 - 0.85 * np.minimum(chart.spot(middle, (13.0, 8.0)) * 1.3, 1.0)
        thin *= 1 - 0.8 * np.minimum(chart.spot(0.5 * (face.lip_top + face.lip_bottom), (17.0, 7.0)) * 1.3, 1.0)
        return {"pores": pores * thin, "pebbles": pebbles, "thin": thin, "lumps": np.float32(0.25) + thin}

    def _add_micro(self, relief: np.ndarray, coarse: float, wear: float, pout: float, rng: np.random.Generator) -> None:
        where = self._regions
        uneven = 0.005 * np.exp(np.clip(rng.normal(0, 0.45), -1, 0.9)) * coarse * (1 + 0.8 * wear)
        for kind, region, amount in (
            ("pores", "pores", 0.012 * coarse),
            ("net", "thin", (0.005 + 0.008 * wear) * coarse),
            ("uneven", "lumps", uneven),
            ("pebbles", "pebbles", 0.012 * wear + 0.11 * pout),
        ):
            self.micro.add(relief, kind, self.chart, where[region], amount, rng)


def openness(height: np.ndarray, texel: float) -> np.ndarray:
    """Return how much of the sky each point of a relief sees, (rows, columns) in (0, 1].

    A point that lies ``c`` mm lower than the mean of its surroundings within ``r`` mm sees about 1 / (1 + 3 (c / r)^2)
    of it (a valley with walls of slope ``c / r``); the darkest of a near and a far radius counts. High points see all.
    """
    darkest = np.ones_like(height)
    for radius in (1.3, 4.0):
        size = max(round(2 * radius / texel) | 1, 3)
        mean = ndimage.uniform_filter(ndimage.uniform_filter(height, size, mode="nearest"), size, mode="nearest")
        slope = np.maximum(mean - height, 0) / np.float32(radius)
        darkest = np.minimum(darkest, 1 / (1 + 3 * slope * slope))
    return darkest
