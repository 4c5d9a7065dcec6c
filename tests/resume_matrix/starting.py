"""One start of a training, in processes forked from one that has imported everything: a start costs next to nothing."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.resume_matrix.killing import Killer, KillPoint

KILLED = -signal.SIGKILL
TIME_LIMIT = 1500.0
"""Seconds, on a machine that is busy with other work."""


class FailedStartError(RuntimeError):
    """A training ended by itself with an error, or not at all."""


def start(
    arguments: Sequence[str], folder: Path, processes: int, point: KillPoint | None = None, last: int = 0
) -> bool:
    """Train in ``folder`` until the end, or until one process is killed; the others are killed then, too.

    Args:
        arguments: of ``experiments.train``.
        folder: where the processes run; relative paths of ``arguments`` lie there.
        processes: that train side by side, as a launcher such as torchrun starts them.
        point: where to kill.
        last: steps of the whole training, with ``point``.

    Returns:
        Whether a process was killed where it was to be.

    Raises:
        FailedStartError: a process failed by itself; with the end of what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), folder / "log.txt"
    running = set()
    for rank in range(processes):
        environment = {}
        if processes > 1:
            environment = {
                "LOCAL_RANK": rank, "NODE_RANK": 0, "WORLD_SIZE": processes,
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
            }  # fmt: skip
        killer = Killer(point, last) if point is not None and point.rank == rank else None
        running.add(_fork(arguments, folder, log, {key: str(value) for key, value in environment.items()}, killer))
    codes, until = [], time.monotonic() + TIME_LIMIT
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid not in running:
            if time.monotonic() > until:
                _kill(running)
                raise FailedStartError(f"nothing happened for {TIME_LIMIT:.0f} s\n{_end(log)}")
            time.sleep(0.02)
            continue
        running.remove(pid)
        codes.append(os.waitstatus_to_exitcode(status))
        if codes[-1] == KILLED:
            _kill(running)
            return True
    if any(codes):
        raise FailedStartError(f"exit codes {codes}\n{_end(log)}")
    return False


def _fork(arguments: Sequence[str], folder: Path, log: Path, environment: dict[str, str], killer: Killer | None) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.chdir(folder)
        os.environ.update(environment)
        from experiments.command_line import run
        from experiments.train import main

        if killer is not None:
            killer.install()
        run(main, arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _kill(processes: set[int]) -> None:
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    for pid in processes:
        os.waitpid(pid, 0)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:])
