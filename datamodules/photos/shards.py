"""WebDataset shards as a prepared folder: a few large tar files instead of millions of small ones.

A shard is an ordinary tar file, as the package ``webdataset`` reads it: for each face ``KEY.jpg``, ``KEY.mask.png``
where the mask is known, and ``KEY.json``, the row of the manifest. The manifest beside them says at which byte of which
shard a face lies, so that any one can be read at once: an epoch is a function of its number, and can be taken up in its
middle, by any number of processes. Shards without it are read through once to write it.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datamodules.photos.face_files import FaceFiles
from datamodules.photos.faults import Fault
from datamodules.photos.manifest import MANIFEST, ManifestRow, parse_row, write_manifest
from datamodules.photos.prepared_folder import PreparedFolder, is_prepared, read_prepared_folder
from datamodules.photos.shard_place import ShardPlace
from datamodules.sampler import KeyedBatchSampler
from seethrough.errors import SeethroughError

PLAN = ".shards.json"
"""File in a folder of shards that names all of them; it is written before the first one."""
SHARDS = "shards"
"""Key of ``preparation.json`` that lists the shards and their numbers of rows, in the order of the manifest."""
COMMON = ("data_set", "root", "side", "field", "detector")
"""What the JSON of each face says of the preparation as a whole."""
CROP, MASK, ROW = "jpg", "mask.png", "json"
OPEN_FILES = 64
WINDOW = 8


class ShardFiles(FaceFiles):
    """Crops and masks within the shards of a folder; a process keeps the shards that it reads open.

    Args:
        folder: that the shards lie in.
        side: height and width that every crop and mask must have, px.
    """

    def __init__(self, folder: str | Path, side: int) -> None:
        super().__init__(folder, side)
        self._open: OrderedDict[str, int] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """A loader process opens the shards itself."""
        return {**self.__dict__, "_open": OrderedDict()}

    def __del__(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def content(self, path: str) -> bytes:
        """Return the bytes of a file, by its place in a shard."""
        place = ShardPlace.parse(path)
        if place is None:
            raise OSError(0, "the manifest names no place in a shard")
        content = os.pread(self._descriptor(place.shard), place.length, place.offset)
        if len(content) < place.length:
            raise OSError(0, "the shard is cut off")
        return content

    def _descriptor(self, shard: str) -> int:
        if shard not in self._open:
            self._open[shard] = os.open(f"{self.folder}/{shard}", os.O_RDONLY)
            if len(self._open) > OPEN_FILES:
                os.close(self._open.popitem(last=False)[1])
        self._open.move_to_end(shard)
        return self._open[shard]


class ShardBatchSampler(KeyedBatchSampler):
    """Batches whose faces come from a few shards at a time, as large and slow storage wants them.

    Shards are permuted by (seed, epoch) and opened ``window`` at a time; the faces of a window are shuffled together.
    Everything else is as in :class:`~datamodules.sampler.KeyedBatchSampler`: every face once, dealt out to the ranks,
    resumable.

    Args:
        lengths: faces of the data set in each shard, in order.
        batch_size: samples per batch and rank.
        window: how many shards are mixed.
        options: of the base class.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, *, window: int = WINDOW, **options: Any) -> None:
        super().__init__(int(sum(lengths)), batch_size, **options)
        self.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.window = window

    def indices(self, epoch: int) -> np.ndarray:
        """Return (length,) indices in the order in which ``epoch`` visits them, all ranks together."""
        if not self.shuffle:
            return np.arange(self.length)
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch,)))
        shards = rng.permutation(len(self.starts) - 1)
        parts = []
        for first in range(0, len(shards), self.window):
            window = [np.arange(*self.starts[k : k + 2].tolist()) for k in shards[first : first + self.window]]
            parts.append(rng.permutation(np.concatenate(window)))
        return np.concatenate(parts) if parts else np.arange(0)


def lengths_in_shards(facts: PreparedFolder, rows: np.ndarray) -> list[int]:
    """Return how many of some rows of the manifest (sorted numbers) lie in each shard that holds any of them."""
    ends = np.cumsum([count for _, count in facts.settings[SHARDS]])
    counts = np.diff(np.searchsorted(rows, ends), prepend=0)
    return [int(count) for count in counts if count]


