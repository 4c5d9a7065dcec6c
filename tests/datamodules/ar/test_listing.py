from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.ar.config import ArConfig
from datamodules.ar.listing import listing
from datamodules.ar.raw_photo import RawPhoto
from seethrough.errors import SeethroughError
from tests.datamodules.ar.trees import smooth_photo, write_ar, write_mask, write_picture, write_raw


def faults(root: Path, **settings: object) -> list[str]:
    return [str(fault) for fault in listing(ArConfig(root=str(root), **settings)).faults]


def test_photos_in_all_spellings(tmp_path: Path) -> None:
    found = listing(ArConfig(root=str(write_ar(tmp_path))))
    assert not found.faults
    assert {record.id: record.subset for record in found.records} == {
        "m-001-01": "neutral", "m-001-08": "glasses", "m-001-21": "glasses", "w-001-02": "other",
        "w-001-11": "scarf", "w-002-14": "neutral", "w-002-26": "scarf",
    }  # fmt: skip
    assert [record.id for record in found.records] == sorted(record.id for record in found.records)
    assert {record.identity for record in found.records} == {"m-001", "w-001", "w-002"}
    assert {record.split for record in found.records} == {"test"}
    assert all(record.source.read().shape == (30, 40, 3) for record in found.records)


def test_masks_of_users_and_of_the_release(tmp_path: Path) -> None:
    found = listing(ArConfig(root=str(write_ar(tmp_path)), masked_only=True))
    assert [record.id for record in found.records] == ["m-001-08", "w-001-11"]
    for record in found.records:
        assert record.mask is not None
        mask = record.mask.read(30, 40)
        assert mask.dtype == np.float32 and mask[:, :20].all() and not mask[:, 20:].any()
        with pytest.raises(SeethroughError, match="mask has 40 x 30 pixels, its photo 41 x 30"):
            record.mask.read(30, 41)


def test_masks_in_a_folder_elsewhere(tmp_path: Path) -> None:
    write_picture(tmp_path / "ar" / "m-001-01.bmp")
    write_mask(tmp_path / "elsewhere" / "m-001-01.png")
    found = listing(ArConfig(root=str(tmp_path / "ar"), masks=str(tmp_path / "elsewhere")))
    assert found.records[0].mask is not None and not found.faults
    with pytest.raises(SeethroughError, match=r"data\.masks='nowhere' is no folder"):
        listing(ArConfig(root=str(tmp_path / "ar"), masks="nowhere"))


def test_masks_below_the_root_by_a_path_of_another_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_ar(tmp_path / "ar")
    (root / "masks").rename(root / "a_masks")  # sorted before all photos
    monkeypatch.chdir(tmp_path)
    found = listing(ArConfig(root="ar", masks=str(root / "a_masks")))
    assert not found.faults, "no mask was taken for a photo"
    with pytest.raises(SeethroughError, match=r"is data\.root: put the masks into a folder of their own"):
        listing(ArConfig(root="ar", masks=str(root)))


def test_expressions_and_lights_can_be_left_out(tmp_path: Path) -> None:
    found = listing(ArConfig(root=str(write_ar(tmp_path)), other=False))
    assert len(found.records) == 6 and {record.subset for record in found.records} == {"neutral", "glasses", "scarf"}


def test_raw_files(tmp_path: Path) -> None:
    picture = smooth_photo()
    write_raw(tmp_path / "m-001-08.raw", picture, planar=True)
    (tmp_path / "m-001-09.RAW").write_bytes(bytes(1_327_103))
    found = listing(ArConfig(root=str(tmp_path)))
    (record,) = found.records
    assert isinstance(record.source, RawPhoto) and np.array_equal(record.source.read(), picture)
    (fault,) = found.faults
    assert "m-001-09.RAW: 1327103 bytes, a raw photo of AR has" in str(fault) and fault.id == "m-001-09"


