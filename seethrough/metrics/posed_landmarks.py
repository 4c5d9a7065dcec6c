"""A rigid set of landmarks in the pose that fits a picture best: how far an average face gets."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.precision import in_full_precision

ITERATIONS = 30


@in_full_precision
def posed_landmarks(points: Tensor, landmarks: Tensor, iterations: int = ITERATIONS) -> Tensor:
    """Turn, scale and shift a set of points so that its orthographic picture lies nearest to landmarks.

    Minimises the sum of squared distances over rotation, scale and shift. The depths of the landmarks, which nobody
    knows, are those of the posed points, and both are found in turn: no step makes the sum larger.

    Args:
        points: (N, 3), any frame and unit.
        landmarks: (B, N, 2) px, y up or down.
        iterations: turns of depths and pose.

    Returns:
        (B, N, 2) px; NaN where landmarks are not finite.
    """
    shape = (points - points.mean(0)).to(landmarks)
    middle = landmarks.mean(1, keepdim=True)
    seen = landmarks - middle
    known = torch.isfinite(seen).flatten(1).all(1)
    wanted = torch.where(known[:, None, None], seen, torch.zeros_like(seen))
    # The best affine picture, of which the nearest one that only turns and scales is where the search starts.
    affine = torch.linalg.lstsq(shape, wanted.transpose(0, 1).flatten(1)).solution  # (3, B * 2)
    rows = affine.T.reshape(len(landmarks), 2, 3)
    left, sizes, right = torch.linalg.svd(rows, full_matrices=False)
    across = left @ right
    scale = sizes.mean(1)
    rotation = torch.cat([across, torch.linalg.cross(across[:, 0], across[:, 1])[:, None]], dim=1)
    for _ in range(iterations):
        posed = scale[:, None, None] * shape @ rotation.transpose(1, 2)
        target = torch.cat([wanted, posed[:, :, 2:]], dim=2)
        left, sizes, right = torch.linalg.svd(target.transpose(1, 2) @ shape)
        sign = torch.ones_like(sizes)
        sign[:, 2] = torch.linalg.det(left @ right).sign()
        rotation = left @ (sign[:, :, None] * right)
        scale = (sizes * sign).sum(1) / shape.square().sum()
    posed = (scale[:, None, None] * shape @ rotation.transpose(1, 2))[:, :, :2] + middle
    return torch.where(known[:, None, None], posed, torch.full_like(posed, torch.nan))
