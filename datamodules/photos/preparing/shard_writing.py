"""From a prepared folder to WebDataset shards."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tarfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from tqdm import tqdm

from datamodules.photos.atomic_files import remove_partial, write_bytes
from datamodules.photos.manifest import MANIFEST, PREPARATION, SKIPPED, manifest_lines
from datamodules.photos.prepared_folder import is_prepared, read_prepared_folder
from datamodules.photos.shard_index import COMMON, CROP, MASK, PLAN, ROW, ensure_index
from seethrough.errors import SeethroughError


def write_shards(prepared: str | Path, folder: str | Path, count: int, progress: bool = True) -> int:
    """Write the faces of a prepared folder as tar files, and the manifest that finds them.

    Each split has its own shards, ``train-000000.tar`` and so on, with its faces in a random but fixed order, so that
    a shard is a fair sample of its split. Shards that a killed run has finished are kept. ``skipped.jsonl`` goes with
    them. Memory is 9 bytes a face.

    Args:
        prepared: a finished folder.
        folder: where the shards go; files of other shards there are removed.
        count: shards of the training faces (of the largest split, where there are none); others are as large.
        progress: show a progress bar.

    Returns:
        How many shards there are.

    Raises:
        SeethroughError: a file of the prepared folder is missing, or the folder cannot be written.
    """
    prepared, folder = Path(prepared), Path(folder)
    facts = read_prepared_folder(prepared)
    common = {name: getattr(facts, name) for name in COMMON}
    try:
        with (prepared / MANIFEST).open("rb") as manifest:
            offsets, checksum = _offsets(manifest)
            planned = list(_planned(offsets, count))
            _make_room(folder, {"manifest": checksum, "shards": [name for name, _ in planned]})
            if (prepared / SKIPPED).exists():
                write_bytes(folder / SKIPPED, (prepared / SKIPPED).read_bytes())
            total = sum(len(part) for _, part in planned)
            if is_prepared(folder):
                done = read_prepared_folder(folder)
                same = done.count == total and (done.skipped == facts.skipped or not (prepared / SKIPPED).exists())
                if same and all((folder / name).exists() for name, _ in planned):
                    return len(planned)
                (folder / PREPARATION).unlink()  # it is of fewer shards, or counts other photos as skipped
            with tqdm(
                total=total, desc="writing shards", unit="face", disable=not progress,
                mininterval=0.3 if sys.stderr.isatty() else 10.0,
            ) as bar:  # fmt: skip
                for name, part in planned:
                    if not (folder / name).exists():
                        _write_shard(folder / name, prepared, manifest, part, common)
                    bar.update(len(part))
        ensure_index(folder)
    except OSError as error:
        raise SeethroughError(f"{folder}: the shards cannot be written ({error})") from error
    return len(planned)


def _offsets(manifest: BinaryIO) -> tuple[dict[str, array], str]:
    """Return where the rows of each split begin, and the checksum of the manifest."""
    offsets: dict[str, array] = {}
    digest = hashlib.sha256()
    for offset, line in manifest_lines(manifest):
        digest.update(line)
        offsets.setdefault(json.loads(line)["split"], array("q")).append(offset)
    return offsets, digest.hexdigest()


def _planned(offsets: dict[str, array], count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name of each shard and where its rows begin."""
    reference = len(offsets.get("train", ())) or max(map(len, offsets.values()), default=0)
    size = max(1, -(-reference // count))
    for split, places in sorted(offsets.items()):
        order = np.random.default_rng(0).permutation(np.frombuffer(places, np.int64))
        for number, first in enumerate(range(0, len(order), size)):
            yield f"{split}-{number:06d}.tar", order[first : first + size]


def _make_room(folder: Path, plan: dict[str, Any]) -> None:
    """Remove shards of another plan; a folder without plan must not hold any."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        same = json.loads((folder / PLAN).read_text(encoding="utf-8")) == plan
    except (OSError, ValueError):
        same = False
        if not (folder / PLAN).exists() and any(folder.glob("*.tar")):
            raise SeethroughError(
                f"{folder}: holds shards that were not written from here; remove them first"
            ) from None
    if not same:
        (folder / PREPARATION).unlink(missing_ok=True)
        for shard in folder.glob("*.tar"):
            shard.unlink()
        write_bytes(folder / PLAN, json.dumps(plan).encode())
    remove_partial(folder)


def _write_shard(path: Path, prepared: Path, manifest: BinaryIO, offsets: np.ndarray, common: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
        for number, offset in enumerate(offsets.tolist()):
            manifest.seek(offset)
            row = json.loads(manifest.readline())
            contents = {CROP: (prepared / row["crop"]).read_bytes()}
            if row["mask"] is not None:
                contents[MASK] = (prepared / row["mask"]).read_bytes()
            contents[ROW] = json.dumps({**row, "preparation": common}, ensure_ascii=False).encode()
            for suffix, content in contents.items():
                # The key must be unique among all shards, and without a dot: WebDataset cuts names at the first one.
                member = tarfile.TarInfo(f"{path.stem}-{number:06d}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    os.replace(partial, path)