def test_a_photo_in_two_formats_is_told_and_not_lost(tmp_path: Path) -> None:
    write_picture(tmp_path / "bmp" / "M-001-08.bmp")
    write_picture(tmp_path / "png" / "m-001-8.png")
    found = listing(ArConfig(root=str(tmp_path)))
    assert [record.id for record in found.records] == ["m-001-08"]
    (fault,) = found.faults
    assert "m-001-8.png: the same photo as" in str(fault) and "data.format" in str(fault)
    assert fault.id and fault.id != "m-001-08"  # going on without the fault's sample keeps the first file
    chosen = listing(ArConfig(root=str(tmp_path), format=".PNG"))
    assert not chosen.faults and chosen.records[0].source.name.endswith("m-001-8.png")
    with pytest.raises(SeethroughError, match=r"no \.ppm photo of AR"):
        listing(ArConfig(root=str(tmp_path), format="ppm"))
    with pytest.raises(SeethroughError, match=r"data\.format='gif' is no format of AR; choose from raw bmp"):
        listing(ArConfig(root=str(tmp_path), format="gif"))


def test_faults_name_their_file(tmp_path: Path) -> None:
    write_ar(tmp_path)
    write_picture(tmp_path / "holiday.jpg")
    write_picture(tmp_path / "m-003-27.bmp")
    (tmp_path / "m-004-01.bmp").mkdir()
    (tmp_path / "m-005-01.bmp").symlink_to(tmp_path / "nowhere.bmp")
    write_mask(tmp_path / "masks" / "m-044-01.png")
    write_mask(tmp_path / "m-001-08_visible_skin_mask.png")
    write_mask(tmp_path / "masks" / "m-005-01.png")
    told = faults(tmp_path)
    for expected in (
        "holiday.jpg: no name of a photo of AR, such as m-001-01",
        "m-003-27.bmp: AR has the shots 1 to 26",
        "m-004-01.bmp: a folder; remove or replace it",
        "m-005-01.bmp: a link that leads nowhere",
        "m-044-01.png: a mask of no photo",
        "m-001-08_visible_skin_mask.png: a second mask beside",
    ):
        assert sum(expected in line for line in told) == 1, (expected, told)
    assert len(told) == 6  # the mask of a photo that is damaged is not told again
    assert all(fault.id for fault in listing(ArConfig(root=str(tmp_path))).faults)


def test_links_are_followed_but_no_circle(tmp_path: Path) -> None:
    write_picture(tmp_path / "disk" / "m-001-08.bmp")
    (tmp_path / "ar").mkdir()
    (tmp_path / "ar" / "linked").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "back").symlink_to(tmp_path / "ar")
    write_picture(tmp_path / "elsewhere.bmp")
    (tmp_path / "ar" / "m-001-01.bmp").symlink_to(tmp_path / "elsewhere.bmp")
    found = listing(ArConfig(root=str(tmp_path / "ar")))
    assert [record.id for record in found.records] == ["m-001-01", "m-001-08"] and not found.faults


def test_roots_that_are_none(tmp_path: Path) -> None:
    for root in ("", str(tmp_path / "nowhere")):
        with pytest.raises(SeethroughError, match=r"data\.root='.*' is no folder; name the one with the photos of AR"):
            listing(ArConfig(root=root))
    (tmp_path / "readme.txt").write_text("")
    with pytest.raises(SeethroughError, match=r"no photo of AR in this folder; names look like m-001-01\.raw"):
        listing(ArConfig(root=str(tmp_path)))
    write_picture(tmp_path / "holiday" / "beach.jpg")
    write_picture(tmp_path / "holiday" / "hill.jpg")
    words = r"no photo of AR in this folder \(of 2 photos none has a name of AR, .*beach\.jpg\); .*data\.root=FOLDER"
    with pytest.raises(SeethroughError, match=words):
        listing(ArConfig(root=str(tmp_path)))
    (tmp_path / "holiday" / "beach.jpg").unlink()
    (tmp_path / "holiday" / "hill.jpg").unlink()
    write_picture(tmp_path / "m-001-02.bmp")
    with pytest.raises(SeethroughError, match=r"no photos are left of 1; check data\.masked_only and data\.other"):
        listing(ArConfig(root=str(tmp_path), other=False))
