"""From the trees to a trained and evaluated run by the commands, with rendered faces that the detector finds."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.photos.manifest import read_manifest
from datamodules.synthetic.config import SceneConfig
from datamodules.synthetic.datamodule import load_generating_model
from datamodules.synthetic.generator import SceneRenderer
from datamodules.vgg_casia.config import VggCasiaConfig
from datamodules.vgg_casia.datamodule import VggCasiaDataModule
from experiments import evaluate, train
from tests.datamodules.vgg_casia.trees import write, write_records
from tools.prepare_photos.command import main as prepare_photos

PEOPLE, PHOTOS, SIDE = 8, 2, 112

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    config = SceneConfig(image_size=SIDE, occluded_fraction=0.0, images_per_identity=PHOTOS)
    renderer = SceneRenderer(load_generating_model(config), config, (7, 0))
    encoded = []
    for face in renderer.render_all([renderer.scenes.scene(0, row) for row in range(PEOPLE * PHOTOS)]):
        content = io.BytesIO()
        Image.fromarray(face.image.transpose(1, 2, 0)).save(content, "JPEG", quality=95)
        encoded.append(content.getvalue())
    return encoded


@pytest.fixture
def trees(tmp_path: Path, photos: list[bytes]) -> dict[str, Path]:
    """The same photos as insightface's records, as folders, and as VGGFace2 with boxes."""
    write_records(tmp_path / "faces", [PHOTOS] * PEOPLE, image=lambda key: photos[key - 1])
    boxes = ["NAME_ID,X,Y,W,H"]
    for number, photo in enumerate(photos):
        person, own = divmod(number, PHOTOS)
        write(tmp_path / f"CASIA-WebFace/{45 + 10 * person:07d}/{own + 1:03d}.jpg", photo)
        write(tmp_path / f"VGGFace2/train/n{person:06d}/{own + 1:04d}_01.jpg", photo)
        boxes.append(f'"n{person:06d}/{own + 1:04d}_01",-2,-3,{SIDE},{SIDE + 9}')
    write(tmp_path / "VGGFace2/bb_landmark/loose_bb_train.csv", "\n".join(boxes) + "\n")
    return {name: tmp_path / name for name in ("faces", "CASIA-WebFace", "VGGFace2")}


def test_the_same_faces_from_every_layout_and_a_run_trained_on_them(tmp_path: Path, trees: dict[str, Path]) -> None:
    rows = {}
    for name, root in trees.items():
        out = tmp_path / "prepared" / name
        command = ["data/vgg_casia", f"data.root={root}", "--out", str(out), "--jobs", "1", "--skip-bad"]
        assert prepare_photos(command) == 0
        rows[name] = list(read_manifest(out / "manifest.jsonl"))
    records, folders, boxed = rows.values()
    assert len(records) >= 0.75 * PEOPLE * PHOTOS
    for one, other in zip(records, folders, strict=True):
        assert one.identity == other.identity
        np.testing.assert_array_equal(one.landmarks, other.landmarks)
    assert abs(len(boxed) - len(records)) <= 2

    settings = [f"data.prepared={tmp_path}/prepared/faces", "data.validation_share=0.3", "data.test_split=validation"]
    quick = ["focus", "preset/small", "study/quick", "data/vgg_casia", "model.image_size=48", "data.workers=0"]
    names = [f"out={tmp_path}/runs", "name=tiny", "trainer.enable_progress_bar=false"]
    assert train.main([*quick, *settings, *names]) == 0
    assert evaluate.main([str(tmp_path / "runs/tiny"), "--json", str(tmp_path / "scores.json")]) == 0
    scores = json.loads((tmp_path / "scores.json").read_text())["overall"]
    assert 0 < scores["images"] < len(records)
    assert scores["landmark_error_px"] > 0

    config = VggCasiaConfig(prepared=str(tmp_path / "prepared/faces"), validation_share=0.3)
    module = VggCasiaDataModule(config)
    people = {split: {records[row].identity for row in module.rows(split)} for split in ("train", "validation")}
    assert people["train"] and people["validation"] and people["train"].isdisjoint(people["validation"])
    assert scores["images"] == len(module.rows("validation"))
