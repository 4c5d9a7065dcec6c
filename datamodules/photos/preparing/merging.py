"""From the entries of finished chunks to the manifest, in the order of the listing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence

from datamodules.photos.manifest import MANIFEST, SKIPPED
from datamodules.photos.preparing.atomic_files import writing_text
from datamodules.photos.preparing.journal import CHUNKS, LEFT_OUT, Journal
from datamodules.photos.preparing.report import PreparationReport
from datamodules.photos.preparing.stored_face import SkippedPhoto


def unsound(journal: Journal, keys: Iterable[str]) -> Iterator[str]:
    """Yield the keys of chunks whose entry or one of whose files is missing or damaged, and must be done again."""
    for key in keys:
        try:
            rows = [json.loads(line) for line in journal.read(key).rows]
            files = [row[name] for row in rows for name in ("crop", "mask") if row[name] is not None]
        except (OSError, ValueError, KeyError, TypeError):
            yield key
            continue
        if not all((journal.out / file).is_file() for file in files):
            yield key


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


def remove_strays(journal: Journal, keys: set[str], identifiers: set[str]) -> int:
    """Remove the files of chunks of an earlier listing that no record of this one has; returns how many faces went.

    Args:
        journal: of the prepared folder.
        keys: of the chunks of this listing.
        identifiers: of all its records.
    """
    removed = 0
    for key in journal.keys():
        if key in keys:
            continue
        try:
            rows = [json.loads(line) for line in journal.read(key).rows]
        except (OSError, ValueError):
            continue
        for row in rows:
            if row["id"] not in identifiers:
                removed += 1
                for file in (row["crop"], row["mask"]):
                    if file is not None:
                        (journal.out / file).unlink(missing_ok=True)
    return removed
