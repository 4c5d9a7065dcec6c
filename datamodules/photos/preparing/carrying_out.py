"""A preparation carried out in this process and its children, with a progress bar."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from datamodules.photos.preparing.chunks import Chunk
from datamodules.photos.preparing.processes import work_through
from datamodules.photos.preparing.report import PreparationReport
from datamodules.photos.preparing.run import PreparationRun
from datamodules.photos.preparing.settings import PreparationSettings
from datamodules.photos.record import Listing
from seethrough.processors import usable_cores

WORTH_A_PROCESS = 32
REPETITIONS = 2
"""Files that vanish from a folder while it is prepared are made again, but not for ever."""


def prepare(
    listing: Listing,
    out: str | Path,
    settings: PreparationSettings,
    data_set: str,
    root: str,
    *,
    jobs: int = 0,
    skip_bad: bool = False,
    overwrite: bool = False,
    progress: bool = True,
) -> PreparationReport:
    """Prepare a folder; what an earlier, killed run has done is not done again.

    Memory does not grow with the number of photos, beyond the listing itself.

    Args:
        listing: the faces of a data set.
        out: folder to prepare.
        settings: how photos are searched and cut.
        data_set: name of the family.
        root: the raw tree, as it was given.
        jobs: how many processes work; 1 is this one alone, 0 one for each core.
        skip_bad: leave out what the listing finds a fault with; otherwise faults are refused. Photos that turn out to
            be damaged are always left out, and counted.
        overwrite: first remove what an earlier preparation left in the folder.
        progress: show a progress bar.

    Raises:
        SeethroughError: the listing has faults or no face; the folder cannot be written, is being prepared by another
            process, or holds something else.
    """
    run = PreparationRun(listing, out, data_set=data_set, root=root, settings=settings, skip_bad=skip_bad)
    return carry_out(run, jobs=jobs, overwrite=overwrite, progress=progress)


def carry_out(
    run: PreparationRun, *, jobs: int = 0, overwrite: bool = False, progress: bool = True
) -> PreparationReport:
    """Do a preparation from its start to its end; arguments and errors are those of :func:`prepare`."""
    with run.alone():
        done = run.open(overwrite)
        if done is not None:
            return done
        for _ in range(REPETITIONS):
            chunks = run.pending()
            photos = sum(map(len, chunks))
            # To start a process takes as long as some photos do.
            processes = jobs or min(usable_cores(), -(-photos // WORTH_A_PROCESS))
            with progress_bar(run, chunks, progress and photos > 0) as bar:
                make = partial(run.make_worker, run.out, run.settings, None)
                try:
                    for task in work_through(make, map(run.task, chunks), min(processes, len(chunks))):
                        bar.update(len(task.records))
                except KeyboardInterrupt:
                    bar.close()
                    again = "the same command without --overwrite" if overwrite else "the same command"
                    print(f"what is done stays in {run.out}: {again} goes on from there", file=sys.stderr)
                    raise
            if not run.discard_unsound():
                break
        return run.finish()


def progress_bar(run: PreparationRun, chunks: list[Chunk], shown: bool, total: int | None = None) -> tqdm:
    """Return a bar over the photos of a run, of which those that are not in ``chunks`` are done."""
    total = len(run.records) if total is None else total
    return tqdm(
        total=total,
        initial=total - sum(map(len, chunks)),
        desc=f"preparing {run.data_set}",
        unit="photo",
        disable=not shown,
        mininterval=0.3 if sys.stderr.isatty() else 10.0,
    )
