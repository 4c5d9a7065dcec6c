"""The best pose of a rigid face, against poses that are known and a search that knows nothing of the method."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from seethrough.metrics.posed_landmarks import posed_landmarks

FACE = torch.randn(68, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * torch.tensor([60, 80, 30])


def picture(face: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values[3] * (Rotation.from_rotvec(values[:3]).as_matrix() @ face.T).T[:, :2] + values[4:]


@pytest.mark.parametrize("upside_down", [False, True])
def test_a_posed_face_is_found_again(upside_down: bool) -> None:
    poses = np.random.default_rng(1).normal(size=(5, 6)) * [0.4, 0.5, 0.6, 0.2, 30, 30] + [0, 0, 0, 1, 112, 112]
    poses[:, 0] += np.pi if upside_down else 0  # pictures count y downwards
    seen = torch.tensor(np.stack([picture(FACE.numpy(), values) for values in poses]))
    torch.testing.assert_close(posed_landmarks(FACE + 7, seen), seen, atol=1e-6, rtol=0)


def test_no_other_pose_is_nearer_to_another_face() -> None:
    rng = np.random.default_rng(2)
    face = FACE.numpy()
    for _ in range(4):
        true = rng.normal(size=6) * [0.3, 0.6, 0.3, 0.1, 20, 20] + [np.pi, 0, 0, 0.8, 112, 112]
        seen = picture(face + 6 * rng.normal(size=face.shape), true)
        found = posed_landmarks(FACE, torch.tensor(seen)[None])[0].numpy()
        best = least_squares(lambda values, seen=seen: (picture(face - face.mean(0), values) - seen).ravel(), true)
        assert np.square(found - seen).sum() <= 2 * best.cost * (1 + 1e-4)


def test_landmarks_that_are_not_known_give_none() -> None:
    seen = FACE[None, :, :2].repeat(2, 1, 1)
    seen[1, 5] = torch.nan
    posed = posed_landmarks(FACE, seen)
    assert torch.isfinite(posed[0]).all() and torch.isnan(posed[1]).all()
