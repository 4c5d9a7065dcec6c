"""What age and habit have done to one person's skin, and what the face does in one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

YOUNGEST, OLDEST = 16.0, 84.0


@dataclass(frozen=True)
class Person:
    """One person's skin.

    Attributes:
        age: years.
        wear: how far wrinkles have come, about 0 in youth and 1 at 75; sun, smoking and luck spread it.
        full: how much fat pads out cheeks and chin, standard normal.
        coarse: strength of pores and unevenness, about 1.
    """

    age: float
    wear: float
    full: float
    coarse: float


def random_person(rng: np.random.Generator) -> Person:
    """Draw a person: all ages alike, so that lined faces are not rare."""
    age = rng.uniform(YOUNGEST, OLDEST)
    weathering = np.exp(rng.normal(0.0, 0.3))
    wear = float(np.clip((age - 24.0) / 50.0, 0.0, 1.2) ** 1.25 * weathering)
    return Person(
        float(age), min(wear, 1.5), float(rng.standard_normal()), float(np.exp(np.clip(rng.normal(0, 0.35), -0.9, 0.7)))
    )


class Acting:
    """How strongly each named action of the face model is there in one picture.

    Args:
        units: action -> (E,) coefficients.
    """

    def __init__(self, units: dict[str, np.ndarray]) -> None:
        self.names = sorted(units)
        self._solve = np.linalg.pinv(np.stack([units[name] for name in self.names]).T) if units else np.zeros((0, 0))

    def weights(self, expression: np.ndarray) -> dict[str, float]:
        """Return action -> weight of (E,) coefficients; without named actions there are none."""
        if not self.names:
            return {}
        values = np.clip(self._solve @ expression, 0.0, 1.3)
        return dict(zip(self.names, values.tolist(), strict=True))


@dataclass(frozen=True)
class Muscles:
    """Muscle groups that fold the skin, from the actions of the model; each about 0 to 1.

    Values of one side are pairs: the viewer's left (the person's right) first.

    Attributes:
        raise_brows: lifting the brows.
        frown: drawing the brows down and together.
        squint: the ring round the eye, which also lifts the cheek.
        smile: pulling the corner of the mouth up and out.
        sneer: wrinkling the nose.
        purse: gathering the lips.
        pout: lifting the chin's skin.
        droop: pulling the corner of the mouth down.
        open_jaw: stretching the cheeks, which smooths them.
    """

    raise_brows: tuple[float, float]
    frown: float
    squint: tuple[float, float]
    smile: tuple[float, float]
    sneer: tuple[float, float]
    purse: float
    pout: float
    droop: tuple[float, float]
    open_jaw: float


def muscles(weights: dict[str, float]) -> Muscles:
    """Gather actions (ARKit names) into the muscle groups that make creases."""

    def of(name: str) -> float:
        return weights.get(name, 0.0)

    def both(*parts: tuple[str, float]) -> tuple[float, float]:
        # ARKit's left is the person's, on the viewer's right.
        right, left = (sum(share * of(name + side) for name, share in parts) for side in ("Right", "Left"))
        return min(right, 1.3), min(left, 1.3)

    inner = of("browInnerUp")
    outer = both(("browOuterUp", 0.8))
    return Muscles(
        raise_brows=(min(inner + outer[0], 1.3), min(inner + outer[1], 1.3)),
        frown=min(0.5 * (of("browDownLeft") + of("browDownRight")) + 0.2 * inner, 1.3),
        squint=both(("eyeSquint", 0.8), ("cheekSquint", 0.7), ("eyeBlink", 0.2)),
        smile=both(("mouthSmile", 1.0), ("mouthDimple", 0.5), ("mouthStretch", 0.3), ("mouthUpperUp", 0.3)),
        sneer=both(("noseSneer", 1.0), ("mouthUpperUp", 0.3)),
        purse=min(of("mouthPucker") + 0.7 * of("mouthFunnel") + 0.4 * of("mouthRollUpper"), 1.3),
        pout=min(of("mouthShrugLower") + 0.6 * of("mouthShrugUpper"), 1.3),
        droop=both(("mouthFrown", 1.0), ("mouthPress", 0.4)),
        open_jaw=min(of("jawOpen"), 1.3),
    )
