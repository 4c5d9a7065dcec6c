from __future__ import annotations

import numpy as np
import pytest

from seethrough.metrics.identity_pairs import identity_pairs


def test_pairs_of_four_people_by_hand() -> None:
    people = np.array([7, 7, 3, 3, 9, 9, 5, 5, -1])
    pairs = identity_pairs(people, folds=2)
    # In order 3, 5, 7, 9: fold 0 has 3 and 7, fold 1 has 5 and 9. Two pairs of one person, so two of the four of two.
    assert len(pairs) == 8 and pairs.folds.tolist() == [0] * 4 + [1] * 4
    assert pairs.same.tolist() == [True, True, False, False] * 2
    alike = {(int(a), int(b)) for a, b in zip(pairs.first[pairs.same], pairs.second[pairs.same], strict=True)}
    assert alike == {(0, 1), (2, 3), (6, 7), (4, 5)}
    for fold, members in enumerate(({0, 1, 2, 3}, {4, 5, 6, 7})):
        of_two = ~pairs.same & (pairs.folds == fold)
        assert set(pairs.first[of_two]) | set(pairs.second[of_two]) <= members
        assert (people[pairs.first[of_two]] != people[pairs.second[of_two]]).all()


def test_folds_share_no_person_and_pairs_are_drawn_once() -> None:
    people = np.repeat(np.arange(30), 4)
    pairs = identity_pairs(people, each=7, seed=3)
    assert len(pairs) == 10 * 14
    for fold in range(10):
        inside = pairs.folds == fold
        assert {int(one) % 10 for one in people[pairs.first[inside]]} == {fold}
        assert pairs.same[inside].sum() == 7
    assert len({*zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)}) == len(pairs)
    again, other = identity_pairs(people, each=7, seed=3), identity_pairs(people, each=7, seed=4)
    assert np.array_equal(again.first, pairs.first) and not np.array_equal(other.first, pairs.first)


@pytest.mark.parametrize("people", [[0, 0, 1], [0, 1, 2, 3, 4], [0, 0, 0, 1, 1]])
def test_too_few_people_for_the_folds(people: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fill 2 folds, each of which takes two"):
        identity_pairs(np.array(people), folds=2)
