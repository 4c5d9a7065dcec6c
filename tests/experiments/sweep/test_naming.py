from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.sweep.naming import run_names, short_keys

VALUES = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.text(), st.lists(st.integers(), max_size=9)
)


def test_keys_are_cut_to_what_tells_them_apart():
    assert short_keys(["model.loss.weights.binary", "seed"]) == {"model.loss.weights.binary": "binary", "seed": "seed"}
    keys = ["model.encoder.rate", "model.segmentation.rate", "rate"]
    assert list(short_keys(keys).values()) == ["encoder.rate", "segmentation.rate", "rate"]


def test_names_are_readable():
    assert run_names([("", {"a.rate": 1e-3, "b.on": True}), ("", {"a.rate": 0.01, "b.on": None})]) == [
        "rate-0.001_on-true", "rate-0.01_on-null",
    ]  # fmt: skip
    assert run_names([("focus", {}), ("backbone", {"x": [1, 2]})]) == ["focus", "backbone_x-1+2"]


def test_a_name_does_not_depend_on_what_else_is_swept_or_in_which_order():
    few = run_names([("", {"a.x": 1, "b.y": 2})])
    more = run_names([("", {"b.y": 7, "a.x": 9}), ("", {"b.y": 2, "a.x": 1}), ("", {"b.y": 2, "a.x": 9})])
    assert few[0] == more[1]


@settings(max_examples=40)
@given(st.lists(VALUES, min_size=1, max_size=6, unique_by=repr))
def test_each_run_has_a_folder_of_its_own(values):
    names = run_names([("", {"model.value": value}) for value in values])
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9._+-]+", name) and len(name) <= 130 and "=" not in name
