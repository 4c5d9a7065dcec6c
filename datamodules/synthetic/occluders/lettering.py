"""A stroke alphabet of our own, so that a word has the same outline on every machine, whatever fonts it has."""

from __future__ import annotations

import numpy as np

# Letters on a grid four wide and six high: strokes apart by a space, points as column and row from the lower left.
_STROKES = {
    "A": "002640 1232",
    "B": "0006264433231303 33424130 0030",
    "C": "4536160501103041",
    "D": "0006264541200000",
    "E": "46060040 0333",
    "F": "460600 0333",
    "G": "453616050110304143 4323",
    "H": "0006 4046 0343",
    "I": "2026 1030 1636",
    "J": "46413010011",
    "K": "0006 4603 0340",
    "L": "060040",
    "M": "0006234640",
    "N": "00064046",
    "O": "1001051636454130 1030",
    "P": "0006364544330 0333",
    "Q": "10010516364541301030 2240",
    "R": "00063645443303 2340",
    "S": "4536160504134342413010 1001",
    "T": "0646 2620",
    "U": "06011030414 4146",
    "V": "062046",
    "W": "0610233046",
    "X": "0046 0640",
    "Y": "062346 2320",
    "Z": "06460040",
    "0": "1001051636454130 1030 0145",
    "1": "152620 1030",
    "2": "05163645430040",
    "3": "05163645442313 2342413010 1001",
    "4": "30360242",
    "5": "46060333424130100 1001",
    "7": "064610",
}
_VOWELS, _CONSONANTS, _DIGITS = "AEIOUY", "BCDFGHJKLMNPQRSTVWXZ", "0123457"
GLYPH_WIDTH, GLYPH_HEIGHT = 4.0, 6.0
_ADVANCE = 5.6


def _points(stroke: str) -> np.ndarray:
    pairs = stroke[: len(stroke) // 2 * 2]
    return np.array([[float(pairs[k]), float(pairs[k + 1])] for k in range(0, len(pairs), 2)])


ALPHABET = {letter: [_points(stroke) for stroke in strokes.split()] for letter, strokes in _STROKES.items()}
"""Letter -> its strokes, each (N, 2): column from the left and row from the base line."""


def random_word(rng: np.random.Generator, letters: int) -> str:
    """Return a word that can be spoken but means nothing, or now and then a number."""
    if rng.random() < 0.15:
        return "".join(_DIGITS[int(rng.integers(len(_DIGITS)))] for _ in range(letters))
    first = int(rng.integers(2))
    groups = [(_VOWELS, _CONSONANTS)[(k + first) % 2] for k in range(letters)]
    return "".join(group[int(rng.integers(len(group)))] for group in groups)


def word_strokes(word: str) -> tuple[list[np.ndarray], float]:
    """Return the strokes of a word in grid units, base line at 0 and beginning at 0, and how long the word is."""
    strokes: list[np.ndarray] = []
    for place, letter in enumerate(word):
        strokes += [stroke + np.array([place * _ADVANCE, 0.0]) for stroke in ALPHABET.get(letter, [])]
    return strokes, len(word) * _ADVANCE - (_ADVANCE - GLYPH_WIDTH)
