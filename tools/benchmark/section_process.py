"""Each section in a process of its own, so that none inherits another's memory, threads or warm caches."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection

from seethrough.errors import SeethroughError
from tools.benchmark.measuring import Measurement
from tools.benchmark.peak_memory import release_memory
from tools.benchmark.registry import Case, cases_of
from tools.benchmark.report import Failure

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def rows_of(section: str, wanted: str, threads: int) -> Iterator[Measurement | Failure]:
    """Measure the cases of a section whose names contain ``wanted``, and yield each as soon as it is known.

    The process comes from a server that has imported no more than PyTorch and has never computed anything.
    """
    # Numeric libraries read these when they are loaded, which the server does once.
    os.environ |= {name: str(threads) for name in THREAD_VARIABLES}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "tools.benchmark.measuring"])
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(section, wanted, threads, sending))
    process.start()
    sending.close()
    try:
        while True:
            yield receiving.recv()
    except EOFError:
        process.join()
        if process.exitcode:
            yield Failure(section, "", f"its process ended with exit code {process.exitcode}")
    finally:
        if process.is_alive():
            process.terminate()
        receiving.close()


def _measure(section: str, wanted: str, threads: int, sending: Connection) -> None:
    import torch

    torch.set_num_threads(threads)
    name = ""
    try:
        for name, case in cases_of(section).items():
            if wanted in name:
                sending.send(_row(section, name, case))
    except KeyboardInterrupt:
        return
    finally:
        sending.close()


def _row(section: str, name: str, case: Case) -> Measurement | Failure:
    release_memory()
    try:
        return case()
    except SeethroughError as error:
        return Failure(section, name, " ".join(str(error).split()))
    except Exception as error:  # one case that fails shall not cost what the others have measured
        traceback.print_exc()
        return Failure(section, name, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
