from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from seethrough.errors import SeethroughError
from seethrough.photos import decode_photo, find_photos, photo_array, photo_tensor, read_photo
from seethrough.photos.reading import photo_orientation

RAMP = np.stack(np.meshgrid(np.arange(24) * 10, np.arange(16) * 15), axis=-1).astype(np.uint8)
PICTURE = np.concatenate([RAMP, np.full((16, 24, 1), 90, np.uint8)], axis=2)  # (16, 24, 3)
GREY = RAMP[:, :, 0]


def save(path: Path, array: np.ndarray, mode: str | None = None, **options) -> Path:
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def png(header: bytes, data: bytes) -> bytes:
    content = b"\x89PNG\r\n\x1a\n"
    for kind, part in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")):
        content += struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
    return content


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp"])
def test_lossless_formats_come_back_exactly(tmp_path, suffix):
    path = save(tmp_path / f"a{suffix}", PICTURE, **({"lossless": True} if suffix == ".webp" else {}))
    photo = read_photo(path)
    assert photo.dtype == np.uint8
    np.testing.assert_array_equal(photo, PICTURE)


def test_jpeg_and_a_wrong_suffix(tmp_path):
    path = save(tmp_path / "a.jpg", PICTURE, quality=98)
    assert np.abs(read_photo(path).astype(int) - PICTURE).mean() < 8
    path.rename(tmp_path / "a.png")  # the content decides, not the name
    assert read_photo(tmp_path / "a.png").shape == PICTURE.shape


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_grey_is_scaled(tmp_path, suffix):
    path = save(tmp_path / f"deep{suffix}", GREY.astype(np.uint16) * 257)
    np.testing.assert_array_equal(read_photo(path), np.repeat(GREY[:, :, None], 3, axis=2))


