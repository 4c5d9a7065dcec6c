"""What every command shares: how it fails, and how it writes its numbers for other programs."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from datamodules.photos.faults import FaultyDataError
from experiments.processes import is_first_process
from seethrough.errors import SeethroughError, SharedError

EXIT_FAILED, EXIT_MISTAKE, EXIT_PREEMPTED, EXIT_INTERRUPTED = 1, 2, 75, 130
_SNAKE_CASE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


class Preempted(BaseException):
    """A training was told to leave by a signal, and has saved what it had to save."""


def run(main: Callable[[list[str]], int | None], arguments: Sequence[str] | None = None) -> NoReturn:
    """Call ``main(arguments)`` and leave with its exit code.

    A :class:`SeethroughError` becomes one line on the error stream (after one line for each fault of a data set) and
    exit code 2, :class:`Preempted` exit code 75 ("try again"), Ctrl-C exit code 130, a reader that closed our output
    (``| head``) a silent end. Anything else is a fault of ours and keeps its traceback.
    """
    try:
        code = main(list(sys.argv[1:] if arguments is None else arguments)) or 0
        sys.stdout.flush()
    except SharedError as error:
        if is_first_process():
            print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        code = EXIT_MISTAKE
    except SeethroughError as error:
        *faults, message = str(error).splitlines() if isinstance(error, FaultyDataError) else [str(error)]
        for line in [*faults, f"error: {message}"]:
            print(" ".join(line.split()), file=sys.stderr)
        code = EXIT_MISTAKE
    except Preempted:
        # Only the first of several processes says so: a launcher takes the others' for a crash.
        code = EXIT_PREEMPTED if is_first_process() else 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # Python would complain again when it flushes on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_FAILED
    sys.exit(code)


def write_json(path: str | Path, payload: Any) -> None:
    """Write numbers, texts, lists and mappings as JSON; numpy and torch scalars count as numbers, NaN becomes null.

    Raises:
        SeethroughError: the file cannot be written.
        ValueError: a key of the top level, or of the rows of a list, is not in snake case.
    """
    rows = payload if isinstance(payload, list) else [payload]
    for key in (key for row in rows if isinstance(row, Mapping) for key in row):
        if not _SNAKE_CASE.fullmatch(str(key)):
            raise ValueError(f"'{key}' is not in snake case")
    text = json.dumps(_plain(payload), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {path}: {error.strerror}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
