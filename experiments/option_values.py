"""Numbers on command lines, refused by argparse in one line where they are none; read without waiting for torch."""

from __future__ import annotations

import argparse


def count(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of at least 1")
    return int(text)