def test_dark_sixteen_bit_grey_stays_dark(tmp_path):
    path = save(tmp_path / "dark.png", (GREY // 2).astype(np.uint16))  # at most 115 of 65535
    assert read_photo(path).max() == 0


def test_sixteen_bit_colour(tmp_path):
    deep = PICTURE.astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    header = struct.pack(">IIBBBBB", 24, 16, 16, 2, 0, 0, 0)
    (tmp_path / "deep.png").write_bytes(png(header, zlib.compress(rows)))
    np.testing.assert_array_equal(read_photo(tmp_path / "deep.png"), PICTURE)


def test_grey_palette_cmyk_and_one_bit_become_rgb(tmp_path):
    grey = read_photo(save(tmp_path / "grey.png", GREY))
    np.testing.assert_array_equal(grey, np.repeat(GREY[:, :, None], 3, axis=2))
    assert read_photo(save(tmp_path / "palette.png", PICTURE, "P")).shape == PICTURE.shape
    cmyk = read_photo(save(tmp_path / "cmyk.tif", PICTURE, "CMYK"))
    assert np.abs(cmyk.astype(int) - PICTURE).max() <= 2
    assert set(np.unique(read_photo(save(tmp_path / "bit.png", GREY, "1")))) <= {0, 255}


def test_floating_point_and_values_that_are_not_finite(tmp_path):
    values = (GREY / 255).astype(np.float32)
    np.testing.assert_array_equal(read_photo(save(tmp_path / "float.tif", values))[:, :, 0], GREY)
    values[3, 3] = np.nan
    with pytest.raises(SeethroughError, match="not finite"):
        read_photo(save(tmp_path / "nan.tif", values))


def test_alpha_is_laid_over_neutral_grey(tmp_path):
    layer = np.dstack([PICTURE, np.full(GREY.shape, 255, np.uint8)])
    layer[:8, :, 3] = 0
    photo = read_photo(save(tmp_path / "alpha.png", layer))
    np.testing.assert_array_equal(photo[:8], np.full((8, 24, 3), 128))
    np.testing.assert_array_equal(photo[8:], PICTURE[8:])


@pytest.mark.parametrize(("orientation", "turn"), [(3, 2), (6, 3), (8, 1)])
def test_exif_rotation_is_applied(tmp_path, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "turned.png", PICTURE, exif=exif)
    np.testing.assert_array_equal(read_photo(path), np.rot90(PICTURE, turn))
    np.testing.assert_array_equal(read_photo(path, upright=False), PICTURE)
    assert photo_orientation(path) == orientation


def test_heic_is_told_how_to_convert_and_passed_over_where_that_was_done(tmp_path):
    for name in ("a.HEIC", "b.heic"):
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic")
    save(tmp_path / "b.jpg", PICTURE)
    assert find_photos([tmp_path]) == [tmp_path / "a.HEIC", tmp_path / "b.jpg"]
    with pytest.raises(SeethroughError, match=r"a\.HEIC: HEIC cannot be read here; make a JPEG .*heif-convert.*sips"):
        read_photo(tmp_path / "a.HEIC")
    assert photo_orientation(tmp_path / "a.HEIC") == 1


def test_four_pixels_and_the_first_of_many_pages(tmp_path):
    assert read_photo(save(tmp_path / "tiny.png", PICTURE[:2, :2])).shape == (2, 2, 3)
    pages = [Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(read_photo(tmp_path / "pages.tif"), PICTURE)


def test_what_cannot_be_read_is_one_line_with_the_path(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    whole = save(tmp_path / "whole.png", noise).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    jpeg = save(tmp_path / "whole.jpg", noise).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.png").write_bytes(b"")
    expected = {
        "cut.png": "cannot be decoded",
        "cut.jpg": "cannot be decoded",
        "text.jpg": "not an image",
        "empty.png": "not an image",
        "none.png": "no such file",
        ".": "a folder",
    }
    for name, words in expected.items():
        with pytest.raises(SeethroughError, match=words) as caught:
            read_photo(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_damage_anywhere_never_escapes_as_another_error(tmp_path):
    generator = np.random.default_rng(1)
    noise = generator.integers(0, 255, (40, 40, 3), dtype=np.uint8)
    for suffix in (".png", ".jpg", ".tif", ".webp", ".bmp"):
        whole = save(tmp_path / f"whole{suffix}", noise).read_bytes()
        for _ in range(25):
            damaged = bytearray(whole[: generator.integers(1, len(whole) + 1)])
            for place in generator.integers(0, len(damaged), 6):
                damaged[place] = generator.integers(0, 256)
            path = tmp_path / f"damaged{suffix}"
            path.write_bytes(bytes(damaged))
            try:
                photo = read_photo(path)
            except SeethroughError:
                continue
            assert photo.ndim == 3


def test_a_photo_in_memory_reads_as_its_file_does(tmp_path):
    path = save(tmp_path / "a.jpg", PICTURE, quality=90)
    encoded = path.read_bytes()
    np.testing.assert_array_equal(decode_photo(encoded, "shard 3"), read_photo(path))
    for broken in (b"", encoded[:200], b"no image at all"):
        with pytest.raises(SeethroughError, match=r"^shard 3 entry 9: [^\n]+$"):
            decode_photo(broken, "shard 3 entry 9")


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path):
    path = save(tmp_path / "big.png", np.zeros((300, 400), np.uint8), "1")
    with pytest.raises(SeethroughError, match="400 x 300 pixels"):
        read_photo(path, maximum_pixels=100_000)
    # A bomb: a few bytes that claim 60000 x 60000 pixels.
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    (tmp_path / "bomb.png").write_bytes(png(header, zlib.compress(bytes(1000))))
    with pytest.raises(SeethroughError, match="make it smaller"):
        read_photo(tmp_path / "bomb.png")


def test_tensor_and_array_are_inverse():
    tensor = photo_tensor(PICTURE)
    assert tensor.shape == (1, 3, 16, 24)
    assert tensor.dtype == torch.float32
    np.testing.assert_array_equal(photo_array(tensor[0]), PICTURE)


def test_sources_are_files_folders_and_lists(tmp_path):
    (tmp_path / "folder/deep").mkdir(parents=True)
    (tmp_path / "folder/.hidden").mkdir()
    for name in ("folder/b.PNG", "folder/deep/a.jpg", "folder/notes.md", "folder/.hidden/c.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "list.txt").write_text("# mine\nfolder/b.PNG\n\nmissing.jpg\n")
    found = find_photos([tmp_path / "folder", tmp_path / "list.txt", tmp_path / "x.jpg"])
    names = ["folder/b.PNG", "folder/deep/a.jpg", "missing.jpg", "x.jpg"]
    assert found == [tmp_path / name for name in names]
    (tmp_path / "none").mkdir()
    (tmp_path / "bare.txt").write_text("# nothing\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00\x81")
    for name in ("none", "bare.txt", "gone.txt", "binary.txt"):
        with pytest.raises(SeethroughError, match=name):
            find_photos([tmp_path / name])
