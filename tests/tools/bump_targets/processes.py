"""The command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run_command(arguments: list[str], expected: int = 1) -> None:
    """Run ``python -m tools.bump_targets`` and check its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.bump_targets", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
