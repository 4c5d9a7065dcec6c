"""Trees of five data sets with one fault each, from the command that prepares them to the table of an evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.evaluate import main as evaluate
from seethrough.errors import SeethroughError
from tests.datamodules.ar.trees import write_raw
from tests.datamodules.lfw.trees import write_pairs
from tests.datamodules.now.trees import write_box
from tests.datamodules.rendered_faces import photo_of
from tools.prepare_photos.command import main as prepare

pytestmark = pytest.mark.slow


def save(image: Image.Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2000])


def evaluated(data: str, *settings: str) -> dict:
    assert evaluate(["default", data, "data.workers=0", *settings, "--json", "scores.json"]) == 0
    return json.loads(Path("scores.json").read_text())


def rows(folder: str) -> dict[str, dict]:
    lines = (Path(folder) / "manifest.jsonl").read_text().splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def skipped(folder: str) -> dict[str, str]:
    lines = (Path(folder) / "skipped.jsonl").read_text().splitlines()
    return {row["id"]: row["reason"] for row in map(json.loads, lines)}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_ar(capsys: pytest.CaptureFixture[str]) -> None:
    write_raw(Path("AR/m-001-1.raw"), np.asarray(photo_of(0, 768, 576, 448)))
    write_raw(Path("AR/m-001-08.raw"), np.asarray(photo_of(1, 768, 576, 448)), planar=True)
    save(photo_of(2, 768, 576, 448), Path("AR/dbf2/W-001-11.bmp"))
    cut_off(save(photo_of(3, 768, 576, 448), Path("AR/F-002-01.jpg")))
    Path("AR/m-002-01.raw").write_bytes(bytes(99))
    mask = Image.new("L", (768, 576))
    mask.paste(1, (250, 130, 520, 450))
    for name in ("m-001-01", "m-001-8", "w-001-11", "w-002-01"):
        save(mask, Path(f"AR/masks/{name}.png"))
    source = ["data/ar", "data.root=AR", "--out", "data/prepared/ar"]
    with pytest.raises(SeethroughError, match="ar: 1 fault; mend them, or go on"):
        prepare(source)
    assert "AR/m-002-01.raw: 99 bytes, a raw photo of AR has" in capsys.readouterr().err
    prepare([*source, "--skip-bad"])
    assert {name: row["subset"] for name, row in rows("data/prepared/ar").items()} == {
        "m-001-01": "neutral", "m-001-08": "glasses", "w-001-11": "scarf",
    }  # fmt: skip
    reasons = skipped("data/prepared/ar")
    assert set(reasons) == {"m-002-01", "w-002-01"} and "cannot be decoded" in reasons["w-002-01"]
    scores = evaluated("data/ar")
    assert scores["overall"]["images"] == 3 and 0.3 < scores["overall"]["mask_f1_all_face"] < 1
    assert set(scores) >= {"neutral", "glasses", "scarf"}
    assert "scarf" in capsys.readouterr().out
    assert evaluated("data/ar", "data.subset=scarf")["overall"]["images"] == 1


def test_lfw() -> None:
    people = {"Ann_Bell": (0, 1), "Carl_Dee": (2, 3)}
    for name, faces in people.items():
        for number, face in enumerate(faces, start=1):
            save(photo_of(face, 250, 250, 190), Path(f"LFW/lfw-deepfunneled/{name}/{name}_{number:04d}.jpg"))
    pairs = ["1", "Ann_Bell\t1\t2", "Carl_Dee\t2\tHugo\t1"]
    write_pairs(Path("LFW/pairs.txt"), pairs)
    # In one command, which prepares the photos first.
    words = r"pairs\.txt row 3: no folder .*Hugo, which should hold Hugo_0001\.jpg; complete"
    with pytest.raises(SeethroughError, match=words):
        evaluated("data/lfw", "data.root=LFW")
    scores = evaluated("data/lfw", "data.root=LFW", "data.skip_bad=true")
    assert scores["overall"]["images"] == 3
    assert list(rows("data/prepared/lfw")) == ["Ann_Bell_0001", "Ann_Bell_0002", "Carl_Dee_0002"]


@pytest.mark.parametrize("crop", ["landmarks", "box"])
def test_now(crop: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("P_1_TA/multiview_neutral/IMG_1", "P_1_TA/selfie/IMG_2", "P_2_TA/multiview_occlusions/IMG_3")
    release = Path("NoW_Dataset/final_release_version")
    for face, name in enumerate(names):
        save(photo_of(face, 700, 900, 400), release / "iphone_pictures" / f"{name}.jpg")
        write_box(release / "detected_face" / f"{name}.npy", {"left": 220, "top": 290, "right": 470, "bottom": 610})
    Path("NoW_Dataset/imagepathsvalidation.txt").write_text("\n".join(f"{name}.jpg" for name in names) + "\n")
    (release / "detected_face" / f"{names[1]}.npy").write_bytes(b"\x93NUMPY")
    source = ["data/now", "data.root=NoW_Dataset", f"data.crop={crop}", "--out", "data/prepared/now"]
    with pytest.raises(SeethroughError, match="now: 1 fault"):
        prepare(source)
    told = capsys.readouterr().err
    assert "imagepathsvalidation.txt row 2: " in told and "IMG_2.npy: no box of a face" in told
    prepare([*source, "--skip-bad"])
    found = rows("data/prepared/now")
    assert [row["split"] for row in found.values()] == ["validation"] * 2
    if crop == "box":
        # Width 250 and height 320: 1.6 * 285 = 456 pixels, of which the stored crop shows 256 / 224.
        for row in found.values():
            assert row["centre"] == [345, 450] and row["scale"] == pytest.approx(256 / (456 * 256 / 224))
    else:
        assert len({row["scale"] for row in found.values()}) == 2
    scores = evaluated("data/now")
    assert scores["overall"]["images"] == 2 and set(scores) >= {"multiview_neutral", "multiview_occlusions"}


def test_vgg_face_lists(capsys: pytest.CaptureFixture[str]) -> None:
    # Two faces in each photo of 500 x 250: the list's box says which of them is meant.
    for number, person in enumerate(("Ann_Bell", "Carl_Dee")):
        lines = []
        for row in (1, 2):
            photo = Image.new("RGB", (500, 250), (96, 104, 112))
            for place in (0, 1):
                photo.paste(photo_of(2 * number + place, 250, 250, 190), (250 * place, 0))
            save(photo, Path(f"VGG/images/{person}/{row:08d}.jpg"))
            left = 250 * (row - 1) + 60
            lines.append(f"{row:08d} http://x.org/{row}.jpg {left} 60 {left + 130} 200 1.00 3.12 1")
        Path("VGG/files").mkdir(exist_ok=True)
        Path(f"VGG/files/{person}.txt").write_text("\n".join(lines) + "\n")
    cut_off(Path("VGG/images/Carl_Dee/00000002.jpg"))
    source = ["data/vgg_casia", "data.root=VGG", "data.layout=vgg_face", "--out", "data/prepared/vgg_casia"]
    assert prepare(source) == 1
    assert "cannot be decoded" in " ".join(skipped("data/prepared/vgg_casia").values())
    found = list(rows("data/prepared/vgg_casia").values())
    assert len({row["identity"] for row in found}) == 2 and len(found) == 3
    assert [row["centre"][0] > 250 for row in found] == [False, True, False]
    capsys.readouterr()
    assert evaluated("data/vgg_casia", "data.test_split=all")["overall"]["images"] == 3
    assert "1 skipped, see data/prepared/vgg_casia/skipped.jsonl" in capsys.readouterr().out


def test_casia_folders() -> None:
    for face, name in enumerate(("0000045/001", "0000045/002", "0000099/001")):
        save(photo_of(face, 250, 250, 190), Path(f"CASIA/{name}.jpg"))
    cut_off(save(photo_of(3, 250, 250, 190), Path("CASIA/0000100/001.jpg")))
    settings = ["data.root=CASIA", "data.layout=casia_folders", "data.test_split=all"]
    # In one command, which prepares the photos first.
    with pytest.raises(SeethroughError, match=r"1 of 4 photos skipped \(1: the photo cannot be read\)"):
        evaluated("data/vgg_casia", *settings)
    assert evaluated("data/vgg_casia", *settings, "data.skip_bad=true")["overall"]["images"] == 3
    assert len({row["identity"] for row in rows("data/prepared/vgg_casia").values()}) == 2
    with pytest.raises(SeethroughError, match=r"prepared with data\.layout='casia_folders', now it is 'auto'"):
        evaluated("data/vgg_casia", "data.root=CASIA", "data.skip_bad=true")
