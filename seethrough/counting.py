"""Numbers of things in messages."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """Return ``1 face``, ``0 faces`` or ``1,200 faces``.

    Args:
        number: how many.
        thing: one of them.
        things: several of them, where it is not the same with an s.
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
