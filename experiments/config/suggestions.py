"""What a person may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` with the choice nearest to ``word``, or an empty string where none is near."""
    nearest = get_close_matches(word, list(dict.fromkeys(choices)), n=1, cutoff=0.6)
    return f" (did you mean '{nearest[0]}'?)" if nearest else ""


def did_you_mean_elsewhere(word: str, paths: Iterable[str]) -> str:
    """As :func:`did_you_mean`, by the last part of dotted or slashed paths: ``sigma`` finds ``model.loss.sigma``."""
    by_last: dict[str, str] = {}
    for path in paths:
        by_last.setdefault(_last(path), path)
    nearest = get_close_matches(_last(word), by_last, n=1, cutoff=0.75)
    return f" (did you mean '{by_last[nearest[0]]}'?)" if nearest else ""


def _last(path: str) -> str:
    return path.replace("/", ".").rsplit(".", 1)[-1]


def listing(choices: Iterable[str], limit: int = 12) -> str:
    """Return ``a, b, c`` with at most ``limit`` names, then how many more there are."""
    names = list(choices)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "none") + more
