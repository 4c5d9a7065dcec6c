"""One wrinkle: a line on the unrolled skin, the profile across it, and how it is pressed into the relief."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from datamodules.detail.chart import Chart

STEP_MM = 1.5


@dataclass
class Crease:
    """A wrinkle or fold.

    Attributes:
        points: (N, 2) mm on the chart.
        depth: (N,) mm at each point.
        width: half width of the valley, mm; a tenth of the depth is left two widths off.
        ridge: height of the skin that is pushed up on both sides, as a share of the depth.
        fold: height, mm, of the cheek that hangs over the line on its left side (looking along the points).
        drape: mm, how far from the line the fold is highest.
    """

    points: np.ndarray
    depth: np.ndarray
    width: float
    ridge: float = 0.18
    fold: float = 0.0
    drape: float = 6.0


def line(
    controls: Sequence[Any] | np.ndarray,
    rng: np.random.Generator,
    depth: float,
    width: float,
    *,
    wander: float = 0.5,
    uneven: float = 0.35,
    taper: tuple[float, float] = (0.3, 0.3),
    ridge: float = 0.18,
    fold: float = 0.0,
    drape: float = 6.0,
) -> Crease:
    """Draw a crease through some points, as skin has it: it wanders, varies in depth and fades at both ends.

    Args:
        controls: (K, 2) mm on the chart, K >= 2; passed smoothly (Catmull-Rom).
        rng: seeds wandering and depth; one number of it is used, however long the line is.
        depth: mm in the middle.
        width: half width, mm.
        wander: how far the line strays sideways, mm.
        uneven: relative standard deviation of the depth along the line.
        taper: shares of the length over which the line begins and ends.
        ridge: see :class:`Crease`.
        fold: see :class:`Crease`.
        drape: see :class:`Crease`.
    """
    rng = np.random.default_rng(int(rng.integers(1 << 62)))
    points = _through(np.asarray(controls, np.float64))
    count = len(points)
    along = np.linspace(0.0, 1.0, count)
    length = STEP_MM * (count - 1)
    # Short waves of a line that reaches far would meet in ridges on its hollow sides, like ripples.
    fine = 0.0 if fold else 0.25 * min(1.0, (0.9 / width) ** 2)
    sideways = (_drift(rng, count, length, 14.0) + fine * _drift(rng, count, length, 4.5)) * wander
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    points = points + sideways[:, None] * np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    begin, end = (np.clip(part, 1e-3, 1.0) for part in taper)
    envelope = _ease(along / begin) * _ease((1 - along) / end)
    varied = np.exp(uneven * _drift(rng, count, length, 9.0))
    return Crease(points, depth * envelope * varied, width, ridge, fold, drape)


@numba.njit(cache=True)
def _through(controls):
    """Resample the Catmull-Rom spline through (K, 2) points about every ``STEP_MM``."""
    last, fine = controls.shape[0] - 1, 12
    path = np.empty((last * fine + 1, 2))
    for k in range(last):
        b, c = controls[k], controls[k + 1]
        a = controls[k - 1] if k > 0 else 2 * b - c
        d = controls[k + 2] if k + 1 < last else 2 * c - b
        for m in range(fine):
            t = m / fine
            for axis in range(2):
                p, q = 2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis], 3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]
                path[k * fine + m, axis] = 0.5 * (2 * b[axis] + t * (c[axis] - a[axis] + t * (p + t * q)))
    path[last * fine] = controls[last]
    distance = np.zeros(path.shape[0])
    for k in range(1, path.shape[0]):
        distance[k] = distance[k - 1] + math.hypot(path[k, 0] - path[k - 1, 0], path[k, 1] - path[k - 1, 1])
    count = max(round(distance[-1] / STEP_MM), 2) + 1
    at = np.linspace(0.0, distance[-1], count)
    out = np.empty((count, 2))
    for axis in range(2):
        out[:, axis] = np.interp(at, distance, path[:, axis])
    return out


def _drift(rng: np.random.Generator, count: int, length: float, period: float) -> np.ndarray:
    """Return (count,) smooth noise of unit variance whose correlation length is about ``period`` mm."""
    return _smoothly(rng.standard_normal(max(int(length / period) + 3, 4)), count)


@numba.njit(cache=True)
def _smoothly(values, count):
    out = np.empty(count)
    for k in range(count):
        at = k * (values.shape[0] - 1.001) / (count - 1)
        first = int(at)
        part = at - first
        out[k] = values[first] + part * part * (3 - 2 * part) * (values[first + 1] - values[first])
    return out


def _ease(part: np.ndarray) -> np.ndarray:
    part = np.clip(part, 0.0, 1.0)
    return part * part * (3 - 2 * part)


def press(relief: np.ndarray, creases: Sequence[Crease], chart: Chart) -> None:
    """Press creases into a (rows, columns) float32 relief in mm, in place.

    A valley that is narrower than the grid can carry becomes wider and as much shallower, as its blurred image would.
    """
    nearest = np.full(relief.shape, np.inf, np.float32)
    place = np.zeros(relief.shape, np.float32)
    for crease in creases:
        if len(crease.points) < 2 or (np.abs(crease.depth).max() < 0.004 and abs(crease.fold) < 0.004):
            continue
        width = math.hypot(crease.width, 0.75 * chart.texel)
        points = (crease.points - (chart.left, chart.bottom)) / chart.texel
        shape = np.array([width, crease.ridge, crease.fold, crease.drape], np.float64)
        depth = crease.depth * (crease.width / width)
        _press_one(relief, points, depth, shape, chart.texel, nearest, place)


@numba.njit(cache=True)
def _press_one(relief, points, depth, shape, texel, nearest, place):
    width, ridge, fold, drape = shape
    reach = (5.0 * width if fold == 0.0 else max(5.0 * width, 3.2 * drape)) / texel
    rows, columns = relief.shape
    count = points.shape[0]
    for k in range(count - 1):
        ax, ay = points[k]
        ex, ey = points[k + 1, 0] - ax, points[k + 1, 1] - ay
        square = max(ex * ex + ey * ey, 1e-9)
        left, right = max(int(min(ax, ax + ex) - reach), 0), min(int(max(ax, ax + ex) + reach) + 2, columns)
        low, high = max(int(min(ay, ay + ey) - reach), 0), min(int(max(ay, ay + ey) + reach) + 2, rows)
        for i in range(low, high):
            for j in range(left, right):
                t = ((j - ax) * ex + (i - ay) * ey) / square
                t = min(max(t, 0.0), 1.0)
                dx, dy = j - ax - t * ex, i - ay - t * ey
                distance = dx * dx + dy * dy
                if distance < nearest[i, j]:
                    nearest[i, j] = distance
                    side = 1.0 if ex * dy - ey * dx >= 0 else -1.0
                    place[i, j] = side * (k + t + 1.0)
    low, high = max(int(points[:, 1].min() - reach), 0), min(int(points[:, 1].max() + reach) + 2, rows)
    left, right = max(int(points[:, 0].min() - reach), 0), min(int(points[:, 0].max() + reach) + 2, columns)
    deepest = max(depth.max(), 1e-9)
    for i in range(low, high):
        for j in range(left, right):
            if nearest[i, j] > reach * reach:
                nearest[i, j] = np.inf
                continue
            side = 1.0 if place[i, j] > 0 else -1.0
            at = min(max(abs(place[i, j]) - 1.0, 0.0), count - 1.001)
            k = int(at)
            here = depth[k] + (at - k) * (depth[k + 1] - depth[k])
            s = math.sqrt(nearest[i, j]) * texel
            # Sharp at the bottom and round on the shoulders, as skin that is folded, not waved.
            u = s / width
            value = -here * math.exp(-1.15 * (math.sqrt(u * u + 0.09) - 0.3))
            bank = (u - 2.3) / 1.3
            value += here * ridge * math.exp(-bank * bank)
            if fold != 0.0:
                f = s / drape
                hang = fold * here / deepest * f * math.exp(0.5 - 0.5 * f * f)
                value += hang if side > 0 else -0.3 * hang
            relief[i, j] += value
            nearest[i, j] = np.inf
