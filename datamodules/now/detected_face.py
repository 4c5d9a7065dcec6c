"""NoW's boxes of faces: NumPy files that hold a pickled dict, read without running what a pickle may ask for."""

from __future__ import annotations

import io
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.photos.detection import Box

LARGEST_FILE = 65536
SIDES = ("left", "top", "right", "bottom")
_TYPES = {f"{kind}{size}" for kind in "iuf" for size in (1, 2, 4, 8)} - {"f1"}


class _Part:
    """What a pickle builds in place of NumPy's objects: it keeps the arguments and does nothing with them."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Part):
    """An array that was pickled."""


class _Scalar(_Part):
    """A NumPy number that was pickled."""


class _Type(_Part):
    """A NumPy type that was pickled."""


class _Encoded(_Part):
    """Bytes as old pickle protocols write them: a text and ``latin1``."""


_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
_STAND_INS: dict[str, tuple[tuple[str, ...], object]] = {
    "_reconstruct": (_MULTIARRAY, _Array),
    "scalar": (_MULTIARRAY, _Scalar),
    "dtype": (("numpy",), _Type),
    "ndarray": (("numpy",), "numpy.ndarray"),  # only ever an argument
    "encode": (("_codecs",), _Encoded),
}


class _Unpickler(pickle.Unpickler):
    """Knows dicts, numbers, text, and stand-ins for NumPy's arrays and numbers; refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        modules, stand_in = _STAND_INS.get(name, ((), None))
        if module not in modules:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which a box has no use for")
        return stand_in

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside the file")


def read_detected_face(path: str | Path) -> Box:
    """Read one file of ``detected_face``.

    Python 2 has written these files: a NumPy file whose only element is a pickled dict with the keys ``left``, ``top``,
    ``right`` and ``bottom``. Only dicts, numbers, NumPy numbers and arrays of one number are understood.

    Returns:
        Left, top, right, bottom in photo pixels; they may lie outside the photo.

    Raises:
        SeethroughError: the file is missing, holds something else, or no box of a size.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SeethroughError(f"{path}: the box of the face cannot be read ({error.strerror})") from None
    try:
        if len(content) > LARGEST_FILE:
            raise ValueError(f"more than {LARGEST_FILE} bytes")
        values = _dictionary(content)
        missing = [side for side in SIDES if side not in values]
        if missing:
            raise ValueError(f"no '{missing[0]}' in it")
        left, top, right, bottom = (_number(values[side]) for side in SIDES)
    except Exception as error:  # a pickle that was tampered with can raise every type
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise SeethroughError(f"{path}: no box of a face ({reason}); get the file again") from None
    if not all(map(math.isfinite, (left, top, right, bottom))) or right <= left or bottom <= top:
        raise SeethroughError(
            f"{path}: the box {left:g}, {top:g}, {right:g}, {bottom:g} (left, top, right, bottom) has no size; "
            "get the file again"
        )
    return left, top, right, bottom


def _dictionary(content: bytes) -> dict[Any, Any]:
    """Return the dict in a NumPy file of one object."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read_header(file)
    if not kind.hasobject or math.prod(shape) != 1:
        raise ValueError(f"an array of {shape} {kind}, expected one dict with left, top, right and bottom")
    loaded = _Unpickler(file, encoding="latin1").load()
    if isinstance(loaded, _Array):
        _, _, _, _, elements = loaded.state
        (loaded,) = elements
    if not isinstance(loaded, dict):
        raise ValueError("the object in it is no dict")
    return loaded


def _number(value: Any) -> float:
    """Return a number, a pickled NumPy number, or the only element of a pickled array."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, _Scalar):
        kind, content = value.arguments
        return _decoded(kind, content)
    if isinstance(value, _Array):
        _, _, kind, _, content = value.state
        return _decoded(kind, content)
    raise ValueError(f"a {type(value).__name__} where a number should be")


def _decoded(kind: Any, content: Any) -> float:
    if not isinstance(kind, _Type) or kind.arguments[0] not in _TYPES:
        raise ValueError("a NumPy type that is no number")
    order = kind.state[1] if kind.state else "<"
    if order not in ("<", ">", "|", "="):
        raise ValueError("a NumPy type without a byte order")
    if isinstance(content, _Encoded):
        content, _ = content.arguments
    written = content.encode("latin1") if isinstance(content, str) else content
    (number,) = np.frombuffer(written, dtype=np.dtype(kind.arguments[0]).newbyteorder(order))
    return float(number)
