"""Rows of numbers as text, against Python's own formatting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.meshes.text_rows import rows_as_text


@settings(max_examples=40, deadline=None)
@given(
    whole=st.lists(st.integers(-(10**7), 10**7), min_size=2, max_size=12),
    decimals=st.lists(st.integers(0, 6), min_size=2, max_size=2),
)
def test_numbers_are_written_as_python_writes_them(whole: list[int], decimals: list[int]) -> None:
    values = np.array(whole[: len(whole) // 2 * 2], dtype=np.float64).reshape(-1, 2) / 10.0 ** np.array(decimals)
    lines = rows_as_text(values, ["v ", "/"], decimals).decode().splitlines()
    pattern = f"v %.{decimals[0]}f/%.{decimals[1]}f"
    assert lines == [(pattern % tuple(row)).replace("-0.000000", "0.000000") for row in values]


def test_every_length_of_a_number() -> None:
    whole = [sign * (10**digits + more) for digits in range(16) for more in (-1, 0, 1) for sign in (1, -1)]
    text = rows_as_text(np.array(whole, dtype=np.float64)[:, None], ["f "], [0])
    assert text.decode().splitlines() == [f"f {number}" for number in whole]
    assert rows_as_text(np.array([[2.0**62]]), [""], [0]) == f"{2**62}\n".encode()


def test_small_numbers_zeros_and_no_rows() -> None:
    assert rows_as_text(np.array([[-0.00004, 0.5], [1e-9, -0.0]]), ["", " "], [4, 1]) == b"0.0000 0.5\n0.0000 0.0\n"
    assert rows_as_text(np.array([[-0.0001]]), ["x"], [4]) == b"x-0.0001\n"
    assert rows_as_text(np.empty((0, 3)), ["f ", " ", " "], [0, 0, 0]) == b""
    with pytest.raises(ValueError, match="not finite"):
        rows_as_text(np.array([[np.nan]]), ["v "], [3])
