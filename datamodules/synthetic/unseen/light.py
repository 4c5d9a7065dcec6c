"""Light of another family than that of training: saturated colours from two sides, from below, and from behind."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.light import COSINE_BANDS, harmonics
from seethrough.rendering.harmonics import BAND_0
from seethrough.rendering.lighting import FOCUS_AMBIENT


def unseen_illumination(rng: np.random.Generator) -> np.ndarray:
    """Draw (27,) illumination coefficients.

    Half of the scenes lie between two lamps of opposite, saturated colours, a quarter is lit from below, a quarter from
    behind; training knows light from above and before, and hardly coloured.
    """
    kind = rng.random()
    side = 1.0 if rng.random() < 0.5 else -1.0
    first = np.exp(rng.normal(0, 0.45, 3))
    if kind < 0.5:
        second = first.mean() ** 2 / first
        directions = [(side * 1.5, rng.normal(0, 0.4), -1.0), (-side * 1.5, rng.normal(0, 0.4), -1.0)]
        strengths, sky = (rng.uniform(0.5, 0.8), rng.uniform(0.4, 0.7)), rng.uniform(0.2, 0.35)
    elif kind < 0.75:
        first = np.exp(rng.normal(0, 0.15, 3))
        second = np.ones(3)
        directions = [(rng.normal(0, 0.4), 1.2, -1.0), (rng.normal(0, 1.0), -0.5, -1.0)]
        strengths, sky = (rng.uniform(0.6, 0.9), rng.uniform(0.0, 0.1)), rng.uniform(0.25, 0.4)
    else:
        first, second = np.exp(rng.normal(0, 0.15, 3)), np.exp(rng.normal(0, 0.15, 3))
        directions = [(side * 1.2, -0.4, 0.8), (-side * 1.2, -0.4, 0.6)]
        strengths, sky = (rng.uniform(0.7, 1.1), rng.uniform(0.3, 0.8)), rng.uniform(0.45, 0.65)
    towards = np.array(directions)
    lamps = harmonics(towards / np.linalg.norm(towards, axis=1, keepdims=True)) * COSINE_BANDS
    total = sum(
        np.outer(colour / colour.mean(), lamp) * strength
        for colour, lamp, strength in zip((first, second), lamps, strengths, strict=True)
    )
    total = total + rng.normal(0, 0.03, (3, 9))
    total[:, 0] += sky / BAND_0
    total *= 1.2 * np.exp(rng.normal(0.0, 0.12))
    total[:, 0] -= FOCUS_AMBIENT / BAND_0
    return total.reshape(27).astype(np.float32)
