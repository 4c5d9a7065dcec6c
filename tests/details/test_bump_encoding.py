from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from seethrough.details import decode_bump, encode_bump, read_bump, write_bump
from seethrough.errors import SeethroughError

STEP = {8: 1 / 9.6, 16: 1 / (9.6 * 256)}
MAPS = arrays.arrays(np.float32, (3, 4), elements=st.floats(-13.1875, 13.3125, width=32))


@pytest.mark.parametrize("bits", [8, 16])
@given(bump=MAPS)
def test_round_trip_is_exact_to_half_a_step(bits: int, bump: np.ndarray) -> None:
    assert np.abs(decode_bump(encode_bump(bump, bits)) - bump).max() <= STEP[bits] / 2 + 2e-6


@pytest.mark.parametrize(("bits", "kind"), [(8, np.uint8), (16, np.uint16)])
def test_every_code_comes_back(bits: int, kind: type) -> None:
    codes = np.arange(2**bits, dtype=kind)
    np.testing.assert_array_equal(encode_bump(decode_bump(codes), bits), codes)


def test_codes_are_those_of_the_published_maps() -> None:
    millimetres = np.array([0.0, 1.25, -1.25, 5.0, 13.4, -20.0])
    np.testing.assert_array_equal(encode_bump(millimetres, 8), [127, 139, 115, 175, 255, 0])
    np.testing.assert_array_equal(encode_bump(millimetres[:4], 16), np.array([127, 139, 115, 175]) * 256)


def test_what_is_not_finite_or_of_another_depth_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        encode_bump(np.array([np.nan]))
    with pytest.raises(ValueError, match="bits"):
        encode_bump(np.zeros(2), 12)
    with pytest.raises(ValueError, match="uint8 or uint16"):
        decode_bump(np.zeros(2, dtype=np.int32))


@pytest.mark.parametrize("bits", [8, 16])
@settings(max_examples=20, deadline=None)
@given(bump=MAPS, mask=arrays.arrays(bool, (3, 4)))
def test_files_bring_bump_and_mask_back(tmp_path_factory: pytest.TempPathFactory, bits: int, bump, mask) -> None:
    path = tmp_path_factory.mktemp("bump") / "face.png"
    assert write_bump(path, bump, mask, bits) == [path, path.with_name("face_mask.png")]
    read, read_mask = read_bump(path)
    assert read_mask is not None
    np.testing.assert_array_equal(read_mask, mask)
    assert np.abs(read - bump)[mask].max(initial=0) <= STEP[bits] / 2 + 2e-6
    assert not read[~mask].any()


def test_map_without_mask(tmp_path: Path) -> None:
    bump = np.linspace(-5, 5, 12).reshape(3, 4)
    assert write_bump(tmp_path / "deep" / "face.png", bump) == [tmp_path / "deep" / "face.png"]
    read, mask = read_bump(tmp_path / "deep" / "face.png")
    assert mask is None
    np.testing.assert_allclose(read, bump, atol=STEP[16])


def test_grey_map_saved_as_colours_is_read_and_a_coloured_one_is_not(tmp_path: Path) -> None:
    code = np.full((4, 5), 139, dtype=np.uint8)
    Image.fromarray(np.stack([code] * 3, axis=2)).save(tmp_path / "three.png")
    np.testing.assert_allclose(read_bump(tmp_path / "three.png")[0], 1.25, atol=1e-6)
    Image.fromarray(np.stack([code, code, code + 1], axis=2)).save(tmp_path / "coloured.png")
    with pytest.raises(SeethroughError, match=r"coloured\.png: a bump map is grey"):
        read_bump(tmp_path / "coloured.png")


def test_mistakes_with_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match="no such bump map"):
        read_bump(tmp_path / "absent.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(SeethroughError, match=r"broken\.png: cannot be read"):
        read_bump(tmp_path / "broken.png")
    with pytest.raises(SeethroughError, match=r"end the name with \.png"):
        write_bump(tmp_path / "face.jpg", np.zeros((2, 2)))
    write_bump(tmp_path / "face.png", np.zeros((2, 2)), np.ones((2, 2)))
    Image.new("L", (3, 3)).save(tmp_path / "face_mask.png")
    with pytest.raises(SeethroughError, match=r"face_mask\.png: 3 x 3 px"):
        read_bump(tmp_path / "face.png")
