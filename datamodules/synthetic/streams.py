"""One random stream for each factor of a synthetic scene, so that changing one factor never re-rolls another."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

import numpy as np

Seed = int | tuple[int, ...]
"""Of a data set: a number, or a number and what tells its parts (training, validation, test) apart."""


class Factor(IntEnum):
    """What a stream decides. The numbers are part of the key of every image: never renumber, only append."""

    IDENTITY = 0
    EXPRESSION = 1
    ALBEDO = 2
    DETAIL = 3
    POSE = 4
    LIGHT = 5
    SURROUND = 6
    BACKGROUND = 7
    FAMILY = 8
    OCCLUDER = 9
    SENSOR = 10
    LANDMARKS = 11
    TEXTURES = 12
    DISTRACTOR = 13
    HEADWEAR = 14
    TEETH = 15
    SHADE = 16
    RELIEF = 17
    FRAMING = 18
    EXPOSURE = 19


def stream(seed: Seed, factor: Factor, *key: int) -> np.random.Generator:
    """Return the generator of one factor of one sample.

    Args:
        seed: of the data set.
        factor: what is decided with it.
        key: what names the sample, as a rule epoch and index.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(factor), *key))))


def spread(position: int, seed: Seed, epoch: int) -> float:
    """Return a number in [0, 1) so that any run of positions covers [0, 1) evenly (golden-ratio sequence).

    Used where shares must hold in small data sets too: which samples are occluded, and by what.
    """
    return float((_start(seed, epoch) + position * 0.6180339887498949) % 1.0)


@lru_cache(maxsize=64)
def _start(seed: Seed, epoch: int) -> float:
    return stream(seed, Factor.FAMILY, epoch).random()
