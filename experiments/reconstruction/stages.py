"""What happened to a photo: each stage with its status and its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

STAGES = (
    "read", "detect", "align", "predict", "refine", "write", "foundation", "bump", "mesh", "fill", "symmetry", "stitch",
    "texture", "pictures",
)  # fmt: skip

FACE_STAGES = STAGES[1 : STAGES.index("foundation")]
"""Those that an earlier run may have done; the photo is read again."""


class StageClock:
    """Times the stages of one face.

    A stage is ``ok``, ``failed``, ``reused``: an earlier run did it, or ``skipped``: not asked for, or not reached.
    Files are written beside the stages that follow, by one thread: compression and compiled loops leave Python's lock.
    """

    def __init__(self, parts: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self._parts = {name: [dict(part) for part in parts] for name, parts in (parts or {}).items()}
        self._before = sum(part["seconds"] for parts in self._parts.values() for part in parts)
        self._start = time.perf_counter()
        self._writer: ThreadPoolExecutor | None = None
        self._beside: list[Future[None]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as stage ``name``, or a part of it; what it raises marks the stage as failed and goes on.

        It is not begun where a part done beside has failed before; what that raised comes out here.
        """
        for fault in self.faults(wait=False):
            raise fault
        with self._timed(name):
            yield

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start, busy = time.perf_counter(), time.thread_time()
        part: dict[str, Any] = {"status": "failed", "seconds": 0.0}
        self._parts.setdefault(name, []).append(part)
        try:
            yield
            part["status"] = "ok"
        finally:
            part["seconds"] = time.perf_counter() - start
            part["cpu_seconds"] = time.thread_time() - busy

    def beside(self, name: str, work: Callable[[], object]) -> None:
        """Do a part of stage ``name`` beside what follows; parts are done one after the other, in order.

        What it raises comes out of the next :meth:`stage`, or of :meth:`finish`.
        """
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="seethrough-writing")

        def timed() -> None:
            with self._timed(name):
                work()

        self._beside.append(self._writer.submit(timed))

    def wait(self) -> None:
        """Wait for all that is done beside, whatever comes of it."""
        if self._writer is not None:
            self._writer.shutdown()
            self._writer = None

    def faults(self, *, wait: bool = True) -> list[BaseException]:
        """Return what the parts done beside have raised: all of them, or without waiting those that are done."""
        if wait:
            self.wait()
        raised = (done.exception() for done in self._beside if done.done())
        return [fault for fault in raised if fault is not None]

    def finish(self) -> None:
        """Wait for all that is done beside; raises what the first part that failed has raised."""
        for fault in self.faults():
            raise fault

    def reuse(self, *names: str) -> None:
        """Mark stages whose results an earlier run has left."""
        for name in names:
            self._parts[name] = [{"status": "reused", "seconds": 0.0}]

    def tell(self, name: str, note: str) -> None:
        """Add to a stage how it was done."""
        self._parts[name][0]["note"] = note

    def copy(self) -> StageClock:
        """Return a clock with the stages so far, for one of several faces of a photo."""
        return StageClock(self._parts)

    @property
    def seconds(self) -> float:
        """Wall seconds so far, those of the stages that the clock was made with included."""
        return self._before + time.perf_counter() - self._start

    @property
    def failed(self) -> str | None:
        """The stage that failed, or None."""
        return next((name for name, row in self.table().items() if row["status"] == "failed"), None)

    def table(self) -> dict[str, dict[str, Any]]:
        """Return ``{stage: {status, seconds}}`` for every stage, in order.

        Where it was done with the ``cpu_seconds`` of its threads, and some with a ``note``. The seconds of stages that
        ran side by side add up to more than the whole.
        """
        return {name: _together(self._parts.get(name, [])) for name in STAGES}


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of a stage: failed where a part of it is, and the seconds of all."""
    if not parts:
        return {"status": "skipped", "seconds": 0.0}
    row = {
        **parts[0],
        "status": next((part["status"] for part in parts if part["status"] == "failed"), parts[0]["status"]),
    }
    for kind in ("seconds", "cpu_seconds"):
        if kind in row:
            row[kind] = round(sum(part.get(kind, 0.0) for part in parts), 4)
    return row
