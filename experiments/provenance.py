"""Which code made a result."""

from __future__ import annotations

import subprocess
from pathlib import Path

import seethrough

ROOT = Path(__file__).resolve().parents[1]


def commit() -> str:
    """Return the short commit of this checkout, with ``+`` where it holds changes; elsewhere the version."""
    described = _git("describe", "--always", "--dirty=+", "--exclude=*")
    return described or f"version {seethrough.__version__}"


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip() or None
