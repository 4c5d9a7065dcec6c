"""Files as PyTorch 0.3 wrote them under Python 2 on a GPU: several pickles, then the raw storages."""

from __future__ import annotations

import io
import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


class _Global:
    """Pickled as the name of something that is not imported here."""

    def __init__(self, module: str, name: str) -> None:
        self.line = f"c{module}\n{name}\n".encode()


class _Stored:
    """A tensor that is rebuilt from a storage, which the pickle only refers to."""

    def __init__(self, tensor: Tensor, key: str) -> None:
        self.tensor, self.key = tensor, key


class _Python2Pickler(pickle._Pickler):
    """Writes texts as the byte strings of Python 2."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_text(self, text: str) -> None:
        encoded = text.encode()
        self.write(pickle.SHORT_BINSTRING + struct.pack("<B", len(encoded)) + encoded)
        self.memoize(text)

    def save_global_name(self, name: _Global) -> None:
        self.write(name.line)

    def save_stored(self, stored: _Stored) -> None:
        self.write(b"ctorch._utils\n_rebuild_tensor\n(")
        size = stored.tensor.numel()
        self.save(("storage", _Global("torch.cuda", "FloatStorage"), stored.key, "cuda:0", size, None))
        self.write(pickle.BINPERSID)
        self.save(0)
        self.save(tuple(stored.tensor.shape))
        self.save(stored.tensor.stride())
        self.write(pickle.TUPLE + pickle.REDUCE)

    dispatch[str] = save_text
    dispatch[_Global] = save_global_name
    dispatch[_Stored] = save_stored


def write_legacy(path: Path, state: Mapping[str, Tensor]) -> Path:
    """Write named tensors in the old format."""
    stored = OrderedDict(
        (name, _Stored(tensor.contiguous(), str(1000 + k))) for k, (name, tensor) in enumerate(state.items())
    )
    information = {
        "protocol_version": _PROTOCOL,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    content = io.BytesIO()
    pickles: list[Any] = [_MAGIC, _PROTOCOL, information, stored, [one.key for one in stored.values()]]
    for value in pickles:
        _Python2Pickler(content, 2).dump(value)
    for one in stored.values():
        content.write(struct.pack("<q", one.tensor.numel()) + one.tensor.numpy().tobytes())
    path.write_bytes(content.getvalue())
    return path


class Malicious:
    """Runs code when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def write_module(path: Path) -> Path:
    """Write a whole pickled module, as some releases do."""
    torch.save(torch.nn.Linear(2, 2), path)
    return path
