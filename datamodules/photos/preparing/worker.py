"""What each process of a preparation does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from datamodules.photos.manifest import ManifestRow
from datamodules.photos.preparing.journal import Journal
from datamodules.photos.preparing.processes import Task
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.preparing.stored_face import UNREADABLE, FaceStore, SkippedPhoto
from datamodules.photos.record import PhotoRecord
from seethrough.photos import FaceDetector
from seethrough.photos.dlib_detector import DlibDetector
from seethrough.photos.insightface_detector import InsightFaceDetector


class ChunkWorker:
    """Prepares chunks into one folder.

    Args:
        out: the prepared folder.
        store: prepares one record.
        mark: called with the record that is under work, and with None behind the last of a chunk.
    """

    def __init__(
        self, out: Path, store: FaceStore, mark: Callable[[PhotoRecord | None], None] = lambda _: None
    ) -> None:
        self.journal, self.store, self.mark = Journal(out), store, mark

    def chunk(self, task: Task) -> None:
        """Prepare all records of a chunk and mark it as finished."""
        self.journal.write(
            task.key, [_died(record) if record.id in task.deadly else self._stored(record) for record in task.records]
        )
        self.mark(None)

    def _stored(self, record: PhotoRecord) -> ManifestRow | SkippedPhoto:
        self.mark(record)
        return self.store(record)

    def probe(self, record: PhotoRecord) -> None:
        """Prepare one record and forget the result."""
        self.store(record)


MakeWorker = Callable[[Path, PreparationSettings, int | None], ChunkWorker]


def make_worker(out: Path, settings: PreparationSettings, device: int | None = None) -> ChunkWorker:
    """Return what prepares chunks in this process; ``device`` is the number of its GPU, None for the CPU."""
    return ChunkWorker(out, FaceStore(out, settings, partial(make_detector, settings, device)))


def make_detector(settings: PreparationSettings, device: int | None = None) -> FaceDetector:
    """Return the detector of the settings; dlib's runs on the CPU and is given the size at which it searches."""
    if settings.detector == "dlib":
        return DlibDetector(maximum_side=settings.search_side)
    return InsightFaceDetector(device=device)


def _died(record: PhotoRecord) -> SkippedPhoto:
    reason = f"{record.source.name}: the process that prepared it died twice; out of memory, or a damaged file"
    return SkippedPhoto(record.id, record.source.name, reason, UNREADABLE)
