"""What can be told of a training on photos before anything is prepared, loaded or compiled for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from datamodules.photos.config import PhotoConfig
from datamodules.photos.faults import refuse_or_skip
from datamodules.photos.record import Listing
from datamodules.sampler import no_batch
from seethrough.counting import counted
from seethrough.errors import SeethroughError


def listed_for_training(config: PhotoConfig, family: str, processes: int, listing: Callable[[], Listing]) -> Listing:
    """Return what a preparation will be of, if a training can follow it.

    Raises:
        SeethroughError: no such root, faults while ``data.skip_bad`` is false, or too few photos to train on.
    """
    if not Path(config.root).exists():
        raise SeethroughError(f"{config.root}: no such file or folder; check data.root")
    listed = listing()
    refuse_or_skip(listed.faults, family, config.skip_bad, lambda line: None)
    training = sum(record.split == "train" for record in listed.records)
    refuse_too_few(config, training, processes, config.root)
    return listed


def refuse_too_few(config: PhotoConfig, faces: int, processes: int, where: str) -> None:
    """Raise ``SeethroughError`` if not every process gets a batch: Lightning would skip the training silently."""
    if faces < config.batch_size * processes:
        raise SeethroughError(no_batch(f"{where}: {counted(faces, 'training face')}", config.batch_size, processes))


def not_prepared(config: PhotoConfig, family: str) -> str:
    """Say that there are no prepared photos and nothing to prepare them from."""
    return (
        f"{config.prepared}: no prepared photos; run `python -m tools.prepare_photos data/{family} "
        f"data.root=FOLDER --out {config.prepared}`, or set data.prepared to where they are"
    )
