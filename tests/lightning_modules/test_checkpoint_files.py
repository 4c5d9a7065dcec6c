from __future__ import annotations

import errno
import resource
import signal
from pathlib import Path

import pytest
import torch

from lightning_modules.checkpoint_files import damage, remove_partial_files, write_durably


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    write_durably({"weights": torch.arange(50_000), "step": 3}, tmp_path / "step.ckpt")
    return tmp_path / "step.ckpt"


def test_a_whole_checkpoint_is_read_without_unpickling(checkpoint: Path) -> None:
    assert damage(checkpoint) == ""
    assert torch.load(checkpoint, weights_only=True)["step"] == 3
    assert [path.name for path in checkpoint.parent.iterdir()] == ["step.ckpt"]


@pytest.mark.parametrize(
    ("keep", "said"), [(0, "it is empty"), (1, "it is cut off"), (1000, "it is cut off"), (100_000, "it is cut off")]
)
def test_one_that_is_cut_off_is_noticed(checkpoint: Path, keep: int, said: str) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:keep])
    assert damage(checkpoint).startswith(said)


def test_one_bit_of_the_weights_is_noticed_though_torch_reads_on(checkpoint: Path) -> None:
    content = bytearray(checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    checkpoint.write_bytes(content)
    assert not torch.equal(torch.load(checkpoint, weights_only=True)["weights"], torch.arange(50_000))
    assert damage(checkpoint).startswith("bytes of ")


def test_a_full_disk_leaves_the_old_one_and_nothing_else(checkpoint: Path) -> None:
    before, limits = checkpoint.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError) as caught:
            write_durably({"weights": torch.zeros(50_000)}, checkpoint)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.errno == errno.EFBIG
    assert checkpoint.read_bytes() == before
    assert [path.name for path in checkpoint.parent.iterdir()] == ["step.ckpt"]


def test_what_a_killed_process_left_goes(checkpoint: Path) -> None:
    (checkpoint.parent / "step.ckpt.partial").write_bytes(b"half")
    remove_partial_files(checkpoint.parent)
    assert [path.name for path in checkpoint.parent.iterdir()] == ["step.ckpt"]
