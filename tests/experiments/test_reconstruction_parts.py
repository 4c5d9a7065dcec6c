from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.reconstruction import manifest
from experiments.reconstruction.checkpoints import choose_checkpoint, newest_run
from experiments.reconstruction.drawing import FaceDrawing, Layer
from experiments.reconstruction.estimator import padded
from experiments.reconstruction.grey_photos import is_grey, tinted
from experiments.reconstruction.manifest import Manifest, manifest_row
from experiments.reconstruction.photo_crops import PhotoCrops
from experiments.reconstruction.side_by_side import TILE, side_by_side
from experiments.reconstruction.stages import StageClock
from lightning_modules.focus import packing
from seethrough.errors import SeethroughError
from seethrough.five_points import FIVE_POINTS
from seethrough.morphable import FaceParameters
from seethrough.photos import CropTransform, DetectedFace, align
from seethrough.rendering import FaceRenderer, focus_camera
from tests.small_face import small_face_model


def row(photo: str, folder: Path | None = None) -> dict:
    outputs = {} if folder is None else {"overlay": str(folder / "overlay.png")}
    return manifest_row(Path(photo), StageClock().table(), outputs=outputs)


def test_manifest_adds_and_replaces(tmp_path):
    first = Manifest(tmp_path)
    first.record([row("a.png", first.folder_for(Path("a.png"), 0, 1))])
    first.record([row("b.png")])
    again = Manifest(tmp_path)
    again.record([row("c.png")])
    again.record([row("a.png"), row("a.png")])
    assert [r["photo"] for r in Manifest(tmp_path).rows] == ["b.png", "c.png", "a.png", "a.png"]


def test_a_photo_that_is_done_again_costs_its_own_line(tmp_path, monkeypatch):
    names = [f"{number}.png" for number in range(20)]
    Manifest(tmp_path).record([row(name) for name in names])
    again, encoded = Manifest(tmp_path), []
    monkeypatch.setattr(manifest, "_line", lambda row: encoded.append(row) or json.dumps(row) + "\n")
    for name in names:
        again.record([row(name)])
    assert len(encoded) == len(names)
    assert [r["photo"] for r in Manifest(tmp_path).rows] == [r["photo"] for r in again.rows] == names


def test_manifest_survives_a_killed_writer(tmp_path):
    Manifest(tmp_path).record([row("a.png")])
    with (tmp_path / "manifest.jsonl").open("a") as file:
        file.write('{"photo": "b.png", "sta')
    Manifest(tmp_path).record([row("c.png")])
    assert [r["photo"] for r in Manifest(tmp_path).rows] == ["a.png", "c.png"]


def test_a_folder_that_was_copied_leaves_the_one_it_comes_from_alone(tmp_path):
    first = Manifest(tmp_path / "first")
    first.record([row("a.png", first.folder_for(Path("a.png"), 0, 1))])
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    (copied,) = Manifest(tmp_path / "second").rows
    assert copied["outputs"] == {"overlay": str(tmp_path / "second" / "a" / "overlay.png")}
    assert json.loads((tmp_path / "second" / "manifest.jsonl").read_text()) == copied


def test_folders_are_never_given_twice(tmp_path):
    manifest = Manifest(tmp_path)
    first = manifest.folder_for(Path("x/face.png"), 0, 1)
    assert first == tmp_path / "face"
    assert manifest.folder_for(Path("x/face.png"), 0, 1) == first  # the same photo again
    assert manifest.folder_for(Path("y/Face.jpg"), 0, 1) == tmp_path / "Face_2"  # one folder where case does not count
    assert manifest.folder_for(Path("y/two.jpg"), 1, 2) == tmp_path / "two_face2"
    assert manifest.folder_for(Path("../..png"), 0, 1).parent == tmp_path
    manifest.record([row("x/face.png", first)])
    assert Manifest(tmp_path).folder_for(Path("z/face.png"), 0, 1) == tmp_path / "face_2"


