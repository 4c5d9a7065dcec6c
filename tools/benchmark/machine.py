"""What the numbers were measured on, and when."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import torch

from experiments.provenance import commit
from seethrough.processors import usable_cores


@dataclass(frozen=True)
class Machine:
    """Where and when a table was made.

    Attributes:
        processor: its name, with the cores that the process may use.
        memory: of the machine.
        system: operating system and kind of processor.
        software: versions of Python, PyTorch and NumPy.
        threads: of PyTorch and the renderer.
        load: how many processes wanted to run in the last minute before the measurement; None where it is not told.
        commit: of the checkout, with ``+`` where it held changes.
        day: of the measurement.
    """

    processor: str
    memory: str
    system: str
    software: str
    threads: int
    load: float | None
    commit: str
    day: str


def describe_machine(threads: int) -> Machine:
    """Return what is known of this machine now."""
    cores = usable_cores()
    return Machine(
        processor=f"{_processor()}, {cores} core{'s' if cores > 1 else ''}",
        memory=_memory(),
        system=f"{platform.system()}, {platform.machine()}",
        software=f"Python {platform.python_version()}, PyTorch {torch.__version__}, NumPy {np.__version__}",
        threads=threads,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        commit=commit(),
        day=date.today().isoformat(),
    )


def _processor() -> str:
    told = _first(Path("/proc/cpuinfo"), r"^model name\s*:\s*(.+)$")
    return told or platform.processor() or platform.machine()


def _memory() -> str:
    told = _first(Path("/proc/meminfo"), r"^MemTotal:\s*(\d+) kB$")
    return f"{int(told) / 2**20:.0f} GiB" if told else "not told"


def _first(file: Path, pattern: str) -> str | None:
    try:
        found = re.search(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return None
    return found[1].strip() if found else None
