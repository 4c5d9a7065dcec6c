"""Work in chunks, each done by one of several processes that share nothing."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from seethrough.errors import SeethroughError

NO_MAIN_GUARD = "a script that starts its work outside `if __name__ == '__main__':`"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def work_through(
    make_worker: Callable[[], Callable[[int], int]], chunks: Sequence[int], processes: int, *, setting: str
) -> Iterator[int]:
    """Yield what a worker returns for each chunk, in the order in which they are finished.

    Args:
        make_worker: returns the function that does one chunk; called once in every process, so it must be importable.
        chunks: their numbers.
        processes: how many work; with one there are no others than this.
        setting: how the user chooses the number of processes, for the message when one of them dies.

    Raises:
        SeethroughError: a process died.
    """
    processes = min(processes, len(chunks))
    if processes <= 1:
        work = make_worker()
        for chunk in chunks:
            yield work(chunk)
        return
    # A fresh interpreter: a fork would copy the locks of torch's threads. One thread each, there is one a core; numpy,
    # torch and numba read the variables when they are imported there.
    kept = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, context, _start, (make_worker,))
    try:
        for done in as_completed([executor.submit(_work, chunk) for chunk in chunks]):
            yield done.result()
    except BrokenProcessPool:
        raise SeethroughError(
            f"a process that renders faces died: out of memory, or {NO_MAIN_GUARD}; {setting} to render in one process"
        ) from None
    finally:
        executor.shutdown(cancel_futures=True)
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


_worker: Callable[[int], int] | None = None


def _start(make_worker: Callable[[], Callable[[int], int]]) -> None:
    global _worker
    _worker = make_worker()


def _work(chunk: int) -> int:
    assert _worker is not None
    return _worker(chunk)
