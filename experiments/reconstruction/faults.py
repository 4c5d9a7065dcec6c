"""Why a photo failed: what its row says, and the traceback of a fault of ours beside the results."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from experiments.reconstruction.manifest import printable
from experiments.reconstruction.stages import StageClock
from seethrough.errors import SeethroughError

NAME = "faults.log"


@dataclass(frozen=True)
class Faults:
    """Tells of faults; ``folder`` is that of the results."""

    folder: Path

    def of(self, work: Callable[[], None], path: Path, clock: StageClock) -> str | None:
        """Do the stages of a face and wait for its files; returns why they failed, or None.

        What was written before a fault stays. A fault of the stages and one of the files beside them are both told.
        """
        faults: list[BaseException] = []
        try:
            work()
        except Exception as error:
            faults.append(error)
        faults += [fault for fault in clock.faults()[:1] if fault not in faults]
        return "; ".join(dict.fromkeys(self.reason(path, fault) for fault in faults)) or None

    def reason(self, path: Path, error: BaseException) -> str:
        """Return what a row says of a fault; where it is ours, its traceback goes to the log."""
        if isinstance(error, SeethroughError):
            return " ".join(str(error).removeprefix(f"{path}: ").split())
        # A fault of ours must not take the other photos with it.
        log = self.folder / NAME
        first = (str(error).splitlines() or [""])[0]
        fault = f"a fault in this program ({type(error).__name__}: {first})"
        try:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{printable(path)}\n{''.join(traceback.format_exception(error))}\n")
        except OSError as unwritten:
            return f"{fault}; its traceback could not be written to {log} ({unwritten.strerror})"
        return f"{fault}; its traceback is in {log}"
