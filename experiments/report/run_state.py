"""How far a run has come, how long it took, and from which commit: from whatever its folder tells."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.run_folder import RunFolder
from experiments.studies.running.record import StepRecord, read_record
from lightning_modules.checkpointing import checkpoints_in
from seethrough.errors import SeethroughError

State = Literal["finished", "running", "interrupted", "not begun", "ended"]
# Nobody logs more seldom than this while a training goes on.
QUIET_SECONDS = 15 * 60


@dataclass(frozen=True)
class RunState:
    """Where a run stands.

    Attributes:
        state: ``ended``: it has stopped, and nothing tells at which step it was to end.
        steps: the last step that was logged or saved.
        planned: the step at which it is to end, None where nothing tells.
        seconds: wall time of the training, None where nothing tells.
        exact: the time was measured; otherwise it lies between the dates of files, pauses included.
        commit: of the code that trained it, or empty.
        machine: processor, cores and PyTorch, or empty.
        last_sign: seconds since 1970 when a file of it was written last, None where there is none.
    """

    state: State
    steps: int
    planned: int | None
    seconds: float | None
    exact: bool
    commit: str
    machine: str
    last_sign: float | None


def run_state(run: RunFolder, last_logged: int, problems: list[str], now: float | None = None) -> RunState:
    """Find out where a run stands; what cannot be read is added to ``problems``."""
    now = time.time() if now is None else now
    checkpoints = checkpoints_in(run.checkpoints)
    record = _record(run, problems)
    planned = planned_steps(run)
    ended = _ended_step(run)
    steps = max([last_logged, ended, *(step for step, _ in checkpoints)])
    signs = [path.stat().st_mtime for path in (run.metrics, *(file for _, file in checkpoints)) if path.is_file()]
    last_sign = max(signs, default=None)
    there = planned is not None and steps >= planned
    if there or (record is not None and record.finished) or 0 < steps <= ended:
        state: State = "finished"
    elif last_sign is not None and now - last_sign < QUIET_SECONDS:
        state = "running"
    elif not steps:
        state = "not begun"
    else:
        state = "ended" if planned is None else "interrupted"
    seconds, exact = _duration(run, record, last_sign)
    commit = record.commit if record else _commit(checkpoints, problems)
    return RunState(state, steps, planned, seconds, exact, commit, record.machine if record else "", last_sign)


def planned_steps(run: RunFolder) -> int | None:
    """Return the step at which a run's config ends its training; None where it does not tell, or is not of today."""
    from experiments.studies.planning.stages import end_step

    try:
        config = run.composition().config
        end = int(end_step(config.model))  # pyright: ignore[reportArgumentType]
    except (SeethroughError, ValueError, AttributeError, TypeError, OSError):
        return None
    return end if config.trainer.max_steps < 0 else min(end, config.trainer.max_steps)


def _ended_step(run: RunFolder) -> int:
    """Return the step at which a training has ended, by its last step or a limit set for it; 0 before it has."""
    try:
        return int(json.loads(run.ended.read_text(encoding="utf-8"))["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _record(run: RunFolder, problems: list[str]) -> StepRecord | None:
    """Return what a study has noted beside the run about its training."""
    try:
        return read_record(run.path.with_name(f"{run.name}.json")).steps.get("train")
    except SeethroughError as error:
        problems.append(str(error))
        return None


def _duration(run: RunFolder, record: StepRecord | None, last_sign: float | None) -> tuple[float | None, bool]:
    if record is not None and record.wall_seconds > 0:
        return record.wall_seconds, True
    if last_sign is None or not run.config.is_file():
        return None, False
    passed = last_sign - run.config.stat().st_mtime
    return (passed, False) if passed > 1 else (None, False)  # a folder that was copied has one date


def _commit(checkpoints: list[tuple[int, Path]], problems: list[str]) -> str:
    from seethrough.weights_file import load_weights

    for _, file in reversed(checkpoints):
        try:
            content = load_weights(file, mmap=True)
        except SeethroughError as error:
            problems.append(str(error))
            continue
        return str(content.get("commit") or "") if isinstance(content, Mapping) else ""
    return ""
