"""Nearest vectors: exact comparison with all, or faiss where there are very many."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Protocol

import numpy as np

FAISS_FROM = 1_000_000
"""References from which on faiss, where it is installed, searches viewpoints; below, one matrix product is as fast."""


class VectorSearch(Protocol):
    """Finds the nearest of many vectors."""

    def nearest(self, vector: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rows (count,) and squared distances (count,), nearest first; of equals the first row comes first."""
        ...


class ExactSearch:
    """Compares with all (N, D) vectors."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float64)

    def nearest(self, vector: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`VectorSearch`."""
        difference = self._vectors - vector
        squared = np.einsum("nd,nd->n", difference, difference)
        return _smallest(squared, count)


class FaissSearch:
    """The same by an exact index of faiss, in single precision."""

    def __init__(self, vectors: np.ndarray) -> None:
        import faiss  # pyright: ignore[reportMissingImports]

        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._index = faiss.IndexFlatL2(self._vectors.shape[1])
        self._index.add(self._vectors)

    def nearest(self, vector: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`VectorSearch`."""
        _, found = self._index.search(np.ascontiguousarray(vector[None], dtype=np.float32), count)
        # faiss expands |a - b|^2, which loses the digits of small distances.
        rows = np.sort(found[0][found[0] >= 0]).astype(np.int64)
        squared = np.square(self._vectors[rows].astype(np.float64) - vector).sum(1)
        order, values = _smallest(squared, count)
        return rows[order], values


def vector_search(vectors: np.ndarray) -> VectorSearch:
    """Return the search that suits this many vectors."""
    if len(vectors) >= FAISS_FROM and find_spec("faiss") is not None:
        return FaissSearch(vectors)
    return ExactSearch(vectors)


def _smallest(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places and values of the smallest ones, in order, the first of equals first."""
    count = min(count, len(values))
    limit = np.partition(values, count - 1)[count - 1]
    places = np.flatnonzero(values <= limit)
    places = places[np.argsort(values[places], kind="stable")][:count]
    return places, values[places]
