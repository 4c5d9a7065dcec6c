"""One run of the benchmark, as it is kept in JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from experiments.command_line import write_json
from seethrough.errors import SeethroughError
from tools.benchmark.machine import Machine
from tools.benchmark.measuring import Measurement


@dataclass(frozen=True)
class Failure:
    """A case that could not be measured.

    Attributes:
        section: name of the section.
        case: name of the case; empty where its section could not be begun, or its process ended.
        reason: one line.
    """

    section: str
    case: str
    reason: str


@dataclass
class Report:
    """What was measured, on what.

    Attributes:
        command: what was typed.
        machine: where and when.
        rows: of any sections, in the order in which they were measured.
        failures: what could not be measured.
    """

    command: str
    machine: Machine
    rows: list[Measurement] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def write(self, file: Path) -> None:
        """Write everything as JSON; raises ``SeethroughError`` where the file cannot be written."""
        write_json(file, asdict(self))

    @classmethod
    def read(cls, file: Path) -> Report:
        """Read what :meth:`write` has written.

        Raises:
            SeethroughError: a file that cannot be read, or that holds something else.
        """
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            rows = [_row(**row) for row in found["rows"]]
            failures = [Failure(**failure) for failure in found["failures"]]
            return cls(str(found["command"]), Machine(**found["machine"]), rows, failures)
        except OSError as error:
            raise SeethroughError(f"cannot read {file}: {error.strerror}") from None
        except (ValueError, TypeError, KeyError):
            raise SeethroughError(
                f"{file} is no run of the benchmark: name a file that python -m tools.benchmark --json has written"
            ) from None


def _row(*, cpu_s: float, wall_s: float, ratio: float | None, **others: Any) -> Measurement:
    """Return a row; raises ``ValueError`` where its times are no times."""
    times = [cpu_s, wall_s, 1.0 if ratio is None else ratio]
    if not all(isinstance(value, float | int) and value > 0 for value in times):
        raise ValueError(times)
    return Measurement(cpu_s=cpu_s, wall_s=wall_s, ratio=ratio, **others)
