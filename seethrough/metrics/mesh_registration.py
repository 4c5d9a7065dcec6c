"""Moving a mesh onto points: from landmarks, then by the distances from the points to its triangles."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from seethrough.metrics.triangle_tree import ClosestPoints, TriangleTree

_ROUNDS = 60
_COARSE_POINTS = 3000
# Relative fall of the sum of squares in one step that ends the search, on some of the points and on all of them.
_NEAR, _CONVERGED = 1e-6, 1e-9


@dataclass(frozen=True)
class Similarity:
    """The map ``scale * rotation @ point + translation``; a rotation of negative determinant reflects.

    Attributes:
        scale: length of the target per length of the source.
        rotation: (3, 3) orthogonal.
        translation: (3,) in the target's unit.
    """

    scale: float
    rotation: np.ndarray
    translation: np.ndarray

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Map (N, 3) points."""
        return self.scale * points @ self.rotation.T + self.translation

    def undo(self, points: np.ndarray) -> np.ndarray:
        """Map (N, 3) points of the target back to the source's frame."""
        return (points - self.translation) @ self.rotation / self.scale


def landmark_alignment(source: np.ndarray, target: np.ndarray, scale: float | None = None) -> Similarity:
    """Return the similarity, reflections included, that moves (N, 3) source landmarks best onto the target's.

    Args:
        source: landmarks of the mesh.
        target: landmarks of the scan.
        scale: where it is known; else the best one.

    Raises:
        ValueError: the landmarks of one side all lie in one place.
    """
    source_centre, target_centre = source.mean(0), target.mean(0)
    a, b = source - source_centre, target - target_centre
    spread = float((a**2).sum())
    if spread < 1e-20 or float((b**2).sum()) < 1e-20:
        raise ValueError("all landmarks lie in one place")
    u, singular, vt = np.linalg.svd(b.T @ a)
    rotation = u @ vt
    size = float(singular.sum()) / spread if scale is None else scale
    return Similarity(size, rotation, target_centre - size * rotation @ source_centre)


def refine_alignment(
    tree: TriangleTree, points: np.ndarray, start: Similarity, with_scale: bool = True
) -> tuple[Similarity, ClosestPoints]:
    """Minimise the sum of squared distances from points to a mesh (Levenberg-Marquardt, exact closest points).

    Some thousand of the points are brought to convergence first, then all of them.

    Args:
        tree: the mesh, in its own frame.
        points: (N, 3) in the target's frame.
        start: where to begin.
        with_scale: False keeps the scale.

    Returns:
        The alignment, and what is closest to all points in the mesh's own frame.
    """
    every = max(1, len(points) // _COARSE_POINTS)
    if every > 1:
        start, _ = _descend(tree, points[::every], start, with_scale, _NEAR)
    return _descend(tree, points, start, with_scale, _CONVERGED)


def _descend(
    tree: TriangleTree, points: np.ndarray, start: Similarity, with_scale: bool, converged: float
) -> tuple[Similarity, ClosestPoints]:
    centre = points.mean(0)
    radius = float(np.sqrt(((points - centre) ** 2).sum(1).mean())) or 1.0
    best, closest = start, tree.closest(start.undo(points))
    cost = best.scale**2 * closest.squared.sum()
    damping = 1e-6
    for _ in range(_ROUNDS):
        normal, slope = _normal_equations(
            points - centre, best.apply(closest.points) - centre, _face_normals(tree, best, closest), radius
        )
        if not with_scale:
            normal, slope = normal[1:, 1:], slope[1:]
        step = -np.linalg.lstsq(normal + damping * np.diag(np.diag(normal)), slope, rcond=None)[0]
        moved = _moved(best, np.concatenate([[0.0], step]) if not with_scale else step, centre, radius)
        found = tree.closest(moved.undo(points), closest)
        new_cost = moved.scale**2 * found.squared.sum()
        if new_cost >= cost:
            if damping > 1e6 or cost - new_cost > -converged * cost:
                break
            damping = max(damping * 10, 1e-4)
            continue
        gained = cost - new_cost
        best, closest, cost = moved, found, new_cost
        damping = max(damping / 10, 1e-9)
        if gained <= converged * cost:
            break
    return best, closest


def _face_normals(tree: TriangleTree, alignment: Similarity, closest: ClosestPoints) -> np.ndarray:
    """Return (N, 3) normals of the triangles for points that lie on them and thus have no direction to them, else 0."""
    normals = np.zeros((len(closest.triangles), 3))
    touching = np.flatnonzero(alignment.scale * np.sqrt(closest.squared) < 1e-6)
    normals[touching] = tree.normals(closest.triangles[touching]) @ alignment.rotation.T
    return normals


def _moved(alignment: Similarity, step: np.ndarray, centre: np.ndarray, radius: float) -> Similarity:
    """Scale, turn and shift an alignment about ``centre``; steps of scale and angle are lengths at ``radius``."""
    growth, turn = float(np.exp(step[0] / radius)), _rotation(step[1:4] / radius)
    rotation = turn @ alignment.rotation
    translation = growth * turn @ (alignment.translation - centre) + centre + step[4:7]
    return Similarity(alignment.scale * growth, rotation, translation)


def _rotation(vector: np.ndarray) -> np.ndarray:
    angle = float(np.linalg.norm(vector))
    if angle < 1e-300:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


@numba.njit(cache=True)
def _normal_equations(points, found, normals, radius):
    """Return J^T J (7, 7) and J^T r (7,) of the distances r in (scale, turn, shift)."""
    product, slope = np.zeros((7, 7)), np.zeros(7)
    row = np.empty(7)
    for i in range(len(points)):
        qx, qy, qz = found[i, 0], found[i, 1], found[i, 2]
        nx, ny, nz = qx - points[i, 0], qy - points[i, 1], qz - points[i, 2]
        distance = np.sqrt(nx * nx + ny * ny + nz * nz)
        if distance > 1e-9:
            nx, ny, nz = nx / distance, ny / distance, nz / distance
        else:
            nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        row[0] = (nx * qx + ny * qy + nz * qz) / radius
        row[1] = (qy * nz - qz * ny) / radius
        row[2] = (qz * nx - qx * nz) / radius
        row[3] = (qx * ny - qy * nx) / radius
        row[4], row[5], row[6] = nx, ny, nz
        for a in range(7):
            slope[a] += row[a] * distance
            for b in range(7):
                product[a, b] += row[a] * row[b]
    return product, slope
