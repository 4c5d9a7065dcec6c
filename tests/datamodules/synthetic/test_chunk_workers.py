"""Chunks that several processes share; the workers here import next to nothing, so that a process costs little."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from datamodules.synthetic.chunk_workers import work_through
from seethrough.errors import SeethroughError
from tests.datamodules.synthetic.workers import make_dying, make_telling


@pytest.mark.parametrize("processes", [1, 2])
def test_every_chunk_is_done_once_wherever_it_is_done(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    told: list[Any] = list(work_through(make_telling, [0, 3, 6, 9], processes, setting="x=1"))
    assert sorted(chunk for chunk, _, _ in told) == [0, 3, 6, 9]
    here = {process == os.getpid() for _, process, _ in told}
    assert here == {processes == 1}
    # One thread a process, and the settings of this one are as they were.
    assert {threads for _, _, threads in told} == {"7" if processes == 1 else "1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "NUMBA_NUM_THREADS" not in os.environ


def test_there_are_no_more_processes_than_chunks() -> None:
    ((_, process, _),) = told = list[Any](work_through(make_telling, [4], 8, setting="x=1"))
    assert len(told) == 1
    assert process == os.getpid()


def test_a_process_that_dies_is_told_in_one_line() -> None:
    with pytest.raises(SeethroughError, match=r"a process that renders faces died: .*; data\.render_processes=1 to"):
        list(work_through(make_dying, [0, 1], 2, setting="data.render_processes=1"))


def test_what_a_worker_raises_arrives() -> None:
    def make() -> Callable[[int], int]:
        raise SeethroughError("no model")

    with pytest.raises(SeethroughError, match="no model"):
        list(work_through(make, [0, 1], 1, setting="x=1"))
