from __future__ import annotations

import pytest

from datamodules.ar.names import ShotName, parse_name


@pytest.mark.parametrize(
    ("stem", "name", "identity"),
    [
        ("m-001-1", "m-001-01", "m-001"),
        ("M-001-01", "m-001-01", "m-001"),
        ("W-023-26", "w-023-26", "w-023"),
        ("F-23-5", "w-023-05", "w-023"),
        ("f-007-13", "w-007-13", "w-007"),
    ],
)
def test_every_spelling_is_one_photo(stem: str, name: str, identity: str) -> None:
    found = parse_name(stem)
    assert found is not None and found.id == name and found.identity == identity


@pytest.mark.parametrize(
    "stem", ["x-001-01", "m-001", "m-001-001", "m001-01", "m-001-01 copy", "m-001-01_visible_skin_mask"]
)
def test_other_names_are_none(stem: str) -> None:
    assert parse_name(stem) is None


def test_subsets_of_both_sessions() -> None:
    subsets = {shot: ShotName("m", 1, shot).subset for shot in range(1, 27)}
    assert [shot for shot, subset in subsets.items() if subset == "neutral"] == [1, 14]
    assert [shot for shot, subset in subsets.items() if subset == "glasses"] == [8, 9, 10, 21, 22, 23]
    assert [shot for shot, subset in subsets.items() if subset == "scarf"] == [11, 12, 13, 24, 25, 26]
    assert sum(subset == "other" for subset in subsets.values()) == 12
