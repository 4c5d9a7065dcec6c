"""What has been done of a preparation, a file a chunk, so that a killed one goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from datamodules.photos.atomic_files import write_bytes
from datamodules.photos.manifest import MANIFEST, SKIPPED, ManifestRow
from datamodules.photos.preparing.stored_face import SkippedPhoto

FOLDER = ".preparing"
CHUNKS = ".chunks.jsonl"
"""Of a finished folder: key and number of lines of each chunk, in the order of the manifest."""

LEFT_OUT = "left-out"
"""Begins the key of the lines about faults of the listing, which belong to no chunk."""


@dataclass(frozen=True)
class Entry:
    """The lines of one finished chunk, as they stand in ``manifest.jsonl`` and ``skipped.jsonl``."""

    rows: tuple[bytes, ...]
    skipped: tuple[bytes, ...]


class Journal:
    """The finished chunks of a preparation.

    Args:
        out: the prepared folder.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.folder = out / FOLDER

    def path(self, key: str) -> Path:
        """Return the file of a chunk."""
        return self.folder / "chunks" / key[:2] / f"{key}.jsonl"

    def has(self, key: str) -> bool:
        """Return whether a chunk is finished."""
        return self.path(key).is_file()

    def keys(self) -> Iterator[str]:
        """Yield the keys of all finished chunks."""
        for path in sorted(self.folder.glob("chunks/*/*.jsonl")):
            yield path.stem

    def write(self, key: str, results: Iterable[ManifestRow | SkippedPhoto]) -> None:
        """Mark a chunk as finished; its crops must have been written."""
        rows: list[bytes] = []
        skipped: list[bytes] = []
        for result in results:
            (skipped if isinstance(result, SkippedPhoto) else rows).append(result.line().encode())
        self.put(key, Entry(tuple(rows), tuple(skipped)))

    def put(self, key: str, entry: Entry) -> None:
        """Write the lines of a chunk; whole or not at all."""
        head = json.dumps([len(entry.rows), len(entry.skipped)]).encode() + b"\n"
        write_bytes(self.path(key), b"".join([head, *entry.rows, *entry.skipped]))

    def read(self, key: str) -> Entry:
        """Return the lines of a finished chunk.

        Raises:
            FileNotFoundError: the chunk is not finished.
            ValueError: its file is not whole, which a full disk or a power cut can do.
        """
        head, *lines = self.path(key).read_bytes().splitlines(keepends=True)
        rows, skipped = json.loads(head)
        if len(lines) != rows + skipped or not all(line.endswith(b"\n") for line in lines):
            raise ValueError(f"{self.path(key)} is not whole")
        return Entry(tuple(lines[:rows]), tuple(lines[rows:]))

    def forget_others(self, keys: Collection[str]) -> None:
        """Remove the entries of all chunks that are not among ``keys``."""
        for key in self.keys():
            if key not in keys:
                self.path(key).unlink(missing_ok=True)

    def reopen(self, keys: Collection[str]) -> None:
        """Take a finished folder up again: its manifest becomes the entries that it was merged from.

        Where a file of it is damaged, so may be the entries; they are checked like those of a killed preparation.

        Args:
            keys: of the chunks whose entries are wanted.
        """
        try:
            for key, entry in self._merged():
                if key in keys:
                    self.put(key, entry)
        except (FileNotFoundError, ValueError, TypeError):
            return

    def _merged(self) -> Iterator[tuple[str, Entry]]:
        with (
            (self.out / CHUNKS).open("rb") as chunks,
            (self.out / MANIFEST).open("rb") as manifest,
            (self.out / SKIPPED).open("rb") as skipped_file,
        ):
            for line in chunks:
                key, rows, skipped = json.loads(line)
                lines = [manifest.readline() for _ in range(rows)], [skipped_file.readline() for _ in range(skipped)]
                if not key.startswith(LEFT_OUT):
                    yield key, Entry(tuple(lines[0]), tuple(lines[1]))
