"""The mark that a training leaves in its folder when it has ended, with its last step or at a limit set for it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from experiments.config.composition import Composition
from experiments.run_folder import RunFolder

# What decides where a training ends, besides its method's schedule.
_LIMITS = ("trainer.max_steps", "trainer.max_epochs", "trainer.max_time", "trainer.fast_dev_run")


def mark_ended(run: RunFolder, composition: Composition, step: int) -> None:
    """Write ``ended.json``: the last step, and the settings that put the end there.

    A training that was over already leaves it as it is: what was made of the run since then is not out of date.
    """
    text = json.dumps({"step": step, "limits": _limits(composition)}, indent=1) + "\n"
    if run.ended.is_file() and run.ended.read_text(encoding="utf-8", errors="replace") == text:
        return
    partial = run.ended.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, run.ended)


def has_ended(run: RunFolder, composition: Composition) -> bool:
    """Return whether a training has ended where ``composition`` would end too; a longer one has more to do."""
    try:
        found = json.loads(run.ended.read_text(encoding="utf-8"))
        return found["limits"] == _limits(composition)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _limits(composition: Composition) -> dict[str, Any]:
    """Return the settings that decide where a training ends; a method's incidental ones may be among them."""
    keys = (*_LIMITS, *(key for key in composition.method.incidental if key.startswith("model.schedule.")))
    return {key: _value(composition.plain, key) for key in keys}


def _value(config: Mapping[str, Any], key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