def test_names_that_are_no_unicode_are_written(tmp_path):
    photo = Path(os.fsdecode(b"f\xffce.png"))
    manifest = Manifest(tmp_path)
    manifest.record([manifest_row(photo, {}, reason="no face")])
    assert Manifest(tmp_path).rows[0]["photo"] == "f\\xffce.png"
    assert manifest.folder_for(photo, 0, 1) == tmp_path / "f_ce"


def test_manifest_refuses_a_file_as_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SeethroughError, match="cannot be used for the results"):
        Manifest(tmp_path / "file")


def test_stages_say_what_failed():
    clock = StageClock()
    with clock.stage("read"):
        pass
    other = clock.copy()
    with pytest.raises(KeyError), clock.stage("detect"):
        raise KeyError
    assert clock.failed == "detect"
    assert other.failed is None
    statuses = {name: stage["status"] for name, stage in clock.table().items()}
    assert statuses["read"] == "ok"
    assert statuses["detect"] == "failed"
    assert statuses["write"] == "skipped"


def test_newest_run_is_the_one_with_the_newest_focus_checkpoint(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(packing, "DEFAULT_FILE", tmp_path / "nothing.pt")
    assert choose_checkpoint(None) is None
    assert "fitting the photos alone" in capsys.readouterr().out
    for age, (name, text) in enumerate(
        {"new": "method: focus", "old": "method: focus", "bump": "method: bump", "broken": "a: ["}.items()
    ):
        folder = tmp_path / "runs" / name / "checkpoints"
        folder.mkdir(parents=True)
        (folder.parent / "config.yaml").write_text(text)
        if name != "broken":
            checkpoint = folder / "step_00000007.ckpt"
            checkpoint.touch()
            os.utime(checkpoint, (1e9 - age, 1e9 - age))
    (tmp_path / "runs" / "untrained").mkdir()
    assert newest_run() == Path("runs/new")
    assert choose_checkpoint("none") is None
    assert choose_checkpoint("other/run") == Path("other/run")


def test_padded_coefficients_are_the_same_face():
    model = small_face_model()
    few = FaceParameters.zeros(model.truncated(2, 1, 2).sizes).with_changes(
        identity=torch.randn(1, 2), expression=torch.randn(1, 1), albedo=torch.randn(1, 2)
    )
    more = padded(few, model.sizes)
    assert more.sizes == model.sizes
    torch.testing.assert_close(model.shape(more.identity, more.expression), model.shape(few.identity, few.expression))
    torch.testing.assert_close(model.albedo(more.albedo), model.albedo(few.albedo))


def test_drawing_is_the_renderers_picture_smoothed():
    model, camera = small_face_model(), focus_camera(224)
    parameters = FaceParameters.zeros(model.sizes).with_changes(rotation=torch.tensor([[0.1, -0.3, 0.05]]))
    layer = FaceDrawing(model, camera, parameters, ambient=1.0).photo_like(80)
    plain = FaceRenderer(model, camera.resized(80), ambient=1.0)(parameters)
    inside = layer.opacity == 1
    assert set(np.unique(layer.opacity)) == {0, 0.25, 0.5, 0.75, 1}
    assert abs(layer.opacity.sum() - float(plain.mask.sum())) < 0.01 * layer.opacity.sum()
    difference = np.abs(layer.colour - plain.image[0].clamp(0, 1).numpy())[:, inside]
    assert difference.mean() < 0.01


def test_layer_over_ground():
    layer = Layer(np.full((3, 1, 2), 0.8), np.array([[0.0, 0.25]]))
    np.testing.assert_allclose(layer.over(np.full((3, 1, 2), 0.4)), [[[0.4, 0.5]]] * 3)  # 0.75 * 0.4 + 0.25 * 0.8


def test_sheet_shows_hidden_parts_in_red():
    model, camera = small_face_model(), focus_camera(224)
    drawing = FaceDrawing(model, camera, FaceParameters.zeros(model.sizes), ambient=1.0)
    photo = np.full((300, 300, 3), 128, dtype=np.uint8)
    clear = np.ones((224, 224), dtype=np.float32)
    half = clear.copy()
    half[112:] = 0
    points = np.full((68, 2), 150.0)
    crop = CropTransform(1.0, (150.0, 150.0), 224)

    def red_pixels(mask: np.ndarray | None) -> int:
        sheet = np.asarray(side_by_side(photo, crop, drawing, points, points, mask)).astype(int)
        return int((sheet[:, :, 0] - sheet[:, :, 2] > 90).sum())  # redder than skin or label

    hidden = drawing.photo_like(TILE).opacity[TILE // 2 :].sum()
    assert red_pixels(half) - red_pixels(clear) == pytest.approx(hidden, rel=0.05)
    assert red_pixels(None) <= red_pixels(clear)  # nothing is claimed where nothing was asked


def test_grey_photos_are_seen_in_the_tone_of_skin():
    rng = np.random.default_rng(0)
    grey = np.repeat(rng.integers(0, 180, (40, 50, 1), dtype=np.uint8), 3, axis=2)
    noisy = np.clip(grey + rng.integers(-2, 3, grey.shape), 0, 255).astype(np.uint8)
    colourful = grey.copy()
    colourful[10:30, 10:30, 2] //= 2
    assert is_grey(grey) and is_grey(noisy) and not is_grey(colourful)
    skin = tinted(grey, np.array([0.6, 0.45, 0.35]))
    assert skin.shape == grey.shape and skin.dtype == np.uint8
    luma = skin.astype(float) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(luma, grey[..., 0], atol=1.0)
    bright = grey[..., 0] > 60
    ratio = skin[bright][:, 0] / skin[bright][:, 2]
    np.testing.assert_allclose(ratio, 0.6 / 0.35, rtol=0.03)


def test_crops_to_adapt_to_are_repeatable_and_cover_every_face(tmp_path):
    class Finds:
        def faces(self, photo):
            points = np.array([[60.0, 60], [140, 60], [100, 100], [70, 140], [130, 140]])
            landmarks = np.repeat(points, 14, axis=0)[:68]
            for indices, point in zip(FIVE_POINTS, points, strict=True):
                landmarks[list(indices)] = point
            return [DetectedFace(landmarks, (50, 50, 150, 150), 1.0)] if photo.max() else []

    rng = np.random.default_rng(0)
    colour, grey = rng.integers(1, 200, (200, 200, 3), np.uint8), rng.integers(1, 200, (200, 200, 1), np.uint8)
    pictures = {"a.png": colour, "grey.png": np.repeat(grey, 3, 2), "dark.png": np.zeros((200, 200, 3), np.uint8)}
    for name, picture in pictures.items():
        Image.fromarray(picture).save(tmp_path / name)
    paths = [tmp_path / name for name in (*pictures, "missing.png")]
    skin = np.array([0.6, 0.45, 0.35])
    crops, again = (PhotoCrops(paths, Finds(), "largest", 32, skin, batch_size=5) for _ in range(2))
    batches = list(crops)
    assert [len(batch["id"]) for batch in batches] == [5, 5, 5]  # two faces, eight variants each; full batches only
    assert {name.split("-")[0] for batch in batches for name in batch["id"]} == {"a.png", "grey.png"}
    for one, other in zip(batches, again, strict=True):
        assert torch.equal(one["image"], other["image"]) and one["id"] == other["id"]
    crops.set_epoch(1)
    assert [batch["id"] for batch in crops] != [batch["id"] for batch in batches]
    # The points stay where they are in the face, whatever the shift and the scale.
    exact = align(Finds().faces(colour)[0].landmarks, size=32)
    first = crops.ids.index("a.png-0")
    np.testing.assert_allclose(crops.landmarks[first], exact.to_crop(Finds().faces(colour)[0].landmarks), atol=1e-3)
    centres = crops.landmarks[:8].mean(1)
    assert 0.3 < centres.std(0).max() < 3 and len(np.unique(crops.images[:8].reshape(8, -1), axis=0)) == 8
    assert crops.images[8][..., 0].astype(int).sum() > 1.3 * crops.images[8][..., 2].astype(int).sum()  # tinted
    with pytest.raises(SeethroughError, match="no photo shows a face"):
        PhotoCrops(paths[2:], Finds(), "largest", 32, skin)
