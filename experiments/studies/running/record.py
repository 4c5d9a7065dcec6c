"""What is remembered of a run: which of its commands have succeeded, when, from which commit, in how much time."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from seethrough.errors import SeethroughError


@dataclass
class StepRecord:
    """One command of a run that has succeeded.

    Attributes:
        finished: local time, ISO 8601.
        wall_seconds: of all its starts together.
        cpu_seconds: of all its starts together, user and system, children included.
        commit: of the checkout when it was started, each that it went on with once, between spaces; ends in ``+`` where
            files that are tracked were changed.
        machine: processor, cores and PyTorch.
    """

    finished: str = ""
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    commit: str = ""
    machine: str = ""


@dataclass
class RunRecord:
    """The file ``NAME.json`` beside a run folder."""

    steps: dict[str, StepRecord] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    """Commands that have failed since this record was read; not written, so that the next start tries them again."""

    def done(self, step: str) -> bool:
        """Return whether a command has succeeded."""
        return step in self.steps and bool(self.steps[step].finished)

    @property
    def cpu_minutes(self) -> float:
        """Processor minutes of all commands together."""
        return sum(step.cpu_seconds for step in self.steps.values()) / 60

    def add(
        self, step: str, wall_seconds: float, cpu_seconds: float, finished: str = "", *, commit: str = ""
    ) -> None:  # fmt: skip
        """Add the time of one start, from ``commit``; ``finished`` stays empty when it failed.

        What had succeeded before and is done anew is no longer what it was made from.
        """
        if self.done(step):
            self.forget(step)
        entry = self.steps.setdefault(step, StepRecord())
        entry.wall_seconds = round(entry.wall_seconds + wall_seconds, 1)
        entry.cpu_seconds = round(entry.cpu_seconds + cpu_seconds, 1)
        entry.finished, entry.machine = finished, machine()
        entry.commit = " ".join(dict.fromkeys([*entry.commit.split(), *commit.split()]))

    def forget(self, step: str) -> None:
        """Forget a command, so that it is run again."""
        self.steps.pop(step, None)

    def write(self, path: Path) -> None:
        """Write, never leaving half a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".json.partial")
        partial.write_text(json.dumps({"steps": {k: asdict(v) for k, v in self.steps.items()}}, indent=1) + "\n")
        os.replace(partial, path)


def read_record(path: Path) -> RunRecord:
    """Read a record; an empty one where there is none.

    Raises:
        SeethroughError: the file is none of ours.
    """
    if not path.is_file():
        return RunRecord()
    try:
        steps = json.loads(path.read_text())["steps"]
        return RunRecord({name: StepRecord(**entry) for name, entry in steps.items()})
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        raise SeethroughError(f"{path} is no record of a run: remove it to run its commands again") from None


@cache
def machine() -> str:
    """Return processor, cores and PyTorch in one line."""
    import torch

    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores, PyTorch {torch.__version__.partition('+')[0]}"
