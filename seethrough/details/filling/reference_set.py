"""Reference faces from which hidden details are borrowed (Extreme 3D, Sec. 4.2), read through memory maps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from seethrough.details.bump_encoding import decode_bump
from seethrough.details.filling.reference_files import (
    FACES,
    LARGE,
    REMEDY,
    column_path,
    file_hash,
    hashed_files,
    read_description,
    row_bytes,
    row_checksum,
)
from seethrough.details.filling.viewpoint import rotation_matrices
from seethrough.errors import SeethroughError
from seethrough.morphable.face_model import FaceModel


@dataclass(frozen=True)
class Reference:
    """One reference face.

    Attributes:
        row: its place in the set.
        id: its name.
        identity: name of the person; None where it is not known.
        codes: (S, S) uint16, bump codes (:mod:`seethrough.details.bump_encoding`).
        packed: (ceil(S * S / 8),) uint8, the mask, eight pixels a byte.
        landmarks: (68, 2) px of its crop.
    """

    row: int
    id: str
    identity: str | None
    codes: np.ndarray
    packed: np.ndarray
    landmarks: np.ndarray

    @property
    def bump(self) -> np.ndarray:
        """(S, S) float32 mm towards the camera."""
        return decode_bump(self.codes)

    @cached_property
    def mask(self) -> np.ndarray:
        """(S, S) bool, where the bump says something."""
        return np.unpackbits(self.packed, count=self.codes.size).reshape(self.codes.shape).view(bool)


class ReferenceSet:
    """A folder that ``python -m tools.reference_index`` has written.

    Everything but the maps is checked when the set is opened; a map is checked when it is read.

    Args:
        folder: of the set.
        model: the face model of the faces that shall be filled; None does not ask.

    Attributes:
        description: crop size, feature network, face model.
        ids: (N) names.
        identities: (N) names of the people, None where unknown.
        landmarks: (N, 68, 2) px of the crops.
        rotation: (N, 3) rad.
        translation: (N, 3) mm; see :class:`~seethrough.details.filling.viewpoint.Viewpoint`.

    Raises:
        SeethroughError: a file is missing, damaged, of another version, or of another face model.
    """

    def __init__(self, folder: str | Path, model: FaceModel | None = None) -> None:
        self.folder = Path(folder)
        self.description, self._rows, self.settings, hashes = read_description(self.folder)
        if model is not None:
            self.description.require(model, self.folder)
        self._columns = self._open(hashes)
        self.ids, self.identities = self._faces()
        self.landmarks = np.array(self._columns["landmarks"])
        self.rotation, self.translation = (np.array(self._columns[name]) for name in ("rotation", "translation"))
        self._raw_feature = np.array(self._columns["feature"])
        for name in ("landmarks", "rotation", "translation", "feature"):
            bad = ~np.isfinite(self._columns[name].reshape(len(self), -1)).all(1)
            if bad.any():
                raise SeethroughError(f"{column_path(self.folder, name)} row {int(bad.argmax())}: not finite; {REMEDY}")

    def __len__(self) -> int:
        return self._rows

    @property
    def size(self) -> int:
        """Height and width of the bump maps, px."""
        return self.description.crop_size

    @cached_property
    def rotation_matrices(self) -> np.ndarray:
        """(N, 3, 3) float64, model to camera frame."""
        return rotation_matrices(self.rotation)

    @cached_property
    def feature_centre(self) -> np.ndarray:
        """(D,) the mean of all features as the network gives them."""
        return self._raw_feature.mean(0, dtype=np.float64)

    @cached_property
    def feature(self) -> np.ndarray:
        """(N, D) float32, centred, of length one."""
        return self.centred(self._raw_feature)

    @cached_property
    def plain_feature(self) -> np.ndarray:
        """(N, D) float32 as the network gives them, of length one."""
        return _unit(self._raw_feature)

    def centred(self, feature: np.ndarray) -> np.ndarray:
        """Centre (N, D) features as the network gives them by the mean of this set, and divide by their length."""
        return _unit(np.asarray(feature, dtype=np.float64) - self.feature_centre)

    def __getitem__(self, row: int) -> Reference:
        """Return one face, its maps checked.

        Raises:
            SeethroughError: its maps are not what was written.
        """
        codes, packed = self._columns["bump"][row], self._columns["mask"][row]
        if row_checksum(codes, packed) != self._columns["checksum"][row]:
            raise SeethroughError(f"{self.folder}: bump or mask of row {row} is not what was written; {REMEDY}")
        return Reference(row, self.ids[row], self.identities[row], codes, packed, self.landmarks[row])

    def check_maps(self) -> None:
        """Read all maps; raises :class:`SeethroughError` for the first that is not what was written."""
        for row in range(len(self)):
            self[row]

    def _open(self, hashes: dict[str, Any]) -> dict[str, np.ndarray]:
        columns = {}
        for name, (shape, kind) in self.description.columns().items():
            path, expected = column_path(self.folder, name), self._rows * row_bytes(shape, kind)
            try:
                length = path.stat().st_size
            except OSError as error:
                raise SeethroughError(f"{path}: missing from the reference set ({error.strerror}); {REMEDY}") from None
            if length != expected:
                raise SeethroughError(f"{path}: {length} bytes instead of {expected}; {REMEDY}")
            whole = (self._rows, *shape)
            # An empty file cannot be mapped.
            columns[name] = np.memmap(path, kind, "r", shape=whole) if expected else np.empty(whole, kind)
        for name in hashed_files(self.description):
            if not (self.folder / name).is_file() or file_hash(self.folder / name) != hashes.get(name):
                raise SeethroughError(f"{self.folder / name}: not what was written; {REMEDY}")
        # Small ones are read once and kept; a memory map has costs at each access.
        return {name: value.view(np.ndarray) if name in LARGE else np.array(value) for name, value in columns.items()}

    def _faces(self) -> tuple[list[str], list[str | None]]:
        lines = (self.folder / FACES).read_text(encoding="utf-8").splitlines()
        try:
            faces = [json.loads(line) for line in lines]
            ids, identities = [face["id"] for face in faces], [face["identity"] for face in faces]
        except (ValueError, KeyError, TypeError) as error:
            raise SeethroughError(f"{self.folder / FACES}: not a list of faces ({error}); {REMEDY}") from None
        if len(ids) != self._rows:
            raise SeethroughError(f"{self.folder / FACES}: {len(ids)} faces instead of {self._rows}; {REMEDY}")
        return ids, identities


def _unit(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return (values / np.where(length > 1e-12, length, 1.0)).astype(np.float32)
