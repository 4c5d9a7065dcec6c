"""The files of a pool of rendered faces: one flat array a column, written row by row, read through memory maps."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.morphable import ParameterSizes

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class PoolLayout:
    """Shape of a pool.

    Attributes:
        rows: number of pictures.
        image_size: height and width, px.
        sizes: numbers of coefficients of the generating model.
    """

    rows: int
    image_size: int
    sizes: ParameterSizes

    def columns(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Return name -> (shape of a row, dtype). Masks are packed, eight pixels a byte."""
        size = self.image_size
        packed = (size * size + 7) // 8
        return {
            "image": ((3, size, size), "uint8"),
            "mask": ((packed,), "uint8"),
            "full_face": ((packed,), "uint8"),
            "landmarks": ((68, 2), "float32"),
            "true_landmarks": ((68, 2), "float32"),
            "landmark_visible": ((68,), "bool"),
            "coefficients": ((self.sizes.total,), "float32"),
            "occluder": ((), "uint8"),
        }


def create_columns(folder: Path, layout: PoolLayout) -> None:
    """Make empty .npy files of their final length, so that a full disk is noticed now and not in the middle.

    Raises:
        SeethroughError: the disk has no room for them.
    """
    for name, (shape, dtype) in layout.columns().items():
        path = folder / f"{name}.npy"
        if path.exists():
            continue
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
            np.lib.format.write_array_header_1_0(file, {**header, "shape": (layout.rows, *shape)})
            file.flush()
            length = layout.rows * int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
            try:
                if length and hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), file.tell(), length)
                else:
                    file.truncate(file.tell() + length)
            except OSError as error:
                partial.unlink()
                megabytes = (layout.rows * row_bytes(layout)) >> 20
                raise SeethroughError(
                    f"{folder}: no room for a pool of {megabytes} MB ({error.strerror}): free some, or set data.folder"
                ) from error
        partial.rename(path)


def row_bytes(layout: PoolLayout) -> int:
    """Count the bytes of one row of all columns."""
    return sum(
        int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize for shape, dtype in layout.columns().values()
    )


def write_rows(folder: Path, first: int, rows: dict[str, np.ndarray]) -> None:
    """Write consecutive rows of every column and wait until they are on the disk."""
    for name, values in rows.items():
        path = folder / f"{name}.npy"
        with path.open("r+b") as file:
            version = np.lib.format.read_magic(file)
            if version != (1, 0):
                raise ValueError(f"{path} has an unexpected header version {version}")
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            values = np.ascontiguousarray(values, dtype)
            if values.shape[1:] != shape[1:] or first + len(values) > shape[0]:
                raise ValueError(f"rows of shape {values.shape} from {first} on do not fit {path} of shape {shape}")
            stride = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
            file.seek(first * stride, os.SEEK_CUR)
            file.write(values.tobytes())
            file.flush()
            os.fsync(file.fileno())


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def damaged_columns(folder: Path) -> list[str]:
    """Return a line on each column of a finished pool whose bytes are not those that were written."""
    layout, _ = open_columns(folder)
    recorded = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("sha256")
    if not isinstance(recorded, dict):
        return [f"{folder / MANIFEST}: has no checksums; pools have them from version 7 of the generator on"]
    lines = []
    for name in [*layout.columns(), *(Path(name).name for name in recorded if name not in layout.columns())]:
        if recorded.get(name) != checksum(folder / f"{name}.npy"):
            lines.append(f"{folder / name}.npy: not what was written")
    return lines


def write_manifest(folder: Path, layout: PoolLayout, settings: dict[str, object]) -> None:
    """Write what the pool is: its layout, the settings it was made with and the checksums of its columns."""
    content = {
        "rows": layout.rows,
        "image_size": layout.image_size,
        "sizes": asdict(layout.sizes),
        "settings": settings,
        "sha256": {name: checksum(folder / f"{name}.npy") for name in layout.columns()},
    }
    partial = folder / f"{MANIFEST}.partial"
    partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
    partial.rename(folder / MANIFEST)


def open_columns(folder: Path, kind: type[PoolLayout] = PoolLayout) -> tuple[PoolLayout, dict[str, np.ndarray]]:
    """Map the columns of a finished pool into memory, read-only.

    Raises:
        SeethroughError: a file is missing, damaged or of another shape than the manifest says.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        layout = kind(content["rows"], content["image_size"], ParameterSizes(**content["sizes"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SeethroughError(f"{folder / MANIFEST}: not the manifest of a pool ({error}): remove {folder}") from error
    columns: dict[str, np.ndarray] = {}
    for name, (shape, dtype) in layout.columns().items():
        path = folder / f"{name}.npy"
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise SeethroughError(f"{path}: damaged ({error}): remove {folder}, it will be rendered again") from error
        if array.shape != (layout.rows, *shape) or array.dtype != np.dtype(dtype):
            raise SeethroughError(
                f"{path}: {array.shape} {array.dtype} instead of {(layout.rows, *shape)} {dtype}: remove {folder}"
            )
        columns[name] = array
    return layout, columns
