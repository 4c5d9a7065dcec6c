"""Small trees in the layouts of VGG-Face, VGGFace2, CASIA-WebFace and insightface's records, without a real face."""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from datamodules.photos.faults import Fault
from datamodules.photos.record import Listing
from datamodules.vgg_casia.config import VggCasiaConfig
from datamodules.vgg_casia.listing import listing

MAGIC = bytes.fromhex("0a23d7ce")


def listed(root: Path, **settings) -> Listing:
    return listing(VggCasiaConfig(root=str(root), **settings))


def ids(found: Listing) -> list[str]:
    return [record.id for record in found.records]


def the_fault(found: Listing) -> Fault:
    assert len(found.faults) == 1, [str(fault) for fault in found.faults]
    fault = found.faults[0]
    assert "\n" not in str(fault)
    assert fault.id, "a fault without an id cannot be skipped"
    assert fault.id not in ids(found)
    return fault


def jpeg(seed: int = 0, size: int = 24) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).resize((size, size)).save(content, "JPEG")
    return content.getvalue()


def write(path: Path, content: bytes | str = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_photos(root: Path, names: Iterable[str]) -> Path:
    for seed, name in enumerate(names):
        write(root / name, jpeg(seed))
    return root


def write_vgg_face(root: Path) -> Path:
    """Two people with two photos each, and a row whose photo is not curated."""
    rows = [
        "00000001 http://x.org/a.jpg 60.5 60 260 280.25 1.00 3.12 1",
        "00000002 http://x.org/b c.jpg -4 -7.5 90 99 2.00 1.25 1",
        "00000010 http://x.org/d.jpg 10 10 50 30 3.00 0.50 0",
    ]
    for person in ("Aamir_Khan", "Zoe_Saldana"):
        write(root / f"files/{person}.txt", "\n".join(rows) + "\n")
        write_photos(root, [f"images/{person}/{number:08d}.jpg" for number in (1, 2, 10)])
    return root


def write_vggface2(root: Path) -> Path:
    """Two people for training and one for test, with all tables."""
    names = {
        "train": ["n000002/0001_01.jpg", "n000002/0002_01.jpg", "n000003/0005_02.jpg"],
        "test": ["n000001/0019_01.jpg"],
    }
    for split, photos in names.items():
        write_photos(root / split, photos)
        write(root / f"{split}_list.txt", "\n".join(photos) + "\n")
        boxes = [f'"{name[:-4]}",{10 * row},-{row},100,120' for row, name in enumerate(photos)]
        write(root / f"bb_landmark/loose_bb_{split}.csv", "\n".join(["NAME_ID,X,Y,W,H", *boxes]) + "\n")
    write(
        root / "identity_meta.csv",
        "Class_ID, Name, Sample_Num, Flag, Gender\n"
        'n000001, "Dalai_Lama", 1, 0, m\n'
        'n000002, "Fine, A._Frenzy", 2, 1, f\n'
        "n000003, Sons,_of_Him, 1, 1, m\n",
    )
    return root


def write_casia(root: Path) -> Path:
    """Three people, four photos."""
    return write_photos(root, ["0000045/001.jpg", "0000045/002.JPG", "0000099/001.jpg", "0000100/001.jpg"])


def pack_record(payload: bytes) -> bytes:
    """Frame a payload as dmlc-core does: cut where an aligned word is the magic number."""
    content, start = b"", 0
    for at in range(0, len(payload) // 4 * 4, 4):
        if payload[at : at + 4] == MAGIC:
            content += MAGIC + struct.pack("<I", (1 if start == 0 else 2) << 29 | (at - start)) + payload[start:at]
            start = at + 4
    content += MAGIC + struct.pack("<I", (3 if start else 0) << 29 | (len(payload) - start)) + payload[start:]
    return content + bytes(-len(content) % 4)


def pack_image(labels: Sequence[float], number: int, image: bytes) -> bytes:
    if len(labels) == 1:
        return struct.pack("<IfQQ", 0, labels[0], number, 0) + image
    return struct.pack(f"<IfQQ{len(labels)}f", len(labels), 0, number, 0, *labels) + image


def write_records(root: Path, people: Sequence[int] = (2, 1, 3), *, image=jpeg, ranges: bool = True) -> Path:
    """Write ``train.rec`` and what belongs to it; person ``p`` has ``people[p]`` images and label ``p``.

    As insightface's packer does, record 0 and the people's records come last, or not at all (``ranges`` false).
    """
    payloads: list[tuple[int, bytes]] = []
    bounds, rows = [], []
    for label, count in enumerate(people):
        bounds.append((len(payloads) + 1, len(payloads) + 1 + count))
        for number in range(count):
            key = len(payloads) + 1
            payloads.append((key, pack_image((label, 1.0) if ranges else (label,), key, image(key))))
            rows.append(f"1\t/raid/CASIA-WebFace/{45 + 10 * label:07d}/{number + 1:03d}.jpg\t{label}")
    if ranges:
        images = len(payloads)
        payloads.append((0, pack_image((images + 1, images + 1 + len(people)), 0, b"")))
        payloads += [(images + 1 + p, pack_image(bound, images + 1 + p, b"")) for p, bound in enumerate(bounds)]
    content, index = b"", []
    for key, payload in payloads:
        index.append(f"{key}\t{len(content)}")
        content += pack_record(payload)
    write(root / "train.rec", content)
    write(root / "train.idx", "\n".join(index) + "\n")
    write(root / "train.lst", "\n".join(rows) + "\n")
    write(root / "property", f"{len(people)},112,112\n")
    return root


def write_verification(path: Path, pairs: int = 2, protocol: int = 4) -> Path:
    images = [jpeg(100 + number) for number in range(2 * pairs)]
    return write(path, pickle.dumps((images, [pair % 2 == 0 for pair in range(pairs)]), protocol))
