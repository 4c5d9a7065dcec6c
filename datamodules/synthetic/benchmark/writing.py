"""Writing a split of the benchmark chunk by chunk, with several processes, and going on after a kill."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from datamodules.synthetic.benchmark.files import landmark_line, manifest_line, picture_files, write_file
from datamodules.synthetic.benchmark.geometry import GeometryPainter
from datamodules.synthetic.benchmark.pairs import pair_lines
from datamodules.synthetic.chunk_workers import work_through
from datamodules.synthetic.generator import GENERATOR_VERSION, SceneRenderer
from datamodules.synthetic.pool_files import checksum
from datamodules.synthetic.pool_spec import PoolSpec, pool_key
from datamodules.synthetic.sheet import contact_sheet, tiles
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel
from seethrough.processors import usable_cores

MANIFEST, SETTINGS, PARTS, SHEET, PAIRS = "manifest.jsonl", "settings.json", ".parts", "contact_sheet.png", "pairs.csv"
CHUNK = 64
SHEET_SAMPLES = 64


def write_split(
    spec: PoolSpec,
    load_model: Callable[[], FaceModel],
    root: Path,
    *,
    geometry: bool = False,
    processes: int = 0,
    progress: bool = True,
) -> Path:
    """Write one split as ordinary files and return its folder, ``root/NAME``.

    What a killed run has finished is not made again, and the bytes are the same as without the kill. Memory holds one
    chunk a process, however many pictures there are.

    Args:
        spec: what the split holds.
        load_model: returns the generating model; importable, see :func:`~datamodules.synthetic.pool.ensure_pool`.
        root: folder of the benchmark; every split has its own folder in it.
        geometry: also write depth, normals, bumps and vertices of each picture.
        processes: how many render; 0 is one for each core that this process may use.
        progress: show a progress bar.

    Raises:
        SeethroughError: the folder cannot be written, or holds the split with other settings.
    """
    folder = root / spec.name
    model = load_model()
    settings = {
        "key": pool_key(spec, model),
        "generator": GENERATOR_VERSION,
        "geometry": geometry,
        "split": json.loads(json.dumps(asdict(spec))),
    }
    try:
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
        _same_settings(folder / SETTINGS, settings)
        if not (folder / MANIFEST).exists():
            chunks = [first for first in range(0, spec.rows, CHUNK) if not _part(folder, first).exists()]
            bar = tqdm(
                total=spec.rows,
                initial=spec.rows - sum(min(CHUNK, spec.rows - first) for first in chunks),
                desc=f"writing {spec.name}",
                unit="img",
                disable=not progress,
                mininterval=0.3 if sys.stderr.isatty() else 10.0,
            )
            start = partial(_start_writer, spec, load_model, folder, geometry)
            with bar:
                for rows in work_through(start, chunks, processes or usable_cores(), setting="use --processes 1"):
                    bar.update(rows)
            _finish(spec, model, root)
        shutil.rmtree(folder / PARTS)
    except OSError as error:
        raise SeethroughError(f"{folder}: cannot write the benchmark there ({error}): choose another --out") from error
    return folder


def _same_settings(path: Path, settings: dict[str, object]) -> None:
    if not path.exists():
        write_file(path, (json.dumps(settings, indent=1) + "\n").encode())
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if found != settings:
        raise SeethroughError(
            f"{path.parent} holds this split with other settings, another face model or another version of the "
            "generator: remove it, or choose another --out"
        )


def _part(folder: Path, first: int) -> Path:
    return folder / PARTS / f"{first:08d}.json"


def _start_writer(
    spec: PoolSpec, load_model: Callable[[], FaceModel], folder: Path, geometry: bool
) -> Callable[[int], int]:
    renderer = SceneRenderer(load_model(), spec.scene, spec.seed)
    return partial(_write_chunk, spec, renderer, GeometryPainter(renderer) if geometry else None, folder)


def _write_chunk(
    spec: PoolSpec, renderer: SceneRenderer, geometry: GeometryPainter | None, folder: Path, first: int
) -> int:
    manifest, landmarks = [], []
    rows = range(first, min(first + CHUNK, spec.rows))
    scenes = [spec.scene_of(renderer.scenes, row) for row in rows]
    for row, scene, face in zip(rows, scenes, renderer.render_all(scenes), strict=True):
        shape = geometry.paint(scene) if geometry is not None else None
        for name, content in picture_files(spec, row, face, renderer.scenes.sizes, shape).items():
            write_file(folder / name, content)
            manifest.append(manifest_line(f"{spec.name}/{name}", content))
        landmarks.append(landmark_line(spec, row, face))
    part = {"manifest": "".join(manifest), "landmarks": "".join(landmarks)}
    write_file(_part(folder, first), json.dumps(part).encode())
    return len(rows)


def _finish(spec: PoolSpec, model: FaceModel, root: Path) -> None:
    """Put the parts together, draw the contact sheet and write the manifest, whose presence says that all is there."""
    folder, table = root / spec.name, root / f"{spec.name}_landmarks.csv"
    partial_manifest = folder / f"{MANIFEST}.partial"
    with partial_manifest.open("w", encoding="utf-8") as lines, table.open("w", encoding="utf-8") as landmarks:
        for first in range(0, spec.rows, CHUNK):
            part = json.loads(_part(folder, first).read_text(encoding="utf-8"))
            lines.write(part["manifest"])
            landmarks.write(part["landmarks"])
    others = [table, folder / SETTINGS, folder / SHEET]
    _draw_sheet(spec, model, folder / SHEET)
    if spec.name == "verification":
        write_file(folder / PAIRS, pair_lines(spec).encode())
        others.append(folder / PAIRS)
    with partial_manifest.open("a", encoding="utf-8") as lines:
        for path in others:
            entry = {"path": str(path.relative_to(root)), "bytes": path.stat().st_size, "sha256": checksum(path)}
            lines.write(json.dumps(entry) + "\n")
    partial_manifest.rename(folder / MANIFEST)


def _draw_sheet(spec: PoolSpec, model: FaceModel, path: Path) -> None:
    from PIL import Image

    renderer = SceneRenderer(model, spec.scene, spec.seed)
    rows = np.unique(np.linspace(0, spec.rows - 1, min(SHEET_SAMPLES, spec.rows)).round().astype(int)).tolist()
    faces = (renderer.render(spec.scene_of(renderer.scenes, row)) for row in rows)
    Image.fromarray(contact_sheet([tiles(face) for face in faces], 8)).save(path)
