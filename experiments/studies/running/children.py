"""Starting one command, with its output in a log, and knowing what it cost."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.studies.planning.specification import FOLDER

ROOT = FOLDER.parents[1]
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Outcome:
    """How a command ended; ``cpu_seconds`` counts its children too."""

    code: int
    wall_seconds: float
    cpu_seconds: float


class Children:
    """The commands that are running now, so that all of them can be told to stop.

    Args:
        threads: of each command.
        places: variables of the environment that one command at a time has; as many as run at a time, or none.
    """

    def __init__(self, threads: int = 1, places: Iterable[Mapping[str, str]] = ()) -> None:
        self.threads = threads
        self._places = deque(places)
        self.stopping = False
        self._running: set[int] = set()
        self._lock = threading.Lock()

    def run(self, command: tuple[str, ...], log: Path, lock_descriptor: int) -> Outcome:
        """Run a command to its end; its output is appended to ``log``, below the command itself."""
        place = self._places.popleft() if self._places else None
        try:
            return self._run(command, log, lock_descriptor, place or {})
        finally:
            if place is not None:
                self._places.append(place)

    def _run(self, command: tuple[str, ...], log: Path, lock_descriptor: int, place: Mapping[str, str]) -> Outcome:
        threads = dict.fromkeys(_THREADS, str(self.threads))
        environment = {**os.environ, **threads, "PYTHONUNBUFFERED": "1", **place}
        log.parent.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        with log.open("ab") as output:
            output.write(f"\n$ {shown(command)}\n".encode())
            output.flush()
            with self._lock:
                if self.stopping:
                    return Outcome(-signal.SIGINT, 0.0, 0.0)
                # A session of its own: Ctrl-C reaches this command only, which passes it on once.
                process = subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    env=environment, start_new_session=True, pass_fds=(lock_descriptor,),
                )  # fmt: skip
                self._running.add(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        with self._lock:
            self._running.discard(process.pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Outcome(process.returncode, time.monotonic() - start, usage.ru_utime + usage.ru_stime)

    def stop(self) -> None:
        """Ask all of them to save and end, and start no more."""
        with self._lock:
            self.stopping = True
            for pid in self._running:
                # One may end, and be waited for, before it is taken off the list.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)

    def kill(self) -> None:
        """End all of them at once, with what they have started themselves."""
        with self._lock:
            self.stopping = True
            for pid in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)


def shown(command: tuple[str, ...]) -> str:
    """Return a command as a person would type it."""
    return shlex.join(["python", *command[1:]])


def last_line(log: Path) -> str:
    """Return the last line of a log that says something, cut to 200 characters."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip() and not line.startswith("$ ")]
    return said[-1][:200] if said else ""
