"""Which photos a verification compares: LFW's pairs, or those of the synthetic verification set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.composition import Composition
from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class PhotoPairs:
    """Pairs of photos by their ids.

    Attributes:
        first: id of the one photo of each pair.
        second: id of the other.
        same: (P,) whether both show one person.
        folds: (P,) 0, 1, ...
        loader: batches of the photos.
        pictures: what tells these photos from all others.
    """

    first: Sequence[str]
    second: Sequence[str]
    same: np.ndarray
    folds: np.ndarray
    loader: Iterable[dict[str, Any]]
    pictures: str

    def numbers(self, ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return (P,) and (P,) places of the photos in ``ids``; those that are not there are at its end."""
        place = {name: number for number, name in enumerate(ids)}
        return tuple(  # pyright: ignore[reportReturnType]
            np.array([place.get(name, len(ids)) for name in names], dtype=int) for names in (self.first, self.second)
        )


def lfw_pairs(composition: Composition) -> PhotoPairs:
    """Return LFW's pairs and the prepared photos.

    Raises:
        SeethroughError: no list of pairs, or one with faults.
    """
    from datamodules.lfw.listing import pair_list, photo_folder
    from datamodules.lfw.pairs import read_pairs
    from datamodules.photos.faults import refuse_or_skip
    from experiments.building import build_data, set_name

    data: Any = build_data(composition)
    config = composition.config.data
    root = config.root or data.opened()[0].root
    path = Path(config.pairs)
    if Path(root).is_dir() and (not path.is_file() or len(path.parts) == 1):
        # As for the preparation: a bare name is one in the data set, whatever the current folder holds.
        path = pair_list(Path(root), photo_folder(Path(root), config.folder), config.pairs)
    elif not path.is_file():
        raise SeethroughError(f"data.pairs={config.pairs}: no such list; name pairs.txt of LFW by its path")
    pairs = read_pairs(path)
    refuse_or_skip(pairs.faults, str(path), skip_bad=False)
    return PhotoPairs(
        [pair.first for pair in pairs.pairs],
        [pair.second for pair in pairs.pairs],
        np.array([pair.same for pair in pairs.pairs], dtype=bool),
        np.array([pair.fold for pair in pairs.pairs], dtype=int),
        data.test_dataloader(),
        set_name(data, "test"),
    )


def synthetic_pairs(composition: Composition) -> PhotoPairs:
    """Return the pairs of the synthetic verification set, 300 people in four pictures each, rendering it if need be."""
    from datamodules.sampler import KeyedBatchSampler, ResumableLoader
    from datamodules.synthetic.benchmark.pairs import pair_lines
    from experiments.building import build_data, set_name

    data: Any = build_data(composition)
    dataset = data.dataset("verification")
    sampler = KeyedBatchSampler(len(dataset), composition.config.data.batch_size, shuffle=False, drop_last=False)
    table = [line.split(",") for line in pair_lines(data.spec("verification")).split()[1:]]
    return PhotoPairs(
        [row[2] for row in table],
        [row[3] for row in table],
        np.array([row[1] == "1" for row in table]),
        np.array([int(row[0]) for row in table]),
        ResumableLoader(dataset, sampler),
        set_name(data, "verification"),
    )


def read_occluded(path: Path, ids: Iterable[str]) -> set[str]:
    """Return the ids of occluded photos: a list with an id or a file name in each row.

    Raises:
        SeethroughError: no list, or a row that names none of the photos.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SeethroughError(f"{path}: the list of occluded photos cannot be read ({reason})") from None
    known, found = set(ids), set()
    for row, line in enumerate(lines, start=1):
        name = line.partition("#")[0].strip().replace("\\", "/").rpartition("/")[2]
        name = name if name in known else name.rpartition(".")[0]
        if line.partition("#")[0].strip():
            if name not in known:
                raise SeethroughError(f"{path} row {row}: {line.strip()[:80]!r} is none of the photos of the pairs")
            found.add(name)
    return found
