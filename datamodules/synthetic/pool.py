"""Rendering a pool of synthetic faces once, with several processes, and finding it again by what it was made with."""

from __future__ import annotations

import multiprocessing
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tqdm import tqdm

from datamodules.synthetic.chunk_workers import NO_MAIN_GUARD, work_through
from datamodules.synthetic.pool_files import (
    MANIFEST,
    create_columns,
    open_columns,
    write_manifest,
    write_rows,
)
from datamodules.synthetic.pool_spec import PoolSpec, pool_key, pool_settings
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel
from seethrough.processors import usable_cores
from seethrough.rendering import tell_of_compiling

try:
    import fcntl
except ModuleNotFoundError:
    raise SeethroughError("pools of synthetic faces need file locks of Linux or macOS; Windows has none") from None

CHUNK = 128
_HELD = 32
"""Pictures that wait in memory to be written; a chunk of large ones would be hundreds of megabytes."""


def ensure_pool(
    spec: PoolSpec,
    load_model: Callable[[], FaceModel],
    root: str | Path,
    *,
    processes: int = 0,
    progress: bool = True,
) -> Path:
    """Return the folder of a finished pool, after rendering what of it is missing.

    Pictures are rendered in chunks; a chunk that was finished before a kill is not rendered again. The folder gets its
    final name only when everything is in it. Of several processes that want the same pool, one renders.

    Args:
        spec: what the pool holds.
        load_model: returns the generating model; called in every process, so it must be importable (a module's
            function, or a ``functools.partial`` of one).
        root: the folder of all pools.
        processes: how many render; 0 is one for each core that this process may use.
        progress: show a progress bar.

    Raises:
        SeethroughError: the folder cannot be written or the disk is full.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        # A child of our own is importing the main script again, which came here a second time: waiting for the lock of
        # its parent, which waits for the child, would never end.
        raise RuntimeError(NO_MAIN_GUARD)
    model = load_model()
    key = pool_key(spec, model)
    folder, partial = Path(root) / key, Path(root) / f"{key}.partial"
    if (folder / MANIFEST).exists():
        return folder
    try:
        Path(root).mkdir(parents=True, exist_ok=True)
        with _lock(Path(root) / f"{key}.lock"):
            if (folder / MANIFEST).exists():
                return folder
            if folder.exists():
                shutil.rmtree(folder)
            partial.mkdir(exist_ok=True)
            layout = spec.layout(spec.rows, spec.scene.image_size, model.sizes)
            create_columns(partial, layout)
            chunks = [first for first in range(0, spec.rows, CHUNK) if not _marker(partial, first).exists()]
            del model
            if chunks:
                tell_of_compiling()
            _render_chunks(spec, load_model, partial, chunks, processes or usable_cores(), progress)
            for first in range(0, spec.rows, CHUNK):
                _marker(partial, first).unlink()
            write_manifest(partial, layout, pool_settings(spec))
            partial.rename(folder)
        (Path(root) / f"{key}.lock").unlink(missing_ok=True)
    except OSError as error:
        raise SeethroughError(f"{root}: cannot keep a pool of pictures there ({error}): set data.folder") from error
    open_columns(folder, spec.layout)
    return folder


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        # Given back by the system when the process dies, however it dies.
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _marker(folder: Path, first: int) -> Path:
    return folder / f"chunk-{first:08d}.done"


def _render_chunks(
    spec: PoolSpec,
    load_model: Callable[[], FaceModel],
    folder: Path,
    chunks: list[int],
    processes: int,
    progress: bool,
) -> None:
    bar = tqdm(
        total=spec.rows,
        initial=spec.rows - sum(min(CHUNK, spec.rows - first) for first in chunks),
        desc=f"rendering {spec.name} faces",
        unit="img",
        disable=not progress,
        mininterval=0.3 if sys.stderr.isatty() else 10.0,
    )
    with bar:
        start = partial(_start_renderer, spec, load_model, folder)
        for rows in work_through(start, chunks, processes, setting="set data.render_processes=1"):
            bar.update(rows)


class ChunkRenderer:
    """Renders chunks of one pool in this process."""

    def __init__(self, spec: PoolSpec, load_model: Callable[[], FaceModel], folder: Path) -> None:
        self.spec, self.folder = spec, folder
        self.renderer = spec.renderer(load_model())

    def render(self, first: int) -> int:
        """Render the chunk that starts at a row, write it, mark it as done; returns its number of rows."""
        last = min(first + CHUNK, self.spec.rows)
        for start in range(first, last, _HELD):
            rows = range(start, min(start + _HELD, last))
            faces = self.renderer.render_all([self.spec.scene_of(self.renderer.scenes, row) for row in rows])
            write_rows(self.folder, start, self.spec.stacked(faces))
        _marker(self.folder, first).touch()
        return last - first


def _start_renderer(spec: PoolSpec, load_model: Callable[[], FaceModel], folder: Path) -> Callable[[int], int]:
    return ChunkRenderer(spec, load_model, folder).render
