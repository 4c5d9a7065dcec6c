from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = Path(__file__).with_name("cluster.sh")
NOT_HERE = 3


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """A SLURM of one node; calls one of its commands and returns what it prints. Skips where it cannot be started."""
    folder = tmp_path_factory.mktemp("slurm")
    # A job of another cluster must not lend this one its variables.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SLURM_")}
    environment = {**kept, "SLURM_CONF": str(folder / "slurm.conf")}

    def call(*command: str) -> str:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    try:
        started = subprocess.run([CLUSTER, "start", folder], capture_output=True, text=True, timeout=120)
        if started.returncode == NOT_HERE:
            pytest.skip(started.stderr.strip())
        assert started.returncode == 0, started.stderr
        yield call
        call("scancel", "--user=root")
    finally:  # also after Ctrl-C: nothing of it may outlive the tests
        subprocess.run([CLUSTER, "stop", folder], check=True, timeout=60)
