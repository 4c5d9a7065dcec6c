"""The pairs of the verification set: same person or not, in ten folds that share no person."""

from __future__ import annotations

import numpy as np

from datamodules.synthetic.benchmark.files import sample_name
from datamodules.synthetic.pool_spec import PoolSpec
from datamodules.synthetic.streams import Factor, stream

FOLDS, PAIRS_OF_EACH = 10, 60


def pair_lines(spec: PoolSpec) -> str:
    """Return the table of pairs, ``fold,same,first,second``: 60 of one person and 60 of two in each of ten folds.

    A person belongs to one fold only. A set too small for so many pairs has as many as there are.
    """
    rng = stream(spec.seed, Factor.IDENTITY, 1 << 20)
    people = np.array([spec.person(row) for row in range(spec.rows)])
    lines = ["fold,same,first,second\n"]
    for fold in range(FOLDS):
        rows = np.flatnonzero(people % FOLDS == fold)
        first, second = np.triu_indices(len(rows), 1)
        alike = people[rows[first]] == people[rows[second]]
        for same in (1, 0):
            choices = np.flatnonzero(alike == bool(same))
            for pair in np.sort(rng.permutation(choices)[:PAIRS_OF_EACH]):
                one, other = (sample_name(spec, int(rows[side[pair]])) for side in (first, second))
                lines.append(f"{fold},{same},{one},{other}\n")
    return "".join(lines)
