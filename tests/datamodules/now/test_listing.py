from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.now.challenge import challenge_images, prediction_stem
from datamodules.now.config import NowConfig
from datamodules.now.listing import listing, square_of_box
from seethrough.errors import SeethroughError
from tests.datamodules.now.trees import TEST, VALIDATION, write_box, write_now, write_photo


@pytest.mark.parametrize("release", ["final_release_version", "."])
def test_both_lists_in_their_order(tmp_path: Path, release: str) -> None:
    found = listing(NowConfig(root=str(write_now(tmp_path, release=release))))
    assert not found.faults
    assert [prediction_stem(record.id) + ".jpg" for record in found.records] == [*VALIDATION, *TEST]
    assert [record.split for record in found.records] == ["validation"] * 3 + ["test"]
    first = found.records[0]
    assert first.id == "FaMoS_180424_03335_TA__multiview_neutral__IMG_0041"
    assert first.identity == "FaMoS_180424_03335_TA" and first.subset == "multiview_neutral"
    assert first.box == (12.0, 8.0, 52.0, 58.0) and first.crop is None
    assert first.source.read().shape == (80, 64, 3)


def test_one_list(tmp_path: Path) -> None:
    write_now(tmp_path)
    assert [record.split for record in listing(NowConfig(root=str(tmp_path), lists="test")).records] == ["test"]
    (tmp_path / "imagepathstest.txt").rename(tmp_path / "final_release_version" / "imagepathstest.txt")
    assert len(listing(NowConfig(root=str(tmp_path))).records) == 4
    (tmp_path / "final_release_version" / "imagepathstest.txt").unlink()
    assert len(listing(NowConfig(root=str(tmp_path))).records) == 3
    with pytest.raises(SeethroughError, match=r"has no imagepathstest\.txt: is it the NoW data set\?"):
        listing(NowConfig(root=str(tmp_path), lists="test"))


def test_lists_with_backslashes_and_other_case(tmp_path: Path) -> None:
    write_now(tmp_path)
    rows = [name.replace("/", "\\") for name in VALIDATION[:2]] + ["./" + VALIDATION[2].replace(".jpg", ".JPG"), "", ""]
    (tmp_path / "imagepathsvalidation.txt").write_bytes("\r\n".join(rows).encode())
    found = listing(NowConfig(root=str(tmp_path), lists="validation"))
    assert (
        not found.faults
        and [record.id for record in found.records][:2] == [image.id for image in challenge_images(tmp_path)][:2]
    )
    assert found.records[2].source.name.endswith("multiview_occlusions/IMG_0041.jpg")


def test_crops_that_follow_the_box(tmp_path: Path) -> None:
    record = listing(NowConfig(root=str(write_now(tmp_path)), crop="box")).records[0]
    # Width 40, height 50: the side is 1.6 * 45 = 72, about (32, 33).
    assert record.crop is not None and record.crop.size == 224
    assert np.allclose(record.crop.box, (32 - 36, 33 - 36, 32 + 36, 33 + 36))
    assert record.crop == square_of_box((12.0, 8.0, 52.0, 58.0))


def test_boxes_may_be_absent_altogether(tmp_path: Path) -> None:
    write_now(tmp_path, boxes=False)
    found = listing(NowConfig(root=str(tmp_path)))
    assert not found.faults and all(record.box is None for record in found.records)
    with pytest.raises(SeethroughError, match=r"has no final_release_version/detected_face; .* data\.crop=landmarks"):
        listing(NowConfig(root=str(tmp_path), crop="box"))


def test_faults_name_row_and_file(tmp_path: Path) -> None:
    write_now(tmp_path)
    release = tmp_path / "final_release_version"
    rows = [
        *VALIDATION,
        "FaMoS_1/IMG_0001.jpg",
        "../../etc/passwd.x",
        VALIDATION[0],
        "FaMoS_1/selfie/IMG_1.jpg",
        TEST[0],
    ]
    (tmp_path / "imagepathsvalidation.txt").write_text("\n".join(rows) + "\n")
    (release / "iphone_pictures" / VALIDATION[1]).unlink()
    (release / "iphone_pictures" / VALIDATION[1]).symlink_to(tmp_path / "nowhere.jpg")
    write_box(
        release / "detected_face" / VALIDATION[2].replace(".jpg", ".npy"),
        {"left": 5, "top": 5, "right": 4, "bottom": 9},
    )
    write_photo(release / "iphone_pictures" / "FaMoS_1" / "selfie" / "IMG_1.jpg")
    found = listing(NowConfig(root=str(tmp_path)))
    assert [prediction_stem(record.id) + ".jpg" for record in found.records] == [VALIDATION[0], TEST[0]]
    told = [str(fault) for fault in found.faults]
    for expected in (
        "imagepathsvalidation.txt row 4: 'FaMoS_1/IMG_0001.jpg' is not SUBJECT/CHALLENGE/IMAGE.jpg",
        "imagepathsvalidation.txt row 5: '../../etc/passwd.x' is not SUBJECT/CHALLENGE/IMAGE.jpg",
        "imagepathsvalidation.txt row 6: FaMoS_180424_03335_TA/multiview_neutral/IMG_0041.jpg is already in row 1",
        "imagepathsvalidation.txt row 2: ",
        "IMG_0050.jpg: the link leads nowhere",
        "imagepathsvalidation.txt row 3: ",
        "has no size",
        "imagepathsvalidation.txt row 7: no file",
        "IMG_1.npy; complete the data set",
        f"imagepathstest.txt row 1: {TEST[0]} is in {tmp_path}/imagepathsvalidation.txt row 8 too",
    ):
        assert sum(expected in line for line in told) == 1, (expected, told)
    assert len(told) == 7


def test_without_the_photos_of_the_test_people_validation_alone_is_offered(tmp_path: Path) -> None:
    write_now(tmp_path)
    photos = tmp_path / "final_release_version" / "iphone_pictures"
    (photos / TEST[0]).unlink()
    found = listing(NowConfig(root=str(tmp_path)))
    assert len(found.records) == len(VALIDATION)
    (fault,) = found.faults
    assert "imagepathstest.txt: none of its 1 photo is there; data.lists=validation is of the validation" in str(fault)
    assert fault.id, "data.skip_bad=true goes on, too"
    assert not listing(NowConfig(root=str(tmp_path), lists="validation")).faults
    assert "none of its" not in str(listing(NowConfig(root=str(tmp_path), lists="test")).faults[0])


def test_roots_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"data\.root is not set"):
        listing(NowConfig())
    with pytest.raises(SeethroughError, match="there is no folder"):
        listing(NowConfig(root=str(tmp_path / "nowhere")))
    with pytest.raises(SeethroughError, match=r"has no imagepathsvalidation\.txt or imagepathstest\.txt: is it"):
        listing(NowConfig(root=str(tmp_path)))
    (tmp_path / "imagepathsvalidation.txt").write_text("\n")
    with pytest.raises(SeethroughError, match="has no final_release_version/iphone_pictures"):
        listing(NowConfig(root=str(tmp_path)))
    (tmp_path / "iphone_pictures").mkdir()
    (fault,) = listing(NowConfig(root=str(tmp_path))).faults
    assert "imagepathsvalidation.txt: the list names no photo" in str(fault) and fault.id == ""


@pytest.mark.parametrize("name", ["a", "a__b", "a__b__c__d", "a/b__c__d", "..__b__c", "__b__c"])
def test_ids_of_other_data_sets_are_refused(name: str) -> None:
    with pytest.raises(SeethroughError, match="is no sample of NoW"):
        prediction_stem(name)
