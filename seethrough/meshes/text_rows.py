"""Rows of numbers as text, by a compiled loop: a detailed mesh as OBJ has half a million lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

_POINT, _MINUS, _ZERO, _LINE_END = ord("."), ord("-"), ord("0"), ord("\n")


def rows_as_text(values: np.ndarray, before: Sequence[str], decimals: Sequence[int]) -> bytes:
    """Write each row as one line.

    Args:
        values: (N, C) finite numbers.
        before: C words, what stands before each number of a row.
        decimals: C, digits behind the point; 0 writes an integer.

    Raises:
        ValueError: values that are not finite, which no reader takes.
    """
    values = np.asarray(values)
    if not np.isfinite(values).all():
        raise ValueError("a mesh with numbers that are not finite cannot be written as text")
    scaled = np.rint(values * 10.0 ** np.asarray(decimals)).astype(np.int64)
    words = [np.frombuffer(word.encode("ascii"), dtype=np.uint8) for word in before]
    lengths = np.array([len(word) for word in words])
    table = np.zeros((len(words), int(lengths.max(initial=1))), dtype=np.uint8)
    for row, word in zip(table, words, strict=True):
        row[: len(word)] = word
    # The longest number, a sign, a point, and zeros before one that is smaller than 1.
    longest = len(str(int(np.abs(scaled).max(initial=0)))) + 3 + max(decimals, default=0)
    text = np.empty(len(scaled) * (int(lengths.sum()) + longest * len(words) + 1), dtype=np.uint8)
    length = _write(scaled, table, lengths, np.asarray(decimals, dtype=np.int64), text)
    return text[:length].tobytes()


@njit(nogil=True, cache=True)
def _write(values, words, lengths, decimals, text):
    # Unsigned throughout: signed quotients are rounded down, and signed places may count from the end, in extra steps.
    place, one, ten = np.uint64(0), np.uint64(1), np.uint64(10)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            for k in range(lengths[column]):
                text[place] = words[column, k]
                place += one
            value, behind = values[row, column], decimals[column]
            if value < 0:
                text[place] = _MINUS
                place += one
                value = -value
            number, digits, longer = np.uint64(value), 1, ten
            while number >= longer:
                digits, longer = digits + 1, longer * ten
            digits = max(digits, behind + 1)
            end = place + np.uint64(digits + (1 if behind > 0 else 0))
            here = end - one
            for k in range(digits):
                if behind > 0 and k == behind:
                    text[here] = _POINT
                    here -= one
                rest = number // ten
                text[here] = np.uint8(_ZERO + number - ten * rest)
                number = rest
                here -= one
            place = end
        text[place] = _LINE_END
        place += one
    return place
