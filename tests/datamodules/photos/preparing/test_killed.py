"""A preparation that is killed with SIGKILL, again and again, ends with the manifest of an undisturbed one."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from datamodules.photos.manifest import read_manifest
from datamodules.photos.preparing import prepare
from tests.datamodules.photos.preparing.small_photos import SETTINGS, made_listing

COUNT, BROKEN = 160, (5, 77, 78, 140)


def prepare_made(out: Path, jobs: int = 1) -> None:
    prepare(made_listing(COUNT, BROKEN), out, SETTINGS, "made", "made", jobs=jobs, progress=False)


def files(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def kill_again_and_again(out: Path, times: int, longest: float) -> int:
    """Start the preparation and kill it after a random time; returns how often it was killed before its end."""
    moments = random.Random(3)
    context = multiprocessing.get_context("fork")
    killed = 0
    for _ in range(times):
        process = context.Process(target=prepare_made, args=(out,))
        process.start()
        time.sleep(moments.uniform(0, longest))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        killed += process.exitcode == -signal.SIGKILL
    return killed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """Return the files of an undisturbed preparation, and how many seconds it took."""
    out = tmp_path_factory.mktemp("undisturbed")
    started = time.monotonic()
    prepare_made(out)
    return files(out), time.monotonic() - started


def check(out: Path, expected: dict[str, bytes]) -> None:
    prepare_made(out)
    found = files(out)
    assert found.keys() == expected.keys()
    assert found == expected
    identifiers = [row.id for row in read_manifest(out / "manifest.jsonl")]
    assert len(identifiers) == len(set(identifiers)) == COUNT - len(BROKEN)


@pytest.mark.parametrize(
    "pause", [0.1, pytest.param(0.4, marks=pytest.mark.slow), pytest.param(1.2, marks=pytest.mark.slow)]
)
def test_killed_twenty_times(tmp_path: Path, undisturbed: tuple[dict[str, bytes], float], pause: float) -> None:
    expected, seconds = undisturbed
    # With long pauses some kills fall into the merging, and into a folder that is finished.
    killed = kill_again_and_again(tmp_path, 20, seconds * pause)
    assert killed == 20 or pause > 0.1
    check(tmp_path, expected)
