"""MXNet's RecordIO, read without MXNet: records by their place in the file, their headers, and the index.

The file is a chain of records, each ``u32 magic, u32 flag << 29 | length, payload``, padded to four bytes (dmlc-core,
recordio.h). A payload that holds the magic number is cut there into parts, flagged 1 (first), 2 (middle), 3 (last).
The payload of an image record is ``u32 flag, f32 label, u64 id, u64 id2``, then ``flag`` labels in float32 if the flag
is above 0, then the encoded image (python/mxnet/recordio.py). All numbers are little-endian.
"""

from __future__ import annotations

import os
import struct
from array import array
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from seethrough.errors import SeethroughError

MAGIC = 0xCED7230A
WHOLE, FIRST, MIDDLE, LAST = range(4)
_FRAME = struct.Struct("<II")
_HEADER = struct.Struct("<IfQQ")
_MOST = 256
"""Bytes that hold the header of any image record."""
_BINARY_INDICES = (("<u8", "<u8"), ("<u4", "<u8"), ("<u4", "<u4"))


class RecordHeader(NamedTuple):
    """What stands before the image in a record."""

    labels: tuple[float, ...]
    id: int
    image: int
    """Where the encoded image begins in the payload, bytes."""


@lru_cache(maxsize=16)
def _opened(path: str, process: int) -> BinaryIO:
    """Open a file once in each process."""
    return open(path, "rb", buffering=0)


def read_at(path: Path, offset: int, length: int) -> bytes:
    """Read bytes of a file that stays open in this process; threads and forked processes do not disturb each other.

    Raises:
        SeethroughError: the file cannot be opened, or ends before.
    """
    try:
        content = os.pread(_opened(str(path), os.getpid()).fileno(), length, offset)
    except OSError as error:
        raise SeethroughError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    if len(content) < length:
        raise SeethroughError(f"{path} byte {offset}: the file ends inside a record; copy or download it again")
    return content


def read_payload(path: Path, offset: int) -> bytes:
    """Return the payload of the record that begins at ``offset``, its parts put together.

    Raises:
        SeethroughError: no record begins there, or the file ends inside it.
    """
    flag, length = _frame(path, offset)
    if flag == WHOLE:
        return read_at(path, offset + _FRAME.size, length)
    if flag != FIRST:
        raise SeethroughError(f"{path} byte {offset}: the middle of a record; the index belongs to another file")
    parts = [read_at(path, offset + _FRAME.size, length)]
    while flag != LAST:
        offset += _FRAME.size + _padded(length)
        flag, length = _frame(path, offset)
        if flag not in (MIDDLE, LAST):
            raise SeethroughError(f"{path} byte {offset}: a record breaks off before its last part")
        parts.append(read_at(path, offset + _FRAME.size, length))
    return _FRAME.pack(MAGIC, 0)[:4].join(parts)


def read_header(payload: bytes, name: str, *, labels: bool = True) -> RecordHeader:
    """Read the header at the beginning of a payload.

    Args:
        payload: as much of it as holds the header.
        name: what messages call it.
        labels: also read labels that stand behind the header.

    Raises:
        SeethroughError: the payload is too short.
    """
    if len(payload) >= _HEADER.size:
        flag, label, number, _ = _HEADER.unpack_from(payload)
        flag = flag if labels else 0
        image = _HEADER.size + 4 * flag
        if len(payload) >= image:
            several = struct.unpack_from(f"<{flag}f", payload, _HEADER.size) if flag else (label,)
            return RecordHeader(several, number, image)
    raise SeethroughError(f"{name}: {len(payload)} bytes are too few for the header of a record")


def header_at(path: Path, offset: int, name: str) -> tuple[RecordHeader, bool]:
    """Return the header of the record at ``offset``, and whether an image follows; reads no image."""
    flag, length = _frame(path, offset)
    header = read_header(read_at(path, offset + _FRAME.size, min(length, _MOST)), name)
    return header, length > header.image or flag != WHOLE


def walk(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Find all records without an index, by going from each to the next.

    Returns:
        Keys and offsets, (N,) int64 each, in the order of the file. A key is the number that the header of a record
        gives; where these are not all different, records are counted from 0.

    Raises:
        SeethroughError: the chain of records is broken; the place is named.
    """
    keys, offsets = array("Q"), array("q")
    offset, size = 0, path.stat().st_size
    while offset < size:
        beginning = read_at(path, offset, min(_FRAME.size + _HEADER.size, size - offset))
        flag, length = _frame(path, offset, beginning)
        if offset + _FRAME.size + length > size:
            raise SeethroughError(f"{path} byte {offset}: the file ends inside a record; copy or download it again")
        if flag in (WHOLE, FIRST):
            keys.append(read_header(beginning[_FRAME.size :], f"{path} byte {offset}", labels=False).id)
            offsets.append(offset)
        offset += _FRAME.size + _padded(length)
    different = len(np.unique(np.array(keys))) == len(keys)
    return np.array(keys if different else range(len(keys)), dtype=np.int64), np.array(offsets, dtype=np.int64)


def read_index(path: Path, records: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read an index: text with ``key<TAB>offset`` in each row, or the same numbers in binary.

    Args:
        path: of the index.
        records: of the record file, which tells the binary layouts apart.

    Returns:
        Keys and offsets, (N,) int64 each, in the order of the index.

    Raises:
        SeethroughError: unreadable, empty or damaged; the row is named.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SeethroughError(f"{path}: the index cannot be read ({error.strerror})") from error
    if not content.strip():
        raise SeethroughError(f"{path}: the index is empty; remove it, and records are looked for one by one")
    if content.isascii() and b"\0" not in content:
        return _text_index(path, content)
    for layout in _BINARY_INDICES:
        kind = np.dtype([("key", layout[0]), ("offset", layout[1])])
        if len(content) % kind.itemsize:
            continue
        rows = np.frombuffer(content, kind)
        keys, offsets = rows["key"].astype(np.int64), rows["offset"].astype(np.int64)
        if all(_begins_record(records, int(offsets[row])) for row in {0, len(rows) // 2, len(rows) - 1}):
            return keys, offsets
    raise SeethroughError(
        f"{path}: neither text nor a binary index of {records.name}; remove it, and records are looked for one by one"
    )


def _text_index(path: Path, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    words = content.split()
    try:
        numbers = np.array(words, dtype=np.int64)
        if numbers.min() >= 0 and len(words) == 2 * sum(1 for line in content.splitlines() if line.strip()):
            return numbers[0::2], numbers[1::2]
    except (ValueError, OverflowError):
        pass
    for row, line in enumerate(content.splitlines(), 1):
        cells = line.split()
        if cells and (len(cells) != 2 or not all(cell.isdigit() for cell in cells)):
            shown = line.decode("ascii").strip()[:60]
            raise SeethroughError(f"{path} row {row}: expected KEY<TAB>OFFSET, found {shown!r}; download it again")
    raise SeethroughError(f"{path}: expected KEY<TAB>OFFSET in each row; download it again")


def _begins_record(path: Path, offset: int) -> bool:
    try:
        return offset >= 0 and _frame(path, offset)[0] in (WHOLE, FIRST)
    except SeethroughError:
        return False


def _frame(path: Path, offset: int, beginning: bytes | None = None) -> tuple[int, int]:
    magic, packed = _FRAME.unpack_from(beginning or read_at(path, offset, _FRAME.size))
    if magic != MAGIC:
        raise SeethroughError(
            f"{path} byte {offset}: no record begins here; the file is damaged or the index belongs to another one"
        )
    return packed >> 29, packed & (2**29 - 1)


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
