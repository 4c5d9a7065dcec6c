"""Which part of a foundation its photo shows: small islands of a mask are its faults, either way."""

from __future__ import annotations

import numpy as np
import torch

from seethrough.details import Foundation
from seethrough.details.detail_foundation import LEAST_HOLE_MM2, place_foundation
from seethrough.photos import CropTransform
from seethrough.rendering import Camera
from tests.small_face import small_face_model

SIZE = 160
MODEL, CAMERA = small_face_model(33), Camera(550.0, SIZE, SIZE)  # 1.8 mm a pixel
VERTICES = MODEL.mean * torch.tensor([1.0, -1.0, -1.0]) + torch.tensor([0.0, 0.0, 1000.0])
FOUNDATION = Foundation(VERTICES, MODEL.triangles, CAMERA, CAMERA.project(VERTICES[MODEL.landmarks][None])[0])


def seen_by(mask: np.ndarray, **options: float) -> np.ndarray:
    crop = CropTransform(1.0, (SIZE / 2, SIZE / 2), SIZE)
    photo = np.zeros((SIZE, SIZE, 3), np.uint8)
    landmarks = FOUNDATION.landmarks.double().numpy()
    return place_foundation(photo, landmarks, FOUNDATION, crop, mask, **options).visible.numpy()


def test_a_hidden_tooth_is_visible_and_a_patch_over_an_eye_is_not() -> None:
    mask = np.ones((SIZE, SIZE), np.float32)
    mask[90:96, 78:84] = 0  # 6 px, 11 mm: 120 mm^2
    mask[60:72, 50:64] = 0  # 22 x 25 mm
    visible = seen_by(mask)
    assert visible[90:96, 78:84].all() and not visible[62:70, 52:62].any()
    assert not seen_by(mask, least_hole=0.0)[91:95, 79:83].any()
    assert LEAST_HOLE_MM2 < 22 * 25


def test_what_hangs_over_the_outline_hides_however_little() -> None:
    mask = np.ones((SIZE, SIZE), np.float32)
    whole = seen_by(mask)
    top = int(np.flatnonzero(whole[:, SIZE // 2])[0])
    mask[: top + 7, 76:84] = 0  # the tip of a strand of hair
    assert not seen_by(mask)[top : top + 6, 77:83].any()


def test_a_gleam_in_what_hides_the_face_is_hidden_and_all_that_is_left_is_kept() -> None:
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[50:54, 78:82] = 1
    assert seen_by(mask)[51:53, 79:81].all()  # nothing else is seen
    mask[80:] = 1
    visible = seen_by(mask)
    assert not visible[50:54].any() and visible[100, 80]
