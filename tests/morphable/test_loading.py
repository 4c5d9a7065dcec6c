from __future__ import annotations

import sys
import types

import numpy as np
import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel, crop_to_face, load_face_model, write_face_model
from seethrough.morphable.cropping import face_region
from tests.morphable.generated_models import (
    write_3ddfa_expression,
    write_bfm2009,
    write_bfm2017,
    write_ict,
    write_landmarks,
)
from tests.small_face import small_face_model


def test_tells_the_kinds_apart(tmp_path):
    write_bfm2017(tmp_path / "model2019_bfm.h5")
    meaning = write_bfm2009(tmp_path / "01_MorphableModel.mat")
    write_landmarks(tmp_path / "01_MorphableModel.landmarks.txt", meaning.landmarks)
    write_3ddfa_expression(tmp_path / "Model_Expression.mat", vertices=625)
    write_ict(tmp_path / "FaceXModel", resolution=97, identities=1, actions=["jawOpen"])
    write_face_model(small_face_model(9), tmp_path / "face.npz")
    sizes = {
        name: (model.vertex_count, *model.sizes.as_list()[:3])
        for name, model in {
            "2019": load_face_model(str(tmp_path / "model2019_bfm.h5")),
            "2009": load_face_model(tmp_path / "01_MorphableModel.mat", expression=tmp_path / "Model_Expression.mat"),
            "ict": load_face_model(tmp_path),
            "ours": load_face_model(tmp_path / "face.npz"),
        }.items()
    }
    assert sizes == {"2019": (625, 5, 4, 3), "2009": (625, 5, 29, 3), "ict": (9409, 1, 1, 48), "ours": (81, 6, 4, 5)}


@pytest.mark.parametrize(("settings", "expected"), [({}, ()), ({"level": 0}, (0,)), ({"level": 2}, (2,))])
def test_open_is_the_embedded_model_at_the_level_asked_for(monkeypatch, settings, expected):
    calls = []
    embedded = types.ModuleType("seethrough.morphable.open_model")
    embedded.load_open_model = lambda *level: calls.append(level) or small_face_model(9)
    monkeypatch.setitem(sys.modules, "seethrough.morphable.open_model", embedded)
    assert load_face_model("open", **settings).vertex_count == 81
    assert calls == [expected]


@pytest.mark.parametrize("name", ["absent.h5", "opne", "folder/absent.npz"])
def test_nothing_there_lists_what_there_could_be(name):
    with pytest.raises(SeethroughError, match=r"no such face model; expected 'open'.*BFM 2009.*ICT-FaceKit"):
        load_face_model(name)


def test_another_ending_and_an_empty_folder(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"")
    with pytest.raises(SeethroughError, match=r"cannot tell a face model from the ending '\.pkl'"):
        load_face_model(tmp_path / "model.pkl")
    with pytest.raises(SeethroughError, match=r"no generic_neutral_mesh\.obj"):
        load_face_model(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": 1}, "level is a setting of the open model; leave it out for BFM 2017 and 2019"),
        ({"expression": "Exp_Pca.bin"}, "expression is a setting of BFM 2009"),
    ],
)
def test_a_setting_of_another_model_is_refused(tmp_path, settings, message):
    write_bfm2017(tmp_path / "model.h5")
    with pytest.raises(SeethroughError, match=message):
        load_face_model(tmp_path / "model.h5", **settings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3", "found 3"),
        ("one two", "68 whole numbers"),
        (" ".join(["1.5"] * 68), "68 whole numbers"),
        (" ".join(["625"] * 68), "vertex 625 is not among the model's 625"),
        (" ".join(["-1"] * 68), "not among"),
        (None, "cannot read the landmark file"),
    ],
)
def test_wrong_landmark_files_get_one_line(tmp_path, text, message):
    write_bfm2017(tmp_path / "model.h5")
    if text is not None:
        (tmp_path / "ids.txt").write_text(text)
    with pytest.raises(SeethroughError, match=message) as error:
        load_face_model(tmp_path / "model.h5", landmarks=tmp_path / "ids.txt")
    assert "\n" not in str(error.value)


def wide_face() -> FaceModel:
    """The small face with a back of the head that the crop must take away."""
    model = small_face_model(25)
    mean = model.mean.clone()
    border = (torch.arange(625).reshape(25, 25)[:, [0, 24]]).reshape(-1)
    mean[border, 2] -= 150
    model.mean = mean
    return model


def test_crop_keeps_the_face_and_every_index_right():
    model = wide_face()
    face = crop_to_face(model)
    assert 300 < face.vertex_count < 625
    z = face.mean[:, 2] + 100
    assert bool((z + 0.05 * face.mean[:, 1] > 20).all())
    kept = {tuple(point) for point in face.mean.tolist()}
    positions = model.mean[model.landmarks]
    inside = torch.tensor([tuple(point) in kept for point in positions.tolist()])
    torch.testing.assert_close(face.mean[face.landmarks][inside], positions[inside])
    assert int(inside.sum()) > 50
    assert torch.equal(face.mirror[face.mirror], torch.arange(face.vertex_count))
    torch.testing.assert_close(face.mean[face.mirror] * torch.tensor([-1.0, 1, 1]), face.mean)
    assert int(face.triangles.unique().numel()) == face.vertex_count
    before = {tuple(map(tuple, corner)) for corner in model.mean[model.triangles.long()].tolist()}
    after = {tuple(map(tuple, corner)) for corner in face.mean[face.triangles.long()].tolist()}
    assert after < before


def test_crop_through_the_loader(tmp_path):
    path = write_face_model(wide_face(), tmp_path / "face.npz")
    assert load_face_model(path, crop=True).vertex_count == crop_to_face(wide_face()).vertex_count


def test_crop_refuses_a_landmark_far_outside():
    model = small_face_model(25)
    mean = model.mean.clone()
    mean[model.landmarks[0], 2] -= 150
    model.mean = mean
    with pytest.raises(SeethroughError, match="landmark 0 lies"):
        crop_to_face(model)


def test_crop_of_nothing():
    model = small_face_model(9)
    model.mean = model.mean - torch.tensor([0.0, 0, 500])
    with pytest.raises(SeethroughError, match="no vertex"):
        crop_to_face(model)


def test_crop_matches_the_published_ellipses():
    # Points as the Basel files have them (z from between the ears), chosen on both sides of every border.
    points = {(0, 74, 100): True, (0, 95, 100): True, (0, 118, 100): False, (0, -79, 100): True, (0, -81, 100): False}
    points |= {(50, 0, 19): False, (50, 0, 21): True, (70, -20, 22): True, (0, 0, 132): True, (0, 0, -90): False}
    inside = face_region(np.array(list(points), dtype=float) - [0, 0, 100])
    assert dict(zip(points, inside.tolist(), strict=True)) == points
