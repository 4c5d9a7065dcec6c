from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.ar.raw_photo import RAW_BYTES, RawPhoto
from seethrough.errors import SeethroughError
from tests.datamodules.ar.trees import smooth_photo, write_raw


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("grey", [False, True])
def test_the_order_of_colours_is_found(tmp_path: Path, planar: bool, grey: bool) -> None:
    picture = smooth_photo(seed=3, grey=grey)
    write_raw(tmp_path / "m-001-01.raw", picture, planar)
    assert np.array_equal(RawPhoto(tmp_path / "m-001-01.raw").read(), picture)


def test_the_order_can_be_said(tmp_path: Path) -> None:
    picture = smooth_photo()
    write_raw(tmp_path / "m-001-01.raw", picture, planar=True)
    assert np.array_equal(RawPhoto(tmp_path / "m-001-01.raw", "planar").read(), picture)
    assert not np.array_equal(RawPhoto(tmp_path / "m-001-01.raw", "interleaved").read(), picture)


def test_noise_has_no_order(tmp_path: Path) -> None:
    path = tmp_path / "m-001-01.raw"
    path.write_bytes(np.random.default_rng(0).integers(0, 256, RAW_BYTES, dtype=np.uint8).tobytes())
    with pytest.raises(SeethroughError, match=r"m-001-01\.raw: whether .* say data\.raw_order=interleaved or"):
        RawPhoto(path).read()
    path.write_bytes(bytes(RAW_BYTES))
    with pytest.raises(SeethroughError, match=r"say data\.raw_order="):
        RawPhoto(path).read()
    assert RawPhoto(path, "interleaved").read().shape == (576, 768, 3)


def test_files_that_are_cut_off_or_gone(tmp_path: Path) -> None:
    path = tmp_path / "m-001-01.raw"
    path.write_bytes(bytes(1000))
    with pytest.raises(SeethroughError, match=r"1000 bytes, a raw photo of AR has 768 x 576 x 3 = 1327104"):
        RawPhoto(path).read()
    path.unlink()
    with pytest.raises(SeethroughError, match=r"m-001-01\.raw: the raw file cannot be read \(No such file"):
        RawPhoto(path).read()
