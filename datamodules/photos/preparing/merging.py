"""From the entries of finished chunks to the manifest, in the order of the listing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from datamodules.photos.atomic_files import writing_text
from datamodules.photos.manifest import FILES, MANIFEST, SKIPPED
from datamodules.photos.preparing.journal import CHUNKS, LEFT_OUT, Journal
from datamodules.photos.preparing.processes import Task
from datamodules.photos.preparing.report import PreparationReport
from datamodules.photos.preparing.stored_face import SkippedPhoto


def unsound(journal: Journal, tasks: Iterable[Task]) -> Iterator[str]:
    """Yield the keys of chunks whose entry or one of whose files is missing or damaged, and must be done again."""
    for task in tasks:
        try:
            entry = journal.read(task.key)
            rows = [json.loads(line) for line in entry.rows]
            names = {row["id"] for row in [*rows, *map(json.loads, entry.skipped)]}
            whole = names == {record.id for record in task.records} and _has_files(journal.out, rows)
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            yield task.key


def is_whole(out: Path, count: int) -> bool:
    """Return whether the manifest of a folder has this many rows and all the files that they name are there."""
    try:
        with (out / MANIFEST).open("rb") as manifest, (out / SKIPPED).open("rb"):
            return sum(_has_files(out, [json.loads(line)]) for line in manifest) == count
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _has_files(out: Path, rows: Iterable[dict[str, Any]]) -> bool:
    """Return whether crops, masks and bump maps are there; a power cut can leave empty ones."""
    files = [row[name] for row in rows for name in FILES if row.get(name) is not None]
    try:
        return all((out / file).stat().st_size > 0 for file in files)
    except OSError:
        return False


def merge(journal: Journal, keys: Iterable[str], left_out: Sequence[SkippedPhoto]) -> PreparationReport:
    """Write ``skipped.jsonl`` and ``manifest.jsonl``, one chunk in memory at a time, and count.

    Args:
        journal: of the prepared folder, with an entry for each chunk.
        keys: of the chunks, in the order of the listing.
        left_out: records that the listing itself found a fault with; they are the first skipped ones.
    """
    report = PreparationReport()
    with (
        writing_text(journal.out / MANIFEST) as manifest,
        writing_text(journal.out / SKIPPED) as skipped,
        writing_text(journal.out / CHUNKS) as chunks,
    ):
        for photo in left_out:
            skipped.write(photo.line())
            report.count_skipped(photo.line().encode())
        chunks.write(json.dumps([left_out_key(left_out), 0, len(left_out)]) + "\n")
        for key in keys:
            entry = journal.read(key)
            manifest.writelines(line.decode() for line in entry.rows)
            skipped.writelines(line.decode() for line in entry.skipped)
            chunks.write(json.dumps([key, len(entry.rows), len(entry.skipped)]) + "\n")
            for line in entry.rows:
                report.count_row(line)
            for line in entry.skipped:
                report.count_skipped(line)
    return report


def left_out_key(left_out: Sequence[SkippedPhoto]) -> str:
    """Return the key of the lines about faults of a listing."""
    digest = hashlib.sha256("".join(photo.line() for photo in left_out).encode()).hexdigest()
    return f"{LEFT_OUT}-{digest[:32]}"


def recount(journal: Journal) -> PreparationReport:
    """Count a finished folder again."""
    report = PreparationReport()
    with (journal.out / MANIFEST).open("rb") as manifest, (journal.out / SKIPPED).open("rb") as skipped:
        for line in manifest:
            report.count_row(line)
        for line in skipped:
            report.count_skipped(line)
    return report


def remove_strays(out: Path) -> int:
    """Remove files of faces that no row of the manifest names: those of earlier listings; returns how many went."""
    with (out / MANIFEST).open("rb") as manifest:
        rows = map(json.loads, manifest)
        named = {row[name] for row in rows for name in FILES if row.get(name) is not None}
    removed = 0
    for folder in [place for kind in FILES.values() for place in out.glob(f"{kind}/*")]:
        for path in list(folder.iterdir()):
            if path.relative_to(out).as_posix() not in named:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
