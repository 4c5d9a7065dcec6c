from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable.bfm2017 import load_bfm2017
from seethrough.morphable.mesh_landmarks import BFM2017_NOMOUTH, BFM2017_NOMOUTH_NOW
from tests.morphable.generated_models import Meaning, write_bfm2017, write_landmarks


def assert_is(model, meaning: Meaning) -> None:
    for actual, expected in (
        (model.mean, meaning.mean),
        (model.identity_basis, meaning.identity),
        (model.expression_basis, meaning.expression),
        (model.albedo_mean, meaning.albedo_mean),
        (model.albedo_basis, meaning.albedo),
    ):
        np.testing.assert_allclose(actual.numpy(), expected, atol=2e-4)


@pytest.mark.parametrize("cells", ["(3, F)", "(F, 3)"])
@pytest.mark.parametrize("flipped", [False, True])
def test_reads_what_the_file_means(tmp_path, cells, flipped):
    meaning = write_bfm2017(tmp_path / "model.h5", cells=cells, flipped=flipped)
    model = load_bfm2017(tmp_path / "model.h5", landmarks=write_landmarks(tmp_path / "ids.txt", meaning.landmarks))
    assert_is(model, meaning)
    np.testing.assert_array_equal(model.triangles.numpy(), meaning.triangles)
    np.testing.assert_array_equal(model.landmarks.numpy(), meaning.landmarks)
    np.testing.assert_array_equal(model.now_landmarks.numpy(), meaning.landmarks[[36, 39, 42, 45, 33, 48, 54]])


def test_zero_coefficients_are_neutral_unless_the_expression_mean_is_asked_for(tmp_path):
    meaning = write_bfm2017(tmp_path / "model.h5")
    neutral = load_bfm2017(tmp_path / "model.h5")
    centred = load_bfm2017(tmp_path / "model.h5", add_expression_mean=True)
    np.testing.assert_allclose(neutral.mean.numpy(), meaning.mean, atol=1e-4)
    np.testing.assert_allclose(centred.mean.numpy(), meaning.mean + meaning.expression_mean, atol=1e-4)


@pytest.mark.parametrize("json_as", ["bytes", "strings", "characters", "mapping"])
def test_named_points_of_the_file_become_landmarks(tmp_path, json_as):
    meaning = write_bfm2017(tmp_path / "model.h5", json_as=json_as)
    model = load_bfm2017(tmp_path / "model.h5")
    named = [8, 30, 36, 39, 42, 45, 48, 51, 54, 57]
    np.testing.assert_array_equal(model.landmarks.numpy()[named], meaning.landmarks[named])


def test_a_landmark_file_beside_the_model_is_used(tmp_path):
    write_bfm2017(tmp_path / "model2019_face12.h5", named=False)
    write_landmarks(tmp_path / "model2019_face12.landmarks.txt", np.arange(100, 168))
    assert load_bfm2017(tmp_path / "model2019_face12.h5").landmarks.tolist() == list(range(100, 168))


def test_the_full_mesh_has_the_published_landmarks(tmp_path):
    meaning = write_bfm2017(tmp_path / "model2017-1_bfm_nomouth.h5", vertices=53149, modes=(2, 1, 1), named=False)
    model = load_bfm2017(tmp_path / "model2017-1_bfm_nomouth.h5")
    assert model.vertex_count == 53149
    assert tuple(model.landmarks.tolist()) == BFM2017_NOMOUTH
    assert tuple(model.now_landmarks.tolist()) == BFM2017_NOMOUTH_NOW == (2735, 6088, 10263, 13746, 8165, 5394, 11116)
    np.testing.assert_allclose(model.identity_basis.numpy(), meaning.identity, atol=1e-4)


@pytest.mark.slow
def test_true_size_with_all_modes(tmp_path):
    write_bfm2017(tmp_path / "model2017-1_bfm_nomouth.h5", vertices=53149, modes=(199, 100, 199), named=False)
    sizes = load_bfm2017(tmp_path / "model2017-1_bfm_nomouth.h5").sizes
    assert (sizes.identity, sizes.expression, sizes.albedo) == (199, 100, 199)


def test_no_landmarks_says_which_file_to_add(tmp_path):
    write_bfm2017(tmp_path / "model.h5", named=False)
    with pytest.raises(SeethroughError, match=r"68 vertex indices .*model\.landmarks\.txt"):
        load_bfm2017(tmp_path / "model.h5")


def test_regions_are_where_the_face_has_them(tmp_path):
    write_bfm2017(tmp_path / "model.h5", vertices=2601)
    model = load_bfm2017(tmp_path / "model.h5")
    for name, landmark in (("nose", 30), ("brows", 19), ("eyes", 40)):
        assert model.regions[name][model.landmarks[landmark]] > 0.5, name
    assert model.regions["lips"][model.landmarks[30]] < 0.01
    assert all(bool(((mask >= 0) & (mask <= 1)).all()) for mask in model.regions.values())


def _edit(path, change) -> None:
    with h5py.File(path, "a") as file:
        change(file)


def _replace(key, change):
    def edit(file):
        value = change(file[key][()])
        del file[key]
        file[key] = value

    return edit


def _poison(value):
    value[3] = np.nan
    return value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.__delitem__("expression"), "no expression/model/mean"),
        (lambda file: file.__delitem__("shape/model/pcaVariance"), "no shape/model/pcaVariance"),
        (_replace("shape/model/mean", lambda mean: mean[:-1]), "multiple of 3"),
        (_replace("color/model/mean", lambda mean: mean[:-3]), "color/model/mean has 1872 numbers, expected 3 x 625"),
        (_replace("shape/model/pcaBasis", lambda basis: basis[:-3]), "pcaBasis has shape"),
        (_replace("shape/model/pcaVariance", lambda variance: -variance), "negative variances"),
        (_replace("shape/representer/cells", lambda cells: cells + 1), "triangles do not fit"),
        (_replace("shape/representer/cells", lambda cells: cells[:2]), "cells has shape"),
        (_replace("shape/model/mean", _poison), "mean shape holds numbers that are not finite"),
        (_replace("metadata/landmarks/json", lambda text: np.bytes_(b"{broken")), "metadata/landmarks/json"),
        (_replace("color/model/mean", lambda mean: np.bytes_(b"red")), "does not hold numbers"),
    ],
)
def test_a_wrong_file_gets_one_line(tmp_path, change, message):
    path = tmp_path / "model.h5"
    write_bfm2017(path)
    _edit(path, change)
    with pytest.raises(SeethroughError, match=message) as error:
        load_bfm2017(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_and_truncated_files_say_where_to_get_one(tmp_path):
    with pytest.raises(SeethroughError, match=r"no such .*faces\.dmi\.unibas\.ch"):
        load_bfm2017(tmp_path / "absent.h5")
    path = tmp_path / "model.h5"
    write_bfm2017(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SeethroughError, match=r"truncated.*faces\.dmi\.unibas\.ch"):
        load_bfm2017(path)


def test_no_modes_of_one_kind_still_decode(tmp_path):
    write_bfm2017(tmp_path / "model.h5", modes=(3, 0, 2))
    model = load_bfm2017(tmp_path / "model.h5")
    assert torch.equal(model.shape(torch.zeros(2, 3), torch.zeros(2, 0)), model.mean.expand(2, -1, -1))
