"""A preparation from its start, or from where an earlier one was killed, to a finished folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from datamodules.photos.atomic_files import remove_partial, write_bytes
from datamodules.photos.faults import refuse_or_skip
from datamodules.photos.manifest import FILES, MANIFEST, PREPARATION, SKIPPED
from datamodules.photos.prepared_folder import PreparedFolder, is_prepared, read_prepared_folder
from datamodules.photos.preparing.chunks import Chunk, plan_chunks
from datamodules.photos.preparing.contact_sheet import CONTACT_SHEET, write_contact_sheet
from datamodules.photos.preparing.folder_lock import PURPOSE, alone, refuse_another
from datamodules.photos.preparing.journal import CHUNKS, Journal
from datamodules.photos.preparing.merging import is_whole, left_out_key, merge, recount, remove_strays, unsound
from datamodules.photos.preparing.processes import Task
from datamodules.photos.preparing.report import PreparationReport
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.preparing.stored_face import FAULT, SkippedPhoto
from datamodules.photos.preparing.worker import MakeWorker, make_worker
from datamodules.photos.record import Listing
from seethrough.errors import SeethroughError


class PreparationRun:
    """One preparation; several processes can share its work, and one of them starts and ends it.

    Args:
        listing: the faces of a data set.
        out: folder to prepare.
        data_set: name of the family.
        root: the raw tree, as it was given.
        settings: how photos are searched and cut.
        skip_bad: leave out what the listing finds a fault with; otherwise faults are refused.
        noted: what ``preparation.json`` says besides, see :func:`.of_config.preparation_of`.
        make_worker: called in each process with folder, settings and number of its GPU; returns what prepares chunks.
            It must be importable.
        say: takes one line.

    Raises:
        SeethroughError: the listing has faults or no face.
    """

    def __init__(
        self,
        listing: Listing,
        out: str | Path,
        *,
        data_set: str,
        root: str,
        settings: PreparationSettings | None = None,
        skip_bad: bool = False,
        noted: Mapping[str, Any] = MappingProxyType({}),
        make_worker: MakeWorker = make_worker,
        say: Callable[[str], None] = print,
    ) -> None:
        self.noted, self.make_worker = dict(noted), make_worker
        self.out, self.settings = Path(out), settings or PreparationSettings()
        self.data_set, self.root, self.say = data_set, root, say
        if listing.note:
            say(f"{data_set}: {listing.note}")
        faulty = refuse_or_skip(listing.faults, data_set, skip_bad, say)
        self.left_out = [SkippedPhoto(fault.id, fault.where, str(fault), FAULT) for fault in listing.faults]
        self.records = listing.records
        # Most listings leave faulty records out themselves; a copy of millions of others would fill the memory.
        if faulty and any(record.id in faulty for record in listing.records):
            self.records = [record for record in listing.records if record.id not in faulty]
        if not self.records:
            raise SeethroughError(f"{root}: {data_set} lists no face, so there is nothing to prepare")
        self.chunks = list(plan_chunks(self.records, self.settings))
        self.journal = Journal(self.out)
        self.resumed = False
        self.done: PreparationReport | None = None

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes from preparing the same folder, see :func:`.folder_lock.alone`."""
        return alone(self.out, self.journal.folder)

    @property
    def purpose(self) -> dict[str, Any]:
        """What must agree between two runs that share a folder."""
        return {"data_set": self.data_set, "root": self.root, **asdict(self.settings)}

    def open(self, overwrite: bool = False) -> PreparationReport | None:
        """Make the folder ready for work.

        Args:
            overwrite: remove what an earlier preparation left there, whatever it was.

        Returns:
            The counts, if everything has been done already.

        Raises:
            SeethroughError: the folder cannot be written, or holds a preparation of something else.
        """
        if overwrite:
            self._clear()
        refuse_another(self.out, self.journal.folder, self.purpose)
        self.resumed = any(path.exists() for path in (*self._files(), self.journal.folder / PURPOSE))
        if self._is_finished():
            (self.journal.folder / PURPOSE).unlink(missing_ok=True)
            facts = read_prepared_folder(self.out)
            if {**facts.settings, **self.noted} != facts.settings:
                replace(facts, settings={**facts.settings, **self.noted}).write(self.out)
            self.done = recount(self.journal)
            return self.done
        self.done = None
        keys = {chunk.key for chunk in self.chunks}
        write_bytes(self.journal.folder / PURPOSE, json.dumps(self.purpose).encode())
        if is_prepared(self.out):
            self.journal.reopen(keys)
            (self.out / PREPARATION).unlink()
        # This work may overwrite the crops of what another listing of the same faces had done: that counts no more.
        self.journal.forget_others(keys)
        if self.resumed:
            self.discard_unsound()
        return None

    def pending(self, rank: int = 0, world: int = 1) -> list[Chunk]:
        """Return the chunks that one of ``world`` processes has to do: its share of all, less what is done."""
        if self.done is not None:
            return []
        return [chunk for chunk in self.chunks[rank::world] if not self.journal.has(chunk.key)]

    def task(self, chunk: Chunk) -> Task:
        """Return a chunk together with its records."""
        return Task(chunk.key, self.records[chunk.start : chunk.stop])

    def discard_unsound(self) -> int:
        """Forget chunks whose entry or one of whose files is missing or damaged; returns how many."""
        bad = list(unsound(self.journal, map(self.task, self.chunks)))
        for key in bad:
            self.journal.path(key).unlink(missing_ok=True)
        return len(bad)

    def finish(self) -> PreparationReport:
        """Merge what all processes did, write the contact sheet, and call the folder finished; once is enough.

        Raises:
            SeethroughError: a chunk is not done.
        """
        if self.done is not None:
            return self.done
        if unfinished := len(self.pending()):
            raise SeethroughError(
                f"{self.out}: {unfinished} of {len(self.chunks)} parts are not done; run the same command again"
            )
        keys = [chunk.key for chunk in self.chunks]
        report = merge(self.journal, keys, self.left_out)
        if self.resumed:  # a killed process may have left half a file, or the files of other records
            remove_partial(self.out)
            remove_strays(self.out)
        write_contact_sheet(self.out, report.found)
        settings = {key: value for key, value in asdict(self.settings).items() if key in ("search_side", "quality")}
        settings |= self.noted
        PreparedFolder(
            self.data_set, self.root, self.settings.side, self.settings.field, self.settings.detector,
            report.found, report.skipped, settings,
        ).write(self.out)  # fmt: skip
        (self.journal.folder / PURPOSE).unlink()
        self.done = report
        return report

    def _is_finished(self) -> bool:
        if not is_prepared(self.out):
            return False
        expected = [left_out_key(self.left_out), *(chunk.key for chunk in self.chunks)]
        try:
            with (self.out / CHUNKS).open("rb") as file:
                counts = [json.loads(line) for line in file]
            return [key for key, _, _ in counts] == expected and is_whole(self.out, sum(rows for _, rows, _ in counts))
        except (OSError, ValueError, TypeError):
            return False

    def _clear(self) -> None:
        known = (PREPARATION, MANIFEST, SKIPPED, CHUNKS, CONTACT_SHEET)
        for name in known:
            (self.out / name).unlink(missing_ok=True)
        (self.journal.folder / PURPOSE).unlink(missing_ok=True)
        for folder in (self.journal.folder / "chunks", *self._files()):
            shutil.rmtree(folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        """Return the folders that hold the files of faces."""
        return [self.out / name for name in FILES.values()]
