"""The frontal frame of a posed face: where its plane of symmetry is x = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

MIRROR = np.array([-1.0, 1.0, 1.0])
"""Reflection over the plane of symmetry in the frontal frame."""


@dataclass(frozen=True)
class RigidMotion:
    """p -> rotation p + translation.

    Attributes:
        rotation: (3, 3), proper.
        translation: (3,) mm.
    """

    rotation: np.ndarray
    translation: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Move (N, 3) points."""
        return points @ self.rotation.T + self.translation

    def back(self, points: np.ndarray) -> np.ndarray:
        """Move (N, 3) points back."""
        return (points - self.translation) @ self.rotation

    def after(self, first: RigidMotion) -> RigidMotion:
        """Return the motion that does ``first`` and then this one."""
        return RigidMotion(self.rotation @ first.rotation, self(first.translation[None])[0])


def rigid_fit(points: np.ndarray, target: np.ndarray) -> RigidMotion:
    """Return the motion of (N, 3) points that comes closest to (N, 3) targets in least squares (Kabsch 1976)."""
    middle, aim = points.mean(0), target.mean(0)
    u, _, vt = np.linalg.svd((target - aim).T @ (points - middle))
    turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return RigidMotion(turn, aim - turn @ middle)


def half_motion(whole: RigidMotion) -> RigidMotion:
    """Return the motion that, done to a face, makes it symmetric, given the motion that takes it onto its reflection.

    With S = diag(-1, 1, 1), Q p + t = S p' and Q p' + t = S p for all pairs (p, p'), it follows that S Q S = Q^T and
    Q^T t = -S t. Then H = Q^(1/2) with h = (u_x / 2, 0, 0), u = H^T t, gives H p + h = S (H p' + h).
    """
    half = Rotation.from_rotvec(Rotation.from_matrix(whole.rotation).as_rotvec() / 2).as_matrix()
    return RigidMotion(half, np.array([(half.T @ whole.translation)[0] / 2, 0.0, 0.0]))


def centred_on_pairs(points: np.ndarray, mirror: np.ndarray, pairs: np.ndarray) -> RigidMotion:
    """Return the motion that makes a nearly symmetric face as symmetric as a rigid motion can.

    Args:
        points: (V, 3) mm, frontal frame up to a small motion.
        mirror: (V,) vertex on the other side.
        pairs: (V,) bool, vertices to go by; the same for both of a pair.
    """
    chosen = np.flatnonzero(pairs)
    return half_motion(rigid_fit(points[chosen], points[mirror[chosen]] * MIRROR))
