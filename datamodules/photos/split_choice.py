"""Which rows of a manifest are trained on, validated on and tested on, and how that is said."""

from __future__ import annotations

import numpy as np

from datamodules.photos.config import PhotoConfig
from datamodules.photos.manifest import SPLITS
from datamodules.photos.manifest_index import ManifestIndex
from seethrough.counting import counted
from seethrough.errors import SeethroughError

_NUMBER = {name: place for place, name in enumerate(SPLITS)}


def choose_rows(config: PhotoConfig, index: ManifestIndex, split: str) -> np.ndarray:
    """Return the numbers of the rows that belong to ``train``, ``validation`` or ``test``, sorted.

    Raises:
        SeethroughError: ``data.subset`` is none of the data set's.
    """
    stored, chosen = index.rows["split"], _stored_name(config, split)
    mask = np.ones(len(stored), bool) if chosen == "all" else stored == _NUMBER[chosen]
    if chosen in ("train", "validation") and _names_no_validation(index):
        held_out = _held_out(config, index)
        mask = held_out if chosen == "validation" else mask & ~held_out
    if split == "test" and config.subset:
        mask &= index.rows["subset"] == _subset(config, index)
    return np.flatnonzero(mask)


def describe_choice(config: PhotoConfig, index: ManifestIndex, split: str) -> str:
    """Say in one sentence whether a training on this folder has seen the faces of a split; empty where it has not.

    Args:
        config: which faces are chosen.
        index: of the prepared folder.
        split: ``validation`` or ``test``.
    """
    chosen, count = _stored_name(config, split), len(choose_rows(config, index, split))
    trained = len(np.intersect1d(choose_rows(config, index, "train"), choose_rows(config, index, split)))
    if trained:
        rest = "; data.test_split=validation evaluates on those that it does not see" if trained < count else ""
        what = "all faces, whatever their split" if chosen == "all" else "training faces"
        return f"{what}: a training on this folder sees {trained} of these {count}{rest}"
    if chosen == "validation" and _names_no_validation(index):
        share = f"data.validation_share={config.validation_share:g}"
        return f"{counted(count, 'face')} that trainings on this folder hold out for validation ({share})"
    return ""


def nothing_chosen(config: PhotoConfig, index: ManifestIndex, split: str) -> str:
    """Say that a split is empty, and what would fill it."""
    counts = np.bincount(index.rows["split"], minlength=len(SPLITS))
    there = ", ".join(f"{count} {name}" for name, count in zip(SPLITS, counts.tolist(), strict=True))
    chosen = _stored_name(config, split)
    whole = "choose other faces by data.test_split, such as data.test_split=all"
    remedy = {
        "train": "prepare photos to train on",
        "validation": "raise data.validation_share, or set trainer.limit_val_batches=0",
        "test": whole,
    }[split]
    if chosen == "validation" and counts[_NUMBER["train"]] and not counts[_NUMBER["validation"]]:
        training = index.rows["lot"][index.rows["split"] == _NUMBER["train"]]
        if config.validation_share and len(np.unique(training)) == 1:
            remedy = "all of them show one person, who cannot be held out and trained on: " + (
                "choose data.test_split=all" if split == "test" else "set trainer.limit_val_batches=0"
            )
        elif split == "test":
            remedy = f"raise data.validation_share, or {whole}"
    name = f"{chosen if split == 'test' and chosen != 'all' else split} faces"
    name += f" of data.subset={config.subset}" if split == "test" and config.subset else ""
    return f"{config.prepared}: no {name} (its manifest: {there}); {remedy}"


def _stored_name(config: PhotoConfig, split: str) -> str:
    return config.test_split if split == "test" else split


def _names_no_validation(index: ManifestIndex) -> bool:
    return not (index.rows["split"] == _NUMBER["validation"]).any()


def _held_out(config: PhotoConfig, index: ManifestIndex) -> np.ndarray:
    """Return which training rows are validated on, where a data set names none: some people, at least one of several.

    Each person (photo, where people are unknown) has a lot, so that a larger share takes in a smaller one.
    """
    training, lots = index.rows["split"] == _NUMBER["train"], index.rows["lot"]
    held_out = training & (lots < config.validation_share * 2**32)
    if config.validation_share and training.any() and not held_out.any():
        first = training & (lots == lots[training].min())
        held_out = first if (training & ~first).any() else held_out
    return held_out


def _subset(config: PhotoConfig, index: ManifestIndex) -> int:
    if config.subset not in index.subsets:
        known = ", ".join(name for name in index.subsets if name) or "none"
        raise SeethroughError(
            f"data.subset={config.subset}: no face of {config.prepared} belongs to it; there are: {known}"
        )
    return index.subsets.index(config.subset)
