"""Pose, identity and expression from 68 landmarks: damped Gauss-Newton on a posterior."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.morphable import FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering import FaceRenderer

LANDMARK_SIGMA = 2.0  # px of a 224-px crop: a detector's scatter, and how well 68 vertices can stand for its points
REFERENCE_SIZE = 224.0
DEPTH_SIGMA = 60.0  # mm; keeps size and distance apart, which landmarks alone hardly do
JAW = slice(0, 17)
_SHAPE_KINDS = ("rotation", "translation", "identity", "expression")


@in_full_precision
def fit_landmarks(
    renderer: FaceRenderer,
    start: FaceParameters,
    landmarks: Tensor,
    *,
    iterations: int = 12,
    sigma: float = LANDMARK_SIGMA,
) -> FaceParameters:
    """Find the most probable pose, identity and expression under the landmarks; colours stay as they are.

    Minimises ``sum_i w_i ||x_i - lm_i||^2 / sigma^2 + ||identity||^2 + ||expression||^2 + (t_z / 60 mm)^2`` by
    Levenberg-Marquardt from ``start`` and from the mean face at rest, and keeps the better end, so that a poor start
    does no harm. Jaw points of the far side of a turned face are weighed down: there a detector marks the silhouette,
    which is another point of the skin for every angle.

    Args:
        renderer: knows the face model and the camera of the crop.
        start: one face (batch of 1); may be zeros.
        landmarks: (1, 68, 2) px of the crop; points that are not finite do not count.
        iterations: most steps from each start.
        sigma: expected landmark error in px of a 224-px crop.

    Returns:
        One face with new rotation (rad), translation (mm), identity and expression (standard deviations).
    """
    resting = start.with_changes(
        **{kind: torch.zeros_like(getattr(start, kind)) for kind in _SHAPE_KINDS},
    )
    best, best_cost = start, float("inf")
    for candidate in (start, resting):
        fitted, cost = _descend(renderer, candidate, landmarks, iterations, sigma)
        if cost < best_cost:
            best, best_cost = fitted, cost
    return best


def landmark_confidence(rotation: Tensor) -> Tensor:
    """Return (B, 68) weights: 1, and less for the jaw on the side that is turned away.

    Args:
        rotation: (B, 3) rad; the second angle is the yaw, and a positive one turns the viewer's right side away.
    """
    weights = rotation.new_ones(len(rotation), 68)
    side = torch.linspace(-1, 1, 17, device=rotation.device, dtype=rotation.dtype)  # viewer's left to right
    hidden = (torch.sin(rotation[:, 1:2]) * side).clamp_min(0)
    weights[:, JAW] = torch.exp(-((hidden / 0.25) ** 2)).clamp_min(0.05)
    return weights


def _descend(
    renderer: FaceRenderer, start: FaceParameters, landmarks: Tensor, iterations: int, sigma: float
) -> tuple[FaceParameters, float]:
    sizes = [getattr(start, kind).shape[1] for kind in _SHAPE_KINDS]
    unit = sigma * renderer.camera.width / REFERENCE_SIZE
    known = torch.isfinite(landmarks[0]).all(-1)
    wanted = torch.where(known[:, None], landmarks[0], torch.zeros_like(landmarks[0]))
    prior = torch.ones(sum(sizes), dtype=wanted.dtype, device=wanted.device)
    prior[:6] = torch.tensor([0, 0, 0, 0, 0, 1 / DEPTH_SIGMA])

    def unpack(vectors: Tensor) -> dict[str, Tensor]:
        return dict(zip(_SHAPE_KINDS, vectors.split(sizes, dim=1), strict=True))

    def data_residuals(vectors: Tensor, weights: Tensor) -> Tensor:
        count = len(vectors)
        faces = FaceParameters(*(value.expand(count, -1) for value in start)).with_changes(**unpack(vectors))
        projected = renderer.geometry(faces).landmarks
        return ((projected - wanted) * (weights.sqrt() / unit)[:, None]).flatten(1)

    def linearise(vector: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        # As many copies of the face as residuals: copy k gets the gradient of residual k, all in one backward pass.
        with torch.enable_grad():
            copies = vector.expand(wanted.numel(), -1).clone().requires_grad_()
            residuals = data_residuals(copies, weights)
            (jacobian,) = torch.autograd.grad(residuals.diagonal().sum(), copies)
        return residuals[0].detach(), jacobian

    def cost(vector: Tensor, weights: Tensor) -> float:
        return float(data_residuals(vector[None], weights).square().sum() + (prior * vector).square().sum())

    vector = torch.cat([getattr(start, kind)[0] for kind in _SHAPE_KINDS]).detach()
    damping = 1e-2
    weights = landmark_confidence(vector[None, :3])[0] * known
    current = cost(vector, weights)
    for _ in range(iterations):
        residuals, jacobian = linearise(vector, weights)
        normal = jacobian.T @ jacobian + torch.diag(prior**2)
        slope = jacobian.T @ residuals + prior**2 * vector
        step = torch.linalg.solve(normal + damping * torch.diag(normal.diagonal().clamp_min(1e-8)), slope)
        reached = cost(vector - step, weights)
        if not reached < current:
            damping *= 8
            continue
        finished = current - reached < 1e-4 * current
        vector, damping = vector - step, max(damping / 5, 1e-6)
        weights = landmark_confidence(vector[None, :3])[0] * known
        current = cost(vector, weights)
        if finished:
            break
    return start.with_changes(**unpack(vector[None])), current
