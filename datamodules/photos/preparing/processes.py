"""Chunks of records done by several processes; a photo that kills its process is found and left out."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from datamodules.photos.record import PhotoRecord
from seethrough.errors import SeethroughError

AHEAD = 2
"""Chunks that wait for each process; no more, so that memory does not grow with the listing."""
ATTEMPTS = 2


@dataclass(frozen=True)
class Task:
    """One chunk of work.

    Attributes:
        key: of the chunk.
        records: to be prepared.
        deadly: ids of records that killed the process that worked on them.
    """

    key: str
    records: Sequence[PhotoRecord]
    deadly: frozenset[str] = frozenset()


class Worker(Protocol):
    """What one process does."""

    def chunk(self, task: Task) -> None:
        """Prepare all records of a chunk and mark it as finished."""
        ...

    def probe(self, record: PhotoRecord) -> None:
        """Prepare one record and forget the result."""
        ...


def work_through(make_worker: Callable[[], Worker], tasks: Iterable[Task], processes: int) -> Iterator[Task]:
    """Yield each task when it is done, in the order in which they are finished.

    Args:
        make_worker: called once in every process, so it must be importable.
        tasks: chunks; only a few are taken ahead of the work.
        processes: how many work; with one there are no others than this.

    Raises:
        SeethroughError: processes die before they have done anything.
    """
    if processes <= 1:
        worker = make_worker()
        for task in tasks:
            worker.chunk(task)
            yield task
        return
    remaining = iter(tasks)
    while True:
        suspects: list[Task] = []
        with _Pool(make_worker, processes) as pool:
            yield from _until_broken(pool, remaining, suspects, AHEAD * processes)
        if not suspects:
            return
        for task in suspects:
            yield _alone(make_worker, task)


def _until_broken(pool: _Pool, tasks: Iterator[Task], suspects: list[Task], ahead: int) -> Iterator[Task]:
    """Do tasks until there are no more or a process dies; those that were under way then are the suspects."""
    running: dict[Future[None], Task] = {}

    def submit(task: Task) -> None:
        try:
            running[pool.chunk(task)] = task
        except BrokenProcessPool:
            suspects.append(task)

    for task in islice(tasks, ahead):
        submit(task)
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            if isinstance(future.exception(), BrokenProcessPool):
                suspects.append(task)
                continue
            future.result()
            yield task
            if not suspects:
                for following in islice(tasks, 1):
                    submit(following)


def _alone(make_worker: Callable[[], Worker], task: Task) -> Task:
    """Do one chunk record by record, each in a process that may die of it, and then without those that do."""
    deadly = frozenset(record.id for record in task.records if not _survives(make_worker, record))
    whole = Task(task.key, task.records, deadly)
    with _Pool(make_worker, 1) as pool:
        pool.chunk(whole).result()
    return whole


def _survives(make_worker: Callable[[], Worker], record: PhotoRecord) -> bool:
    for _ in range(ATTEMPTS):
        with _Pool(make_worker, 1) as pool:
            try:
                pool.start()
            except BrokenProcessPool:
                raise SeethroughError(
                    "the processes that prepare photos cannot start: out of memory, or a script that starts its work "
                    "outside `if __name__ == '__main__':`; prepare in one process (--jobs 1)"
                ) from None
            try:
                pool.probe(record).result()
            except BrokenProcessPool:
                continue
            return True
    return False


class _Pool:
    """Processes that share nothing, one thread each.

    They are forked from a server that has imported what they need and runs no threads whose locks a fork could copy;
    so they start at once, and hold the libraries in memory together.
    """

    def __init__(self, make_worker: Callable[[], Worker], processes: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", "datamodules.photos.preparing.worker"])
        self._executor = ProcessPoolExecutor(processes, context, _start, (make_worker,))

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def start(self) -> None:
        self._executor.submit(os.getpid).result()

    def chunk(self, task: Task) -> Future[None]:
        return self._executor.submit(_chunk, task)

    def probe(self, record: PhotoRecord) -> Future[None]:
        return self._executor.submit(_probe, record)


_worker: Worker | None = None


def _start(make_worker: Callable[[], Worker]) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()

    import torch

    torch.set_num_threads(1)
    _worker = make_worker()


def _end_with_parent() -> None:
    """Leave when the parent was killed: the executor's queue would keep its processes waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _chunk(task: Task) -> None:
    assert _worker is not None
    _worker.chunk(task)


def _probe(record: PhotoRecord) -> None:
    assert _worker is not None
    _worker.probe(record)
