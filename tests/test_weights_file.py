"""Whatever bytes a file holds, reading it as weights is one line."""

from __future__ import annotations

import io
import pickle
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.weights_file import load_weights


class Harmful:
    """What runs a function when it is unpickled."""

    def __reduce__(self) -> tuple:
        return Path.touch, (Path("touched"),)


def saved(zipped: bool) -> bytes:
    file = io.BytesIO()
    content = {"state_dict": {"weight": torch.arange(12.0)}, "step": 3}
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def rubbish() -> Iterator[tuple[str, bytes]]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("readme.txt", "no data here")
    yield "zip without data", archive.getvalue()
    # The first letters are opcodes of pickles: popping nothing, looking up what was not stored, ending too early.
    for text in ("a,b\n1,2\n", "hello", "no weights at all\nreally\n", '{"a": 1}', "<html>", "model:\n  x: 1\n", "("):
        yield f"text {text!r}", text.encode()
    yield "empty", b""
    yield "pickle of a list", pickle.dumps([1, 2])
    yield "PNG", b"\x89PNG\r\n\x1a\n" + bytes(50)
    for zipped in (True, False):
        whole = saved(zipped)
        for tenths in (1, 4, 9):
            yield f"cut at {tenths}/10, zip {zipped}", whole[: len(whole) * tenths // 10]
    draw = random.Random(0)
    for number in range(40):
        opcodes = bytes(draw.choice(b"().0123KJMXU}]qrhjXctbsuaeR\x86\x85NIL\n") for _ in range(draw.randrange(1, 40)))
        yield f"opcodes {number}", b"\x80\x02" + opcodes
        yield f"random {number}", draw.randbytes(draw.randrange(1, 60))


@pytest.mark.filterwarnings("error")
def test_any_file(tmp_path: Path) -> None:
    path = tmp_path / "some.ckpt"
    count = 0
    for name, content in rubbish():
        path.write_bytes(content)
        for mmap in (False, True):
            try:
                read = load_weights(path, "name another", mmap=mmap)
            except SeethroughError as error:
                count += 1
                line = str(error)
                assert "\n" not in line and line.startswith(str(path)) and len(line) < len(str(path)) + 120, name
                assert "is truncated or not a checkpoint (" in line or "holds more than weights" in line, name
            else:
                assert not isinstance(read, dict) or "state_dict" not in read, name
    assert count > 150


def test_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "some.ckpt"
    for content, said in (
        (b"", r"\(it is empty\): use an earlier one"),
        (b"text\n", r"\(it is text\)"),
        (saved(True)[:300], r"\(its end is missing\)"),
        (pickle.dumps(Harmful(), protocol=2), "holds more than weights"),
    ):
        path.write_bytes(content)
        with pytest.raises(SeethroughError, match=said):
            load_weights(path)
    with pytest.raises(SeethroughError, match="cannot be read"):
        load_weights(tmp_path)


@pytest.mark.parametrize("zipped", [True, False])
def test_weights(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "some.ckpt"
    path.write_bytes(saved(zipped))
    assert load_weights(path)["state_dict"]["weight"].tolist() == list(range(12))
