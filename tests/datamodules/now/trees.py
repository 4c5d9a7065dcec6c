"""Small trees in the layout of the NoW challenge, without one real face."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from PIL import Image

VALIDATION = (
    "FaMoS_180424_03335_TA/multiview_neutral/IMG_0041.jpg",
    "FaMoS_180424_03335_TA/selfie/IMG_0050.jpg",
    "FaMoS_180426_03336_TA/multiview_occlusions/IMG_0041.jpg",
)
TEST = ("FaMoS_180502_00145_TA/multiview_expressions/IMG_0007.jpg",)
BOX = {"left": 12.0, "top": 8.0, "right": 52.0, "bottom": 58.0}


def python2_pickle(box: dict[str, float]) -> bytes:
    """Return what Python 2 and its NumPy wrote: protocol 2, byte strings, the array that holds the dict around it."""
    items = b"".join(
        b"U" + bytes([len(key)]) + key.encode()
        + (b"cnumpy.core.multiarray\nscalar\n" + _type("f8") + b"U\x08" + struct.pack("<d", value) + b"\x86R")
        for key, value in box.items()
    )  # fmt: skip
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    state = b"(K\x01)" + _type("O8") + b"\x89]}(" + items + b"uat"
    return b"\x80\x02" + array + state + b"b."


def _type(name: str) -> bytes:
    order, flags = (b"|", b"K\x3f") if name[0] == "O" else (b"<", b"K\x00")
    start = b"cnumpy\ndtype\nU\x02" + name.encode() + b"K\x00K\x01\x87R"
    # The numbers are -1, of which Python 2 wrote the four bytes.
    return start + b"(K\x03U\x01" + order + b"NNN" + 2 * b"J\xff\xff\xff\xff" + flags + b"tb"


def box_file(payload: bytes) -> bytes:
    """Return a NumPy file of one object with this pickle."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (64 - (10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + payload


def write_box(path: Path, box: dict[str, float] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(box_file(python2_pickle(box or BOX)))


def write_photo(path: Path, seed: int = 0, width: int = 64, height: int = 80) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write_now(root: Path, *, release: str = "final_release_version", boxes: bool = True) -> Path:
    """Three validation photos, one test photo, a box for each."""
    for number, image in enumerate((*VALIDATION, *TEST)):
        write_photo(root / release / "iphone_pictures" / image, seed=number)
        if boxes:
            write_box(root / release / "detected_face" / image.replace(".jpg", ".npy"))
    (root / "imagepathsvalidation.txt").write_text("\n".join(VALIDATION) + "\n")
    (root / "imagepathstest.txt").write_text("\n".join(TEST) + "\n")
    return root
