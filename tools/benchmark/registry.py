"""The sections of the benchmark: each is a mapping from case names to what measures them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from tools.benchmark.measuring import Measurement

Case = Callable[[], Measurement]

SECTIONS: dict[str, str] = {
    "renderer": "tools.benchmark.renderer",
    "decode": "tools.benchmark.decode",
}
"""Section -> module with ``cases() -> Mapping[str, Case]``, imported only when the section is asked for."""


def cases_of(section: str) -> Mapping[str, Case]:
    """Return the cases of a section, in the order in which they run."""
    return import_module(SECTIONS[section]).cases()
