"""Compile the kernels once, outside the time of any single test."""

from __future__ import annotations

import pytest

from seethrough.rendering import warm_up


@pytest.fixture(scope="session", autouse=True)
def _compiled_kernels() -> None:
    warm_up()