def ensure_index(folder: str | Path) -> None:
    """Write the manifest of a folder of shards, unless it is there.

    Raises:
        SeethroughError: there are no shards, one is damaged, or one is not there: a killed writing is no data set.
    """
    folder = Path(folder)
    if is_prepared(folder):
        _refuse_absent(folder, [name for name, _ in read_prepared_folder(folder).settings.get(SHARDS, ())])
        return
    shards = sorted(folder.glob("*.tar"))
    if not shards:
        raise SeethroughError(
            f"{folder}: no shards (*.tar); python -m tools.prepare_photos SOURCE --shards N writes them"
        )
    _refuse_absent(folder, planned_shards(folder))
    counts: list[tuple[str, int]] = []
    common: dict[str, Any] = {}

    def rows() -> Iterator[ManifestRow]:
        for shard in shards:
            count = 0
            for row, values in shard_rows(shard):
                common.update(values)
                count += 1
                yield row
            counts.append((shard.name, count))

    try:
        total = write_manifest(folder / MANIFEST, rows())
        PreparedFolder(**common, count=total, skipped=0, settings={SHARDS: counts}).write(folder)
    except OSError as error:
        raise SeethroughError(f"{folder}: the manifest of the shards cannot be written ({error.strerror})") from None


def planned_shards(folder: Path) -> list[str]:
    """Return the names of the shards that were to be written into a folder; none where nothing says so.

    Raises:
        SeethroughError: the file that names them is damaged.
    """
    if not (folder / PLAN).exists():
        return []
    try:
        return [str(name) for name in json.loads((folder / PLAN).read_text(encoding="utf-8"))["shards"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise SeethroughError(
            f"{folder / PLAN}: does not name the shards; write them again by the same "
            "`python -m tools.prepare_photos SOURCE --shards N`"
        ) from None


def _refuse_absent(folder: Path, names: Sequence[str]) -> None:
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise SeethroughError(
            f"{folder}: {len(absent)} of {len(names)} shards are not there, the first is {absent[0]}; run the same "
            "`python -m tools.prepare_photos SOURCE --shards N` again, which writes what is missing"
        )


class _Member(NamedTuple):
    place: ShardPlace
    content: bytes | None


def shard_rows(shard: Path) -> Iterator[tuple[ManifestRow, dict[str, Any]]]:
    """Yield the manifest row of each face of a shard, and what its JSON says of the preparation as a whole.

    Raises:
        SeethroughError: the shard is damaged, or holds something else; names shard and face.
    """
    for key, members in _samples(shard):
        where = f"{shard}: {key}"
        if CROP not in members or (content := getattr(members.get(ROW), "content", None)) is None:
            raise SeethroughError(f"{where} has no .{ROW if CROP in members else CROP}; write the shards again")
        try:
            values = json.loads(content)
            common = {name: values["preparation"][name] for name in COMMON}
            del values["preparation"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SeethroughError(f"{where}.{ROW} is no row of a manifest; write the shards again") from None
        values["crop"] = str(members[CROP].place)
        values["mask"] = str(members[MASK].place) if MASK in members else None
        row = parse_row(json.dumps(values), f"{where}.{ROW}")
        if isinstance(row, Fault):
            raise SeethroughError(str(row))
        yield row, common


def _samples(shard: Path) -> Iterator[tuple[str, dict[str, _Member]]]:
    """Yield the members of a shard by their suffix, those with one key together."""
    current, members = "", {}
    try:
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                vars(archive)["members"] = []  # tarfile would keep them all
                key, _, suffix = member.name.partition(".")
                if members and key != current:
                    yield current, members
                    members = {}
                file = archive.extractfile(member) if suffix == ROW else None
                place = ShardPlace(shard.name, member.offset_data, member.size)
                current, members[suffix] = key, _Member(place, file.read() if file else None)
    except (tarfile.TarError, OSError) as error:
        raise SeethroughError(f"{shard}: the shard cannot be read ({error}); write it again") from None
    if members:
        yield current, members
