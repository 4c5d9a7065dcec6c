"""Photos that kill the process that reads them, and parents that die before their children."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from datamodules.photos.preparing import prepare
from datamodules.photos.preparing.processes import Task, work_through
from datamodules.photos.record import Listing
from tests.datamodules.photos.preparing.small_photos import SETTINGS, made_listing


@dataclass(frozen=True)
class DeadlyPhoto:
    """A photo whose decoder crashes."""

    name: str = "made/deadly"

    def read(self) -> np.ndarray:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@pytest.mark.slow
def test_photo_that_kills_its_process_is_skipped_and_every_other_prepared(tmp_path: Path) -> None:
    listing = made_listing(60)
    records = [replace(r, source=DeadlyPhoto()) if n in (11, 40) else r for n, r in enumerate(listing.records)]
    report = prepare(Listing(records), tmp_path, SETTINGS, "made", "made", jobs=2, progress=False)
    assert (report.found, report.skipped) == (58, 2)
    skipped = [json.loads(line) for line in (tmp_path / "skipped.jsonl").read_text().splitlines()]
    assert [row["id"] for row in skipped] == ["000011", "000040"]
    assert all("the process that prepared it died twice" in row["reason"] for row in skipped)


class Counting:
    def __init__(self) -> None:
        self.done: list[str] = []

    def chunk(self, task: Task) -> None:
        self.done.append(task.key)


def test_one_process_works_here_and_takes_nothing_ahead() -> None:
    worker, taken = Counting(), []

    def tasks():
        for number in range(5):
            taken.append(number)
            yield Task(str(number), ())

    for task in work_through(lambda: worker, tasks(), 1):
        assert worker.done[-1] == task.key
        assert len(taken) == len(worker.done)
    assert worker.done == ["0", "1", "2", "3", "4"]
