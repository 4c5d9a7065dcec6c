from __future__ import annotations

import pytest

from datamodules.photos.faults import refuse_or_skip
from seethrough.errors import SeethroughError
from tests.datamodules.vgg_casia.trees import ids, listed, the_fault, write, write_photos, write_vgg_face


def test_photos_of_the_lists_in_the_order_of_the_rows(tmp_path):
    found = listed(write_vgg_face(tmp_path))
    assert not found.faults
    numbers = ("00000001", "00000002", "00000010")
    assert ids(found) == [f"{person}_{number}" for person in ("Aamir_Khan", "Zoe_Saldana") for number in numbers]
    first, second = found.records[:2]
    assert first.identity == "Aamir_Khan"
    assert first.split == "train"
    assert first.box == (60.5, 60, 260, 280.25)
    assert second.box == (-4, -7.5, 90, 99)  # left of and above the photo
    assert second.source.read().shape == (24, 24, 3)
    assert second.source.name == str(tmp_path / "images/Aamir_Khan/00000002.jpg")


@pytest.mark.parametrize(
    ("settings", "numbers"),
    [
        ({"curated_only": True}, "1 2"),
        ({"minimum_score": 1.0}, "1 2"),
        ({"minimum_score": 3.0}, "1"),
        ({"minimum_box": 25.0}, "1 2"),
        ({"minimum_box": 95.0}, "1"),
    ],
)
def test_filters(tmp_path, settings, numbers):
    found = listed(write_vgg_face(tmp_path), **settings)
    assert not found.faults
    expected = [f"{p}_{int(n):08d}" for p in ("Aamir_Khan", "Zoe_Saldana") for n in numbers.split()]
    assert ids(found) == expected


@pytest.mark.parametrize(
    ("template", "file"),
    [
        ("{identity}/{id}.jpg", "P_Q/00000007.jpg"),
        ("./{identity}/{id}.jpg", "P_Q/00000007.jpg"),
        ("{identity}/{id}", "P_Q/00000007.webp"),
        ("all/{identity}-{number}.png", "all/P_Q-7.png"),
        ("{identity}/{id}.jpg", "P_Q/00000007.JPG"),
        ("{identity}/{url_name}", "P_Q/photo%20one.jpeg"),
        ("{identity}/{url_stem}.png", "P_Q/photo%20one.png"),
    ],
)
def test_photos_lie_where_the_template_says(tmp_path, template, file):
    write(tmp_path / "files/P_Q.txt", "00000007 http://x.org/u/photo%20one.jpeg?size=2 1 2 30 40 1 1 1\r\n")
    write_photos(tmp_path, [file])
    found = listed(tmp_path, path_template=template)
    assert not found.faults
    assert ids(found) == ["P_Q_00000007"]
    assert found.records[0].source.name == str(tmp_path / file)


def test_a_template_can_lead_elsewhere(tmp_path):
    write_vgg_face(tmp_path / "lists")
    (tmp_path / "lists/images").rename(tmp_path / "photos")
    assert len(listed(tmp_path / "lists", path_template=f"{tmp_path}/photos/{{identity}}/{{id}}.jpg").records) == 6


@pytest.mark.parametrize("template", ["{name}/{id}.jpg", "{identity}.jpg", "{identity/{id}.jpg", "{}/{id}", "{id.x}"])
def test_templates_that_cannot_be_filled_in(tmp_path, template):
    write_vgg_face(tmp_path)
    with pytest.raises(SeethroughError, match=r"^data.path_template="):
        listed(tmp_path, path_template=template)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("00000003 http://x 1 2 3 4 5 6", "8 columns, expected 9"),
        ("00000003 http://x 1 2 30 40 5 6 1 1", r"10 columns, expected 9 (id url left top right bottom pose"),
        ("7 00000003 http://x 1 2 30 40 5 6 1", "10 columns, expected 9"),
        ("00000003 http://x 1 2 3 4 x 6 1", "could not convert string to float: 'x'; expected id url left"),
        ("00000003 http://x 1 2 3 nan 5 6 1", "not finite"),
        ("00000003 http://x 30 2 3 40 5 6 1", "the box 30 2 3 40 is empty"),
        ("00000003 http://x 1 2 3 4 5 6 2", "curation flag 2 is neither 0 nor 1"),
        ("../00003 http://x 1 2 3 4 5 6 1", "cannot name a file"),
        ("00000001 http://x 1 2 3 4 5 6 1", "the id 00000001 was given in row 1 already"),
        ("00000009 http://x 1 2 3 4 5 6 1", "no file {root}/images/Aamir_Khan/00000009.jpg"),
    ],
)
def test_faults_of_a_row(tmp_path, row, message):
    write_vgg_face(tmp_path)
    path = tmp_path / "files/Aamir_Khan.txt"
    path.write_text(path.read_text() + row + "\n")
    found = listed(tmp_path)
    fault = the_fault(found)
    assert fault.where == f"{path} row 4"
    assert message.format(root=tmp_path) in fault.what
    assert len(found.records) == 6
    with pytest.raises(SeethroughError, match=r"row 4: .*\nvgg_casia: 1 fault; mend them, or go on"):
        refuse_or_skip(found.faults, "vgg_casia", skip_bad=False)
    assert refuse_or_skip(found.faults, "vgg_casia", skip_bad=True, say=lambda line: None) == {fault.id}


def test_photos_that_are_no_files(tmp_path):
    write_vgg_face(tmp_path)
    folder = tmp_path / "images/Aamir_Khan"
    (folder / "00000001.jpg").unlink()
    (folder / "00000001.jpg").mkdir()
    (folder / "00000002.jpg").unlink()
    (folder / "00000002.jpg").symlink_to(tmp_path / "gone.jpg")
    what = [fault.what for fault in listed(tmp_path).faults]
    assert len(what) == 2
    assert f"{folder}/00000001.jpg: a folder is called like a photo" in what[0]
    assert f"{folder}/00000002.jpg: the link leads nowhere" in what[1]


def test_most_addresses_are_dead(tmp_path):
    write_vgg_face(tmp_path)
    for path in (tmp_path / "images/Zoe_Saldana").iterdir():
        path.unlink()
    (tmp_path / "images/Zoe_Saldana").rmdir()
    found = listed(tmp_path)
    assert len(found.faults) == 3
    assert all("Zoe_Saldana.txt row" in fault.where for fault in found.faults)
    assert f"no folder {tmp_path}/images/Zoe_Saldana" in found.faults[0].what
    assert "data.only_downloaded=true" in found.faults[0].what
    found = listed(tmp_path, only_downloaded=True)
    assert not found.faults
    assert len(found.records) == 3


def test_empty_and_absent_lists(tmp_path):
    write_vgg_face(tmp_path)
    write(tmp_path / "files/Nobody.txt", "\n")
    assert the_fault(listed(tmp_path)).where == str(tmp_path / "files/Nobody.txt")
    for path in (tmp_path / "files").iterdir():
        path.unlink()
    with pytest.raises(SeethroughError, match="no list in this folder"):
        listed(tmp_path, layout="vgg_face")
