"""The loader of prepared faces: says what was left out, in one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from datamodules.photos.dataset import SKIPPED
from datamodules.sampler import ResumableLoader
from seethrough.errors import SeethroughError


class PhotoLoader(ResumableLoader):
    """A resumable loader whose data set may leave faces out.

    Attributes:
        skipped: what was said of the faces that were left out so far, in the order in which they came.
        say: takes one line.
    """

    skipped: dict[str, None]
    say: Callable[[str], None] = staticmethod(print)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield batches that have a face in them.

        Raises:
            SeethroughError: a file cannot be read; the data set's own line, without the trace of a loader process.
        """
        self.skipped = getattr(self, "skipped", {})
        before = len(self.skipped)
        batches = super().__iter__()
        while True:
            try:
                batch = next(batches, None)
            except SeethroughError as error:
                raise SeethroughError(_own_line(str(error))) from None
            if batch is None:
                break
            for line in batch.pop(SKIPPED, ()):
                if line not in self.skipped:
                    self.skipped[line] = None
                    self.say(f"left out: {line}")
            if batch["id"]:
                yield batch
        if len(self.skipped) > before:
            self.say(f"{len(self.skipped)} faces were left out because their files cannot be read")


def _own_line(text: str) -> str:
    """Undo what PyTorch makes of an error in a loader process: the whole trace as the message."""
    mark = f"{SeethroughError.__module__}.{SeethroughError.__qualname__}: "
    return text.rpartition(mark)[2].strip() if mark in text else text
