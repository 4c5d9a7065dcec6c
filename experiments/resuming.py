"""Going on with a training: which checkpoint, and whether the settings still are those it was made with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.utilities import rank_zero_only

from datamodules.photos.faults import FaultyDataError
from experiments.config.composition import Composition
from experiments.run_folder import RunFolder
from lightning_modules.checkpoint_files import damage
from lightning_modules.checkpointing import checkpoints_in
from seethrough.counting import counted
from seethrough.errors import SeethroughError
from seethrough.weights_file import load_weights

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
    """Return the checkpoint to go on from, or None for a fresh start; says what was left out, and what has changed.

    Raises:
        SeethroughError: there is no such checkpoint, or settings that shape the result differ from those that the
            checkpoint was made with and ``allow_changes`` is not set; each of them on a line of its own.
    """
    resume = composition.config.resume
    if resume is None:
        return None
    checkpoint = newest_intact(run) if resume == "auto" else Path(resume)
    if checkpoint is None:
        return None
    if not checkpoint.is_file():
        raise SeethroughError(f"resume={resume}: there is no such checkpoint")
    changes = changes_since(checkpoint, composition)
    if changes and not composition.config.allow_changes:
        raise FaultyDataError("\n".join([*changes, refusal(checkpoint, len(changes))]))
    for line in changes:
        rank_zero_only(print)(f"changed: {line}")
    return checkpoint


def refusal(checkpoint: Path, count: int) -> str:
    """Return why a checkpoint is not gone on from, and what to do."""
    return (
        f"cannot resume from {checkpoint}: {counted(count, 'setting')} that shape{'' if count > 1 else 's'} the result "
        f"{'have' if count > 1 else 'has'} changed; take the change back, start another run, or set allow_changes=true"
    )


def newest_intact(run: RunFolder) -> Path | None:
    """Return the newest checkpoint of a run whose bytes are all there; None where it has none at all.

    Raises:
        SeethroughError: there are some, and all are damaged.
    """
    found = [file for _, file in checkpoints_in(run.checkpoints)][::-1]
    for number, file in enumerate(found):
        wrong = damage(file)
        if not wrong:
            return file
        if number + 1 < len(found):
            rank_zero_only(print)(f"{file} is damaged ({wrong}): going on from the one before it", flush=True)
    if found:
        raise SeethroughError(f"all checkpoints in {run.checkpoints} are damaged: train again with overwrite=true")
    return None


def changes_since(checkpoint: Path, composition: Composition) -> list[str]:
    """Return a line for each setting that shapes the result and is another one than the checkpoint was made with.

    Raises:
        SeethroughError: the file is no checkpoint of ours.
    """
    free = (*MAY_CHANGE, *composition.method.incidental, *composition.data_set.incidental)
    saved = saved_config(checkpoint)
    known, sources = dict(_flat(saved)), composition.sources
    return [
        f"'{key}' was {before!r} and is {now!r} in {sources.get(key, 'the defaults')}"
        for key, before, now in changed(saved, composition.plain, free)
        if key in known or key in sources  # a setting that is newer than the checkpoint does nothing by default
    ]


def saved_config(checkpoint: Path) -> dict[str, Any]:
    """Return the resolved config that a checkpoint carries.

    Raises:
        SeethroughError: the file is no checkpoint of ours.
    """
    return _content(checkpoint)["config"]


def steps_of(checkpoint: Path) -> int:
    """Return how many training steps a checkpoint has seen."""
    content = _content(checkpoint)
    return int(content.get("em_step", content.get("global_step", 0)))


def _content(checkpoint: Path) -> dict[str, Any]:
    content = load_weights(checkpoint, mmap=True)
    if not isinstance(content, Mapping) or "config" not in content:
        raise SeethroughError(f"{checkpoint} is no checkpoint of an experiment: name one of a run's checkpoints/")
    return content


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
