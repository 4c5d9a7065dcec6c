"""The verification sets of insightface (``lfw.bin``, ``cfp_fp.bin``, ...): a pickle of encoded images and of pairs."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from datamodules.photos.record import PhotoRecord
from datamodules.vgg_casia.encoded_photo import EmbeddedPhoto
from seethrough.errors import SeethroughError


class _DataUnpickler(pickle.Unpickler):
    """Makes lists, tuples, bytes, numbers and truth values, for which nothing is imported or called."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError("it refers to objects outside")


@dataclass(frozen=True)
class VerificationPickle:
    """Pairs of photos; pair ``k`` is photos ``2k`` and ``2k + 1``.

    Attributes:
        path: of the file.
        offsets: (2P,) int64, where each image begins, bytes.
        lengths: (2P,) int64, bytes.
        same: (P,) bool, the pair shows one person.
    """

    path: Path
    offsets: np.ndarray
    lengths: np.ndarray
    same: np.ndarray

    def records(self) -> list[PhotoRecord]:
        """Return the photos as records of a test set whose subset bears the name of the file."""
        name = self.path.stem
        return [
            PhotoRecord(
                id=photo_id(name, number),
                source=EmbeddedPhoto(self.path, int(offset), int(length), number),
                split="test",
                subset=name,
            )
            for number, (offset, length) in enumerate(zip(self.offsets, self.lengths, strict=True))
        ]

    def pairs(self) -> list[tuple[str, str, bool]]:
        """Return the ids of the two photos of each pair, and whether they show one person."""
        name = self.path.stem
        return [(photo_id(name, 2 * k), photo_id(name, 2 * k + 1), bool(same)) for k, same in enumerate(self.same)]


def photo_id(name: str, number: int) -> str:
    """Return the id of photo ``number`` of a verification file called ``name``."""
    return f"{name}_{number:05d}"


def read_verification_pickle(path: Path) -> VerificationPickle:
    """Read where the images of a verification set lie and which pairs show one person.

    The file is a pickle, which can run any program when it is read carelessly; this reader makes lists, bytes and
    truth values and refuses all else.

    Raises:
        SeethroughError: the file is missing, damaged, or holds anything else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeethroughError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    try:
        # Python 2 wrote the official files: its strings are bytes.
        loaded = _DataUnpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a damaged pickle raises nearly every type
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SeethroughError(
            f"{path}: no verification set of insightface ({reason}); only lists, bytes and truth values are read"
        ) from error
    images, same = _parts(path, loaded)
    offsets = _places(path, content, images)
    lengths = np.array([len(image) for image in images], dtype=np.int64)
    return VerificationPickle(path, offsets, lengths, np.array(same, dtype=bool))


def _parts(path: Path, loaded: Any) -> tuple[list[bytes], list[bool]]:
    if not (isinstance(loaded, list | tuple) and len(loaded) == 2 and all(isinstance(p, list) for p in loaded)):
        raise SeethroughError(f"{path}: expected two lists, of images and of truth values")
    images, same = loaded
    for number, image in enumerate(images):
        if not isinstance(image, bytes) or not image:
            raise SeethroughError(f"{path} image {number}: {type(image).__name__}, expected the bytes of an image")
    for pair, value in enumerate(same):
        if not isinstance(value, bool | int) or value not in (0, 1):
            raise SeethroughError(f"{path} pair {pair}: {value!r} is neither true nor false")
    if not same or len(images) != 2 * len(same):
        raise SeethroughError(f"{path}: {len(images)} images for {len(same)} pairs, expected two a pair")
    return images, same


def _places(path: Path, content: bytes, images: list[bytes]) -> np.ndarray:
    """Find the images in the file, so that nobody needs to keep them."""
    places: dict[bytes, int] = {}
    offsets, at = np.empty(len(images), dtype=np.int64), 0
    for number, image in enumerate(images):
        place = places.get(image)
        if place is None:
            place = content.find(image, at)
            if place < 0:
                raise SeethroughError(
                    f"{path} image {number}: stored as text; write the file again with pickle protocol 2 or higher"
                )
            places[image] = place
            at = place + len(image)
        offsets[number] = place
    return offsets
