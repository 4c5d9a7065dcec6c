"""Completing the vertices that are not seen from those across the face (Extreme 3D, Eq. 9), by sparse factorisation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from seethrough.details.symmetry.settings import SymmetrySettings
from seethrough.details.symmetry.symmetry_plane import MIRROR
from seethrough.details.symmetry.vertex_graph import VertexGraph

ANCHOR = 1e-7
"""Weight of the first guess, over that of an edge; it decides only where a part of the mesh has no visible vertex."""

_KEPT = 8  # factorisations a model


def complete_vertices(
    graph: VertexGraph,
    foundation: np.ndarray,
    detailed: np.ndarray,
    normals: np.ndarray,
    visible: np.ndarray,
    settings: SymmetrySettings,
) -> np.ndarray:
    """Return (V, 3) vertices: visible ones as they are, the others completed by soft symmetry.

    For a hidden vertex i and its neighbours j, with weights w, S the reflection and i' the vertex across:

    - ``laplacian`` (Eq. 9): sum_j w (x_i - x_j) = sum_j w S(d_i'j'), d from the detailed face where both i' and j' are
      visible, else from the foundation. Visible neighbours are fixed.
    - ``displacement``: the same for one number a vertex, how far it lies from the foundation along its normal, with
      differences 0 where they are unknown. The hidden side keeps all that the foundation knows of it, and takes no
      part in how far visible vertices have slid along the surface.
    - ``edges`` (released code): least squares of sum_j (x_i - x_j) = sum_j d_ij over hidden j, and, where n > 0
      neighbours are visible, n x_i = sum (F_i - F_j + R_j) over these; d is S d_i'j' where both are visible, else that
      of the foundation between i and j itself.

    Args:
        graph: of the face model.
        foundation: (V, 3) mm, frontal frame.
        detailed: (V, 3) mm, frontal frame; only rows of visible vertices count.
        normals: (V, 3) unit normals of the foundation, frontal frame.
        visible: (V,) bool.
        settings: for ``completion`` and ``weights``.
    """
    hidden = np.flatnonzero(~visible)
    if not len(hidden):
        return detailed.copy()
    known = np.where(visible[:, None], detailed, foundation)
    across = np.where(graph.paired, graph.mirror, -1)
    mirrored = (across >= 0) & visible[across]
    a, b = graph.edges.T
    both = (mirrored[a] & mirrored[b])[:, None]
    if settings.completion == "displacement":
        raised = ((known - foundation) * normals).sum(1)[:, None]
        steps = np.where(both, raised[across[a]] - raised[across[b]], 0.0)
        start = np.where(mirrored[:, None], raised[across], 0.0)
        heights = _poisson(graph, visible, settings.weights, steps, raised, start)
        return _placed(known, hidden, foundation[hidden] + normals[hidden] * heights)

    def across_edges(values: np.ndarray) -> np.ndarray:
        return (values[across[a]] - values[across[b]]) * MIRROR

    guess = foundation + np.where(mirrored[:, None], (known - foundation)[across] * MIRROR, 0.0)
    if settings.completion == "edges":
        steps = np.where(both, across_edges(known), foundation[a] - foundation[b])
        return _placed(known, hidden, _least_squares(graph, visible, steps, foundation, known, guess))
    paired = ((across[a] >= 0) & (across[b] >= 0))[:, None]
    reflected = np.where(both, across_edges(known), across_edges(foundation))
    steps = np.where(paired, reflected, foundation[a] - foundation[b])
    return _placed(known, hidden, _poisson(graph, visible, settings.weights, steps, known, guess))


def _placed(known: np.ndarray, hidden: np.ndarray, solution: np.ndarray) -> np.ndarray:
    result = known.copy()
    result[hidden] = solution
    return result


def _poisson(
    graph: VertexGraph, visible: np.ndarray, kind: str, steps: np.ndarray, fixed: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Solve sum_j w (x_i - x_j) = sum_j w steps_ij for hidden i; ``steps`` (E, C) run from an edge's end to its start.

    Args:
        graph: of the face model.
        visible: (V,) bool.
        kind: of weights.
        steps: (E, C).
        fixed: (V, C), used where visible.
        start: (V, C), what the anchor holds hidden vertices to.
    """
    weights = graph.weights(kind)
    hidden = ~visible
    ends = graph.edges

    def matrix() -> sparse.csc_matrix:
        laplacian = _laplacian(graph, weights)[hidden][:, hidden]
        return sparse.csc_matrix(laplacian + ANCHOR * sparse.identity(laplacian.shape[0]))

    right = np.zeros_like(fixed)
    weighted = weights[:, None] * steps
    for k in range(right.shape[1]):
        right[:, k] = np.bincount(ends[:, 0], weighted[:, k], len(right)) - np.bincount(
            ends[:, 1], weighted[:, k], len(right)
        )
    right[hidden] -= (_laplacian(graph, weights)[hidden][:, visible]) @ fixed[visible]
    return _solver(graph, ("poisson", kind), visible, matrix)(right[hidden] + ANCHOR * start[hidden])


