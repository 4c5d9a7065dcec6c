"""Records in chunks that keep their identity from one run to the next."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.record import MaskSource, PhotoRecord

MEAN_LENGTH, LONGEST = 8, 32


@dataclass(frozen=True)
class Chunk:
    """Neighbouring records of a listing.

    Attributes:
        start: index of the first record.
        stop: index behind the last.
        key: hash of the records, of size and date of their photos and masks, and of the settings; what was done for a
            key is done again only after a listing without that key wrote into the folder.
    """

    start: int
    stop: int
    key: str

    def __len__(self) -> int:
        """Count the records."""
        return self.stop - self.start


def plan_chunks(records: Sequence[PhotoRecord], settings: PreparationSettings) -> Iterator[Chunk]:
    """Cut a listing into chunks.

    A chunk ends behind a record whose hash says so, not at a fixed number: a photo that is added to a folder, taken
    away or mended changes its own chunk and no other.
    """
    _stamp.cache_clear()  # files may have changed since this process looked at them
    prefix = json.dumps(asdict(settings), sort_keys=True).encode()
    start, digest = 0, hashlib.sha256(prefix)
    for index, record in enumerate(records):
        digest.update(_fingerprint(record))
        cut = hashlib.sha256(record.id.encode()).digest()[-1] % MEAN_LENGTH == 0
        if cut or index + 1 - start == LONGEST or index + 1 == len(records):
            yield Chunk(start, index + 1, digest.hexdigest()[:32])
            start, digest = index + 1, hashlib.sha256(prefix)


def _fingerprint(record: PhotoRecord) -> bytes:
    landmarks = None if record.landmarks is None else np.asarray(record.landmarks, dtype=np.float64).round(6).tolist()
    said = [
        record.id, record.source.name, _stamp(getattr(record.source, "path", None)), record.split, record.identity,
        record.subset, _description(record.mask), _stamps(record.mask), record.box, landmarks,
        _description(record.crop),
    ]  # fmt: skip
    return json.dumps(said, default=str).encode() + b"\n"


def _description(value: Any) -> str | None:
    # The default repr of other objects holds an address, which the next run would not repeat.
    return repr(value) if value is None or is_dataclass(value) else type(value).__qualname__


def _stamps(mask: MaskSource | None) -> Any:
    """Return size and date of the file of a mask, or of the files that it is merged from: a mended one is new."""
    paths = getattr(mask, "paths", None)
    return _stamp(getattr(mask, "path", None)) if paths is None else [_stamp(path) for path in paths]


@lru_cache(maxsize=4)  # many photos of one archive have the same path
def _stamp(path: Any) -> tuple[int, int] | None:
    """Return size and date of a file; None while it cannot be read, so that it is tried again once it can."""
    if not isinstance(path, str | Path) or not os.access(path, os.R_OK):
        return None
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
