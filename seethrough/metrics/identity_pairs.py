"""Pairs of pictures of the same person and of two, in folds that share no person, as LFW's list has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class IdentityPairs:
    """Pairs of pictures by their places.

    Attributes:
        first: (P,) place of the one picture.
        second: (P,) place of the other.
        same: (P,) whether both show the same person.
        folds: (P,) 0, 1, ...
    """

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray
    folds: np.ndarray

    def __len__(self) -> int:
        return len(self.same)


def identity_pairs(people: np.ndarray, folds: int = 10, each: int | None = None, seed: int = 0) -> IdentityPairs:
    """Pair pictures: people are dealt out to folds in their order; a fold has as many pairs of one person as of two.

    Args:
        people: (N,) number of the person on each picture; pictures of negative numbers are in no pair.
        folds: how many.
        each: pairs of each kind in a fold; None for as many as the fold has of the rarer kind.
        seed: of the choice among more pairs than that.

    Raises:
        ValueError: a fold would lack pairs of one kind, which takes two people, one of them with two pictures.
    """
    people = np.asarray(people)
    known = np.unique(people[people >= 0])
    rank = np.full(len(people), -1)
    rank[people >= 0] = np.searchsorted(known, people[people >= 0])
    rng = np.random.default_rng(seed)
    parts: list[tuple[np.ndarray, ...]] = []
    for fold in range(folds):
        places = np.flatnonzero((rank >= 0) & (rank % folds == fold))
        first, second = np.triu_indices(len(places), 1)
        alike = people[places[first]] == people[places[second]]
        count = int(min(alike.sum(), (~alike).sum()))
        if not count:
            raise ValueError(
                f"{len(known)} people do not fill {folds} folds, each of which takes two, one of them with two pictures"
            )
        count = count if each is None else min(count, each)
        for same in (True, False):
            chosen = np.sort(rng.permutation(np.flatnonzero(alike == same))[:count])
            told = np.full(count, same), np.full(count, fold)
            parts.append((places[first[chosen]], places[second[chosen]], *told))
    return IdentityPairs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
