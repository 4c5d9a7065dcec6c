"""Going on with a training: which checkpoint, and whether the settings still are those it was made with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.config.composition import Composition
from experiments.run_folder import RunFolder
from seethrough.errors import SeethroughError

# Settings that do not change what is learned, only where, how long, and what is told of it. The number of devices is
# not among them: each has a batch of its own.
MAY_CHANGE = (
    "checkpoint", "logger", "wandb", "out", "name", "resume", "overwrite", "allow_changes",
    "trainer.accelerator", "trainer.strategy", "trainer.benchmark", "trainer.deterministic", "trainer.detect_anomaly",
    "trainer.max_epochs", "trainer.max_steps", "trainer.max_time", "trainer.fast_dev_run",
    "trainer.limit_val_batches", "trainer.val_check_interval", "trainer.check_val_every_n_epoch",
    "trainer.num_sanity_val_steps", "trainer.log_every_n_steps", "trainer.enable_progress_bar",
    "trainer.enable_model_summary",
)  # fmt: skip


def checkpoint_to_resume(composition: Composition, run: RunFolder) -> Path | None:
    """Return the checkpoint to go on from, or None for a fresh start.

    Raises:
        SeethroughError: there is no such checkpoint, or a setting that shapes the result differs from the one that the
            checkpoint was made with and ``allow_changes`` is not set.
    """
    resume = composition.config.resume
    if resume is None:
        return None
    checkpoint = run.newest_checkpoint() if resume == "auto" else Path(resume)
    if checkpoint is None:
        return None
    if not checkpoint.is_file():
        raise SeethroughError(f"resume={resume}: there is no such checkpoint")
    change = first_change(checkpoint, composition)
    if change is not None:
        raise SeethroughError(
            f"cannot resume from {checkpoint}: {change}; "
            "take the change back, start another run, or set allow_changes=true"
        )
    return checkpoint


def first_change(checkpoint: Path, composition: Composition) -> str | None:
    """Say which setting that shapes the result is another one than the checkpoint was made with.

    Returns:
        Words for an error message, or None where nothing has changed or ``allow_changes`` is set.

    Raises:
        SeethroughError: the file is no checkpoint of ours.
    """
    free = (*MAY_CHANGE, *composition.method.incidental, *composition.data_set.incidental)
    changes = list(changed(saved_config(checkpoint), composition.plain, free))
    if not changes or composition.config.allow_changes:
        return None
    key, before, now = changes[0]
    source = composition.sources.get(key, "the defaults")
    more = f" (and {len(changes) - 1} more changes)" if len(changes) > 1 else ""
    return f"'{key}' was {before!r} and is {now!r} in {source}{more}"


def saved_config(checkpoint: Path) -> dict[str, Any]:
    """Return the resolved config that a checkpoint carries.

    Raises:
        SeethroughError: the file is no checkpoint of ours.
    """
    import torch

    try:
        content = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
        config = content["config"]
    except Exception as error:  # torch raises many kinds for a file that is not its own
        reason = type(error).__name__
        raise SeethroughError(f"{checkpoint} is no checkpoint of an experiment ({reason}): it may be cut off") from None
    return config


def changed(
    before: Mapping[str, Any], now: Mapping[str, Any], free: Sequence[str] = MAY_CHANGE
) -> Iterator[tuple[str, Any, Any]]:
    """Yield (dotted key, old value, new value) of the settings that differ, except those in or below ``free``."""
    old, new = dict(_flat(before)), dict(_flat(now))
    for key in sorted(old.keys() | new.keys()):
        allowed = any(key == name or key.startswith(name + ".") for name in free)
        if not allowed and old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + str(key), list(value) if isinstance(value, tuple) else value
