"""Whether a benchmark or a pool still has the bytes that were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from datamodules.synthetic.benchmark.writing import MANIFEST, PARTS, SETTINGS
from datamodules.synthetic.pool_files import MANIFEST as POOL_MANIFEST
from datamodules.synthetic.pool_files import checksum, damaged_columns
from seethrough.errors import SeethroughError


def problems(root: Path) -> Iterator[str]:
    """Yield a line for each file under ``root`` that is missing, damaged or of unknown origin.

    ``root`` is a benchmark, one pool, or a folder of pools.

    Raises:
        SeethroughError: there is neither a benchmark nor a pool.
    """
    pools = [path.parent for path in sorted(root.glob(f"*/{POOL_MANIFEST}"))]
    if (root / POOL_MANIFEST).is_file():
        pools.append(root)
    splits = sorted({path.parent for name in (MANIFEST, SETTINGS) for path in root.glob(f"*/{name}")})
    if not pools and not splits:
        raise SeethroughError(f"{root} holds neither a benchmark (NAME/{MANIFEST}) nor pools (NAME/{POOL_MANIFEST})")
    for pool in pools:
        yield from damaged_columns(pool)
    for split in splits:
        yield from _split_problems(root, split)


def _split_problems(root: Path, split: Path) -> Iterator[str]:
    if not (split / MANIFEST).exists():
        yield f"{split}: not finished; `write` with the same settings goes on"
        return
    known = {split / MANIFEST}
    with (split / MANIFEST).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                path, length, digest = root / entry["path"], int(entry["bytes"]), str(entry["sha256"])
            except (ValueError, KeyError, TypeError):
                yield f"{split / MANIFEST}: line {number} is damaged"
                continue
            known.add(path)
            if not path.is_file():
                yield f"{path}: missing"
            elif path.stat().st_size != length:
                yield f"{path}: {path.stat().st_size} bytes instead of {length}"
            elif checksum(path) != digest:
                yield f"{path}: not what was written"
    for path in sorted(split.iterdir()):
        if path not in known and path.name != PARTS:
            yield f"{path}: not in the manifest"
