"""What is remembered of a run: which of its commands have succeeded, when, from which commit, in how much time."""

from __future__ import annotations

import json
import os
import platform
import subprocess
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
        commit: of the checkout; ends in ``+`` where files that are tracked were changed.
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

    def add(self, step: str, wall_seconds: float, cpu_seconds: float, finished: str = "") -> None:
        """Add the time of one start; ``finished`` stays empty when it failed."""
        entry = self.steps.setdefault(step, StepRecord())
        entry.wall_seconds = round(entry.wall_seconds + wall_seconds, 1)
        entry.cpu_seconds = round(entry.cpu_seconds + cpu_seconds, 1)
        entry.finished, entry.commit, entry.machine = finished, commit(), machine()

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


def commit() -> str:
    """Return the short commit of the checkout, with ``+`` if tracked files differ from it; empty outside of one."""
    root = Path(__file__).resolve().parents[3]

    def git(*words: str) -> str:
        result = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=60)
        return result.stdout.strip() if result.returncode == 0 else ""

    try:
        head = git("rev-parse", "--short", "HEAD")
        return head + ("+" if head and git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.TimeoutExpired):
        return ""


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
