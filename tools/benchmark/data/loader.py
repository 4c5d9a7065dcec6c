"""Section ``loader``: batches of synthetic faces from a pool and rendered on the fly, and of photos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datamodules.synthetic.config import SceneConfig, SyntheticConfig
from datamodules.synthetic.datamodule import SyntheticDataModule
from tools.benchmark.data.photo_loader import photo_cases
from tools.benchmark.data.plain_pictures import PlainPictures, batches_of
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

POOL = 64


def _batches(config: SyntheticConfig) -> Callable[[], dict[str, Any]]:
    """Return a function that gives one batch after the other, epoch after epoch."""
    loader = SyntheticDataModule(config).train_dataloader()

    def endless() -> Iterator[dict[str, Any]]:
        while True:
            yield from loader

    batches = endless()
    return lambda: next(batches)


def _loader(source: str, size: int, level: int, batch: int, repeats: int) -> Measurement:
    with TemporaryDirectory() as folder:
        config = SyntheticConfig(
            scene=SceneConfig(image_size=size, level=level),
            source=source,  # pyright: ignore
            folder=folder,
            size=POOL if source == "pool" else 10_000,
            batch_size=batch,
            render_processes=1,
        )
        read = _batches(config)
        first = read()
        moved, reference = 0, None
        if source == "pool":
            reference = batches_of(PlainPictures(Path(folder) / "plain", first["image"], first["mask"]), batch)
            # pictures are stored in bytes and masks in bits; both are read, and written as float32
            pixels = sum(first[key][0].numel() for key in ("image", "mask")) + first["truth"]["full_face"][0].numel()
            moved = first["image"][0].numel() + 2 * size * size // 8 + 4 * pixels
        return measure(
            "loader",
            _name(source, size),
            read,
            per=batch,
            repeats=repeats,
            reference=reference,
            reference_per=batch,
            reference_repeats=repeats,
            bytes_moved=float(moved) if moved else None,
        )


def _name(source: str, size: int) -> str:
    return f"{size} {source}"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    settings = [("pool", 80, 0, 32, 15), ("live", 80, 0, 8, 5), ("live", 224, 1, 4, 3)]
    synthetic = {_name(source, size): partial(_loader, source, size, *rest) for source, size, *rest in settings}
    return {**synthetic, **photo_cases()}
