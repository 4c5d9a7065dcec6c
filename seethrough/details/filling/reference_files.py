"""The files of a reference set: one flat array a column, one row a face, and what says whether they are whole."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel

FORMAT, VERSION = "seethrough-references", 1
DESCRIPTION, FACES, SKIPPED = "references.json", "faces.jsonl", "skipped.jsonl"
REMEDY = "build the index again by `python -m tools.reference_index SOURCE --out DIR`"

LARGE = ("bump", "mask")
"""Columns that are not read when a set is opened; each of their rows has a checksum and is checked when it is used."""

MODEL_TOLERANCE_MM = 2.0
"""Landmarks of one face model at two subdivision levels differ by less than this, those of two models by more."""


@dataclass(frozen=True)
class SetDescription:
    """What all faces of a reference set have in common.

    Attributes:
        crop_size: height and width of the bump maps, px.
        feature_network: what the features come from: ``dlib``, the name of a network's file, ``identity`` for the face
            model's identity coefficients, or ``none``.
        feature_size: D, 0 for ``none``.
        model_name: of the face model whose foundations the bumps lie on.
        model_landmarks: (68, 3) mm, landmarks of its mean face, as nested lists.
    """

    crop_size: int
    feature_network: str
    feature_size: int
    model_name: str
    model_landmarks: list[list[float]]

    @classmethod
    def of(cls, model: FaceModel, crop_size: int, feature_network: str, feature_size: int) -> SetDescription:
        """Describe a set of bumps on foundations of a face model."""
        return cls(crop_size, feature_network, feature_size, model.name, _mean_landmarks(model).round(3).tolist())

    def columns(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Return name -> (shape of a row, type). Bumps are 16-bit codes, masks packed, eight pixels a byte."""
        size = self.crop_size
        return {
            "bump": ((size, size), "<u2"),
            "mask": (((size * size + 7) // 8,), "|u1"),
            "landmarks": ((68, 2), "<f4"),
            "rotation": ((3,), "<f8"),
            "translation": ((3,), "<f8"),
            "feature": ((self.feature_size,), "<f4"),
            "checksum": ((), "<u4"),
        }

    def require(self, model: FaceModel, where: Path) -> None:
        """Raise :class:`SeethroughError` if the set was made with another face model, whatever its resolution."""
        ours, theirs = _mean_landmarks(model), np.array(self.model_landmarks)
        if self.model_name != model.name or np.abs(ours - theirs).max() > MODEL_TOLERANCE_MM:
            what = f"'{self.model_name}'" if self.model_name != model.name else f"another '{self.model_name}'"
            raise SeethroughError(
                f"{where}: its bumps lie on foundations of the face model {what}, this face is one of '{model.name}'; "
                "build an index with that model"
            )


def _mean_landmarks(model: FaceModel) -> np.ndarray:
    return model.mean[model.landmarks].double().cpu().numpy()


def column_path(folder: Path, name: str) -> Path:
    """Return where a column lies."""
    return folder / f"{name}.bin"


def row_bytes(shape: tuple[int, ...], kind: str) -> int:
    """Count the bytes of one row of a column."""
    return int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize


def row_checksum(bump: np.ndarray, mask: np.ndarray) -> int:
    """Return the CRC-32 of a face's bump codes and packed mask."""
    first, second = np.ascontiguousarray(bump), np.ascontiguousarray(mask)
    return zlib.crc32(second, zlib.crc32(first))  # pyright: ignore[reportArgumentType]


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashed_files(description: SetDescription) -> list[str]:
    """Return the names of the files whose whole content is checked when a set is opened."""
    return [FACES, *(column_path(Path(), name).name for name in description.columns() if name not in LARGE)]


def write_description(folder: Path, description: SetDescription, rows: int, settings: dict[str, Any]) -> None:
    """Write ``references.json``, which makes the folder a finished set."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "rows": rows,
        **asdict(description),
        "settings": settings,
        "sha256": {name: file_hash(folder / name) for name in hashed_files(description)},
    }
    replace_json(folder / DESCRIPTION, content)


def read_description(folder: Path) -> tuple[SetDescription, int, dict[str, Any], dict[str, str]]:
    """Return description, number of rows, settings and hashes of a finished set.

    Raises:
        SeethroughError: it is absent, damaged, or of another format or version; names the file and the key.
    """
    path = folder / DESCRIPTION
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SeethroughError(
            f"{path}: no reference set there ({error.strerror}); name the folder of one, or "
            "make one by `python -m tools.reference_index SOURCE --out DIR`"
        ) from None
    except ValueError as error:
        raise SeethroughError(f"{path}: not JSON ({error}); {REMEDY}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SeethroughError(f"{path}: not the description of a reference set; {REMEDY}")
    if content.get("version") != VERSION:
        raise SeethroughError(f"{path}: version {content.get('version')}, this program reads {VERSION}; {REMEDY}")
    types = {"rows": int, "crop_size": int, "feature_network": str, "feature_size": int, "model_name": str,
             "model_landmarks": list, "settings": dict, "sha256": dict}  # fmt: skip
    for key, kind in types.items():
        if not isinstance(content.get(key), kind) or isinstance(content[key], bool):
            raise SeethroughError(f"{path}: key '{key}' is missing or of a wrong type; {REMEDY}")
    for key, least in (("rows", 1), ("crop_size", 16), ("feature_size", 0)):
        if content[key] < least:
            raise SeethroughError(f"{path}: {key}={content[key]} must be at least {least}; {REMEDY}")
    try:
        fits = np.array(content["model_landmarks"], dtype=np.float64).shape == (68, 3)
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise SeethroughError(f"{path}: key 'model_landmarks' must be 68 [x, y, z]; {REMEDY}")
    description = SetDescription(**{key: content[key] for key in SetDescription.__dataclass_fields__})
    return description, content["rows"], content["settings"], content["sha256"]


def replace_json(path: Path, content: Any) -> None:
    """Write a JSON file that is there whole or as it was."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