def _least_squares(
    graph: VertexGraph,
    visible: np.ndarray,
    steps: np.ndarray,
    foundation: np.ndarray,
    known: np.ndarray,
    guess: np.ndarray,
) -> np.ndarray:
    """Solve the released code's overdetermined system by its normal equations."""
    hidden = np.flatnonzero(~visible)
    number = np.full(len(visible), -1)
    number[hidden] = np.arange(len(hidden))
    a, b = graph.edges.T
    inner = ~visible[a] & ~visible[b]
    border = np.r_[graph.edges[~visible[a] & visible[b]], graph.edges[visible[a] & ~visible[b]][:, ::-1]]
    count = np.bincount(number[border[:, 0]], minlength=len(hidden)).astype(np.float64)

    def rows() -> sparse.csr_matrix:
        i, j = number[a[inner]], number[b[inner]]
        ones = np.ones(len(i))
        near = sparse.csr_matrix((np.r_[ones, ones], (np.r_[i, j], np.r_[j, i])), shape=(len(hidden),) * 2)
        graph_part = sparse.diags(np.asarray(near.sum(1)).ravel()) - near
        return sparse.csr_matrix(sparse.vstack([graph_part, sparse.diags(count)]))

    system = rows()
    upper, lower = np.zeros((len(hidden), 3)), np.zeros((len(hidden), 3))
    np.add.at(upper, number[a[inner]], steps[inner])
    np.add.at(upper, number[b[inner]], -steps[inner])
    np.add.at(lower, number[border[:, 0]], foundation[border[:, 0]] - foundation[border[:, 1]] + known[border[:, 1]])
    right = system.T @ np.concatenate([upper, lower]) + ANCHOR * guess[hidden]

    def matrix() -> sparse.csc_matrix:
        return sparse.csc_matrix(system.T @ system + ANCHOR * sparse.identity(len(hidden)))

    return _solver(graph, ("edges",), visible, matrix)(right)


def _laplacian(graph: VertexGraph, weights: np.ndarray) -> sparse.csr_matrix:
    a, b = graph.edges.T
    near = sparse.csr_matrix((np.r_[weights, weights], (np.r_[a, b], np.r_[b, a])), shape=(graph.vertex_count,) * 2)
    return sparse.csr_matrix(sparse.diags(np.asarray(near.sum(1)).ravel()) - near)


def _solver(
    graph: VertexGraph, kind: tuple[str, ...], visible: np.ndarray, matrix: Callable[[], sparse.csc_matrix]
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the solver of a symmetric positive definite system; one of few that are kept for a set of vertices.

    Without pivoting for size and with an ordering for symmetric matrices SuperLU does what a Cholesky factorisation
    does, at twice its arithmetic; the three coordinates share it.
    """
    key = (*kind, np.packbits(visible).tobytes())
    kept = graph.factors
    if key not in kept:
        factor = splu(matrix(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)))
        kept[key] = factor
    return kept[key].solve
