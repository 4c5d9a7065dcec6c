"""What is wrong with a data set on disk, one line a fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seethrough.counting import counted
from seethrough.errors import SeethroughError

SHOWN = 20


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        where: file, and row or key in it, such as ``pairs.txt row 17``.
        what: what is wrong and what to do about it.
        id: the sample that cannot be used for it; empty where the fault is of a whole file.
    """

    where: str
    what: str
    id: str = ""

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.where}: {self.what}"


class FaultyDataError(SeethroughError):
    """Faults of a data set: its text has one line a fault, and last a line on all of them."""


def refuse_or_skip(
    faults: Sequence[Fault],
    data_set: str,
    skip_bad: bool,
    say: Callable[[str], None] = print,
    setting: str = "data.skip_bad=true",
) -> frozenset[str]:
    """Stop at faults, or list them and go on without their samples.

    Args:
        faults: all that was found.
        data_set: what messages call the data set.
        skip_bad: go on; each fault is still said, and counted.
        say: takes one line.
        setting: what a user types to go on.

    Returns:
        The ids of the samples to leave out.

    Raises:
        FaultyDataError: there are faults and ``skip_bad`` is false. Its text has one line a fault, the first twenty of
            them, and the count; a fault without an id cannot be skipped.
    """
    if not faults:
        return frozenset()
    lines = [str(fault) for fault in faults[:SHOWN]]
    if len(faults) > SHOWN:
        lines.append(f"... and {len(faults) - SHOWN} more")
    whole = [fault for fault in faults if not fault.id]
    count = f"{data_set}: {counted(len(faults), 'fault')}"
    if not skip_bad or whole:
        remedy = "mend the files" if whole else f"mend them, or go on without these samples by {setting}"
        raise FaultyDataError("\n".join([*lines, f"{count}; {remedy}"]))
    for line in lines:
        say(line)
    say(f"{count}; going on without these samples")
    return frozenset(fault.id for fault in faults)
