"""Texture coordinates: the base mesh's own map of the head, turned upright, with eyes and mouth cavity laid in."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import spsolve

from tools.face_model.head import EYE_GROUPS, split_parts
from tools.face_model.makehuman import BaseMesh

Array = NDArray[np.float64]

MARGIN = 0.02
EYE_RADIUS = 0.055  # the eyeballs are two discs in the lower corners, which the oval face leaves free


def base_texture(base: BaseMesh, mean: Array) -> Array:
    """Return (N, 2) texture coordinates on the base mesh's vertices, before they are fitted into the unit square.

    Skin keeps the artist's map, turned so that u follows x and v follows y; the mouth cavity is stretched smoothly
    inside the slit between the lips. Vertices off the face get zeros.
    """
    parts = split_parts(base)
    body = base.groups == "body"
    quads, where = base.quads[body], base.texture_quads[body]
    island = {tuple(row) for row in parts.skin.tolist()}
    of_skin = np.array([tuple(row) in island for row in quads.tolist()])
    head = of_skin & (mean[quads][:, :, 1].min(1) > -100)
    found = np.zeros((len(base.vertices), 2))
    found[quads[head].ravel()] = base.texture[where[head].ravel()]
    skin = np.unique(quads[head])
    front = skin[mean[skin, 2] > -20]
    fit = np.linalg.lstsq(np.c_[mean[front, :2], np.ones(len(front))], found[front], rcond=None)[0][:2]
    turn = np.linalg.svd(fit)
    found = found @ (turn[0] @ turn[2]).T
    found[:, 0] -= found[front, 0].mean()
    mirrored = found[base.mirror] * [-1, 1]
    found = (found + mirrored) / 2
    return _fill(parts.mouth, np.intersect1d(parts.mouth, skin), found)


def _fill(quads: NDArray[np.int64], rim: NDArray[np.int64], values: Array) -> Array:
    """Fill the vertices of quads that are not on the rim with averages of their neighbours (a Tutte embedding)."""
    edges = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    count = len(values)
    graph = sp.csr_matrix((np.ones(2 * len(edges)), (edges.ravel(), edges[:, ::-1].ravel())), shape=(count, count))
    graph.data[:] = 1.0
    free = np.setdiff1d(np.unique(quads), rim)
    laplacian = sp.diags(np.asarray(graph.sum(1)).ravel()) - graph
    laplacian = sp.csr_matrix(laplacian)
    filled = values.copy()
    right = -(laplacian[free][:, rim] @ values[rim])
    filled[free] = spsolve(sp.csc_matrix(laplacian[free][:, free]), right)
    return filled


def texture(base: BaseMesh, mean: Array, operator: sp.csr_matrix, eyeball: NDArray[np.bool_]) -> Array:
    """Return (V, 2) texture coordinates in [0, 1], v up, for vertices ``operator @ base`` of the face mesh.

    Args:
        base: the base mesh.
        mean: (N, 3) mean shape of the base mesh in the model frame.
        operator: (V, N) face vertices out of base vertices.
        eyeball: (V,) True on the eyeballs.
    """
    found = operator @ base_texture(base, mean)
    low, high = found[~eyeball].min(0), found[~eyeball].max(0)
    scale = (1 - 2 * MARGIN) / (high - low).max()
    found = 0.5 + (found - (low + high) / 2) * scale
    points = operator @ mean
    for group, side in zip(EYE_GROUPS, (1, -1), strict=True):
        helper = mean[np.unique(base.quads[base.groups == group])]
        centre = (helper.min(0) + helper.max(0)) / 2
        mine = eyeball & (points[:, 0] * side > 0)
        arm = points[mine, :2] - centre[:2]
        corner = np.array([1 - MARGIN - EYE_RADIUS if side > 0 else MARGIN + EYE_RADIUS, MARGIN + EYE_RADIUS])
        found[mine] = corner + arm / np.abs(arm).max() * EYE_RADIUS
    return found
