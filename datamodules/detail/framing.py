"""Placing a face before its camera so that the picture is the square crop of the detail stage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from datamodules.synthetic.scene import Scene
from datamodules.synthetic.streams import Factor
from seethrough.details.detail_crop import detail_crop
from seethrough.rendering.camera import REST_DISTANCE

NARROW, WIDE = 4.6, 1.9
"""Range of focal lengths over the picture's size: 3.6 is FOCUS' camera in this crop, 2 that of the released code."""

_ROUNDS = 8


def frame(scene: Scene, landmarks: np.ndarray, rotation: np.ndarray, size: int, jitter: float) -> tuple[Scene, float]:
    """Move a face so that the detail crop of its landmarks fills the picture, for a focal length drawn with the scene.

    Args:
        scene: its translation is replaced.
        landmarks: (68, 3) mm, model frame, with identity and expression.
        rotation: (3, 3) model frame -> camera frame.
        size: height and width of the picture, px.
        jitter: standard deviation of the crop's middle and of the logarithm of its scale, in half sides of the box of
            the landmarks: as crops of detected landmarks stray.

    Returns:
        The scene in its new place, and the focal length, px.
    """
    rng = scene.stream(Factor.FRAMING)
    focal = size * float(np.exp(rng.uniform(np.log(WIDE), np.log(NARROW))))
    stray = jitter * np.clip(rng.standard_normal(3), -2.5, 2.5)
    turned = landmarks.astype(np.float64) @ rotation.T.astype(np.float64)
    place = np.array([0.0, 0.0, 280.0 * focal / size])
    half = size / (2 * 1.9339)
    for _ in range(_ROUNDS):
        points = turned + place
        crop = detail_crop(points[:, :2] / points[:, 2:] * focal + size / 2, size=size)
        wanted = size / 2 + half * stray[:2]
        place[:2] += (wanted - np.array(crop.centre)) * place[2] / focal
        place[2] *= np.exp(stray[2]) / crop.scale
    translation = place - (0.0, 0.0, REST_DISTANCE)
    return replace(scene, translation=translation.astype(np.float32)), focal
