from __future__ import annotations

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from seethrough.errors import SeethroughError
from seethrough.morphable.bfm2009 import load_bfm2009
from seethrough.morphable.mesh_landmarks import BFM2009
from tests.morphable.generated_models import (
    write_3ddfa_expression,
    write_bfm2009,
    write_guo_expression,
    write_index_map,
    write_landmarks,
)

NAME = "01_MorphableModel.mat"


@pytest.fixture
def small(tmp_path):
    """A model of 625 vertices with its landmark file beside it, and what it means."""
    meaning = write_bfm2009(tmp_path / NAME)
    write_landmarks(tmp_path / "01_MorphableModel.landmarks.txt", meaning.landmarks)
    return tmp_path / NAME, meaning


@pytest.mark.parametrize("flipped", [False, True])
def test_reads_what_the_file_means(tmp_path, flipped):
    meaning = write_bfm2009(tmp_path / NAME, flipped=flipped)
    model = load_bfm2009(tmp_path / NAME, landmarks=write_landmarks(tmp_path / "ids.txt", meaning.landmarks))
    np.testing.assert_allclose(model.mean.numpy(), meaning.mean, atol=1e-3)
    np.testing.assert_allclose(model.identity_basis.numpy(), meaning.identity, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.albedo_mean.numpy(), meaning.albedo_mean, atol=1e-6)
    np.testing.assert_allclose(model.albedo_basis.numpy(), meaning.albedo, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.triangles.numpy(), meaning.triangles)
    np.testing.assert_array_equal(model.landmarks.numpy(), meaning.landmarks)
    assert model.sizes.expression == 0


@pytest.mark.parametrize("map_name", ["BFM_exp_idx.mat", "model_info.mat"])
def test_3ddfa_expressions_cut_the_model_to_their_vertices(small, map_name):
    path, meaning = small
    mean, basis = write_3ddfa_expression(path.parent / "Model_Expression.mat", vertices=615)
    kept = write_index_map(path.parent / map_name, vertices=625, kept=615)
    model = load_bfm2009(path, expression=path.parent / "Model_Expression.mat")
    assert model.sizes.expression == 29
    np.testing.assert_allclose(model.mean.numpy(), meaning.mean[kept], atol=1e-3)
    np.testing.assert_allclose(model.identity_basis.numpy(), meaning.identity[:, kept], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.expression_basis.numpy(), basis, rtol=1e-5, atol=1e-5)
    # Every triangle joins the vertices it joined before, and none with a dropped vertex is left.
    expected = {tuple(triangle) for triangle in meaning.triangles.tolist() if np.isin(triangle, kept).all()}
    assert {tuple(triangle) for triangle in kept[model.triangles.numpy()].tolist()} == expected
    there = np.isin(meaning.landmarks, kept)
    np.testing.assert_array_equal(kept[model.landmarks.numpy()][there], meaning.landmarks[there])
    assert not there.all()
    gap = np.linalg.norm(model.mean.numpy()[model.landmarks.numpy()] - meaning.mean[meaning.landmarks], axis=1)
    assert gap.max() < 20
    centred = load_bfm2009(path, expression=path.parent, add_expression_mean=True)
    np.testing.assert_allclose(centred.mean.numpy(), meaning.mean[kept] + mean, atol=1e-3)


def test_guo_expressions(small, tmp_path):
    path, _ = small
    folder = tmp_path / "guo"
    folder.mkdir()
    _, basis = write_guo_expression(folder, vertices=615)
    write_index_map(path.parent / "BFM_exp_idx.mat", vertices=625, kept=615)
    model = load_bfm2009(path, expression=folder)
    assert model.sizes.expression == 79
    np.testing.assert_allclose(model.expression_basis.numpy(), basis, rtol=1e-5, atol=1e-5)


def test_expressions_of_every_vertex_need_no_index_map(small):
    path, meaning = small
    write_guo_expression(path.parent, vertices=625, modes=3)
    model = load_bfm2009(path, expression=path.parent / "Exp_Pca.bin")
    assert model.vertex_count == 625
    np.testing.assert_array_equal(model.landmarks.numpy(), meaning.landmarks)


def test_the_full_mesh_has_known_landmarks_before_and_after_the_cut(tmp_path):
    meaning = write_bfm2009(tmp_path / NAME, vertices=53490, modes=(2, 1))
    write_3ddfa_expression(tmp_path / "Model_Expression.mat", vertices=53215, modes=1)
    kept = write_index_map(tmp_path / "BFM_exp_idx.mat", vertices=53490, kept=53215)
    full, cut = load_bfm2009(tmp_path / NAME), load_bfm2009(tmp_path / NAME, expression=tmp_path)
    assert tuple(full.landmarks.tolist()) == BFM2009
    assert cut.vertex_count == 53215
    there = np.isin(BFM2009, kept)
    np.testing.assert_array_equal(kept[cut.landmarks.numpy()][there], np.array(BFM2009)[there])
    np.testing.assert_allclose(full.mean.numpy(), meaning.mean, atol=1e-3)


def test_known_landmarks_are_68_different_vertices():
    assert len(set(BFM2009)) == 68
    assert max(BFM2009) < 53490


def _change(path, **changes) -> None:
    content = {key: value for key, value in loadmat(path).items() if not key.startswith("__")}
    for key, value in changes.items():
        content[key] = value(content[key]) if callable(value) else value
    savemat(path, {key: value for key, value in content.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shapeEV": None}, "no shapeEV"),
        ({"tl": lambda tl: tl - 1}, "counted from 1"),
        ({"tl": lambda tl: tl + 1}, "counted from 1"),
        ({"shapePC": lambda pc: pc[:, :-1]}, r"expected \(3V, 1\), \(3V, K\), \(K, 1\)"),
        ({"texMU": lambda mu: mu[:-3], "texPC": lambda pc: pc[:-3]}, "texMU covers 624 vertices"),
        ({"shapeMU": "text"}, "shapeMU does not hold numbers"),
        ({"texEV": lambda ev: ev * np.inf}, "colour basis holds numbers that are not finite"),
    ],
)
def test_a_wrong_file_gets_one_line(small, changes, message):
    path, _ = small
    _change(path, **changes)
    with pytest.raises(SeethroughError, match=message) as error:
        load_bfm2009(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [0, 60, 130, 4000])
def test_a_truncated_file_gets_one_line(small, size):
    path, _ = small
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(SeethroughError, match=r"faces\.dmi\.unibas\.ch"):
        load_bfm2009(path)


def test_another_kind_of_file_gets_one_line(tmp_path):
    (tmp_path / NAME).write_text("<html>please sign in</html>" * 20)
    with pytest.raises(SeethroughError, match="not a readable MATLAB file"):
        load_bfm2009(tmp_path / NAME)


def test_an_unknown_mesh_without_landmarks_says_which_file_to_add(tmp_path):
    write_bfm2009(tmp_path / NAME)
    with pytest.raises(SeethroughError, match=r"01_MorphableModel\.landmarks\.txt"):
        load_bfm2009(tmp_path / NAME)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "BFM_exp_idx.mat").unlink(), "put BFM_exp_idx.mat or model_info.mat"),
        (lambda folder: write_index_map(folder / "BFM_exp_idx.mat", 625, 614), "trimIndex picks 614"),
        (lambda folder: (folder / "std_exp.txt").write_text("1 2 3"), "3 standard deviations for the 4 modes"),
        (lambda folder: (folder / "std_exp.txt").unlink(), "cannot read the standard deviations"),
        (lambda folder: (folder / "Exp_Pca.bin").write_bytes(b"\4\0\0\0" + bytes(98)), "not an Exp_Pca.bin"),
        (lambda folder: (folder / "Exp_Pca.bin").write_bytes(b""), "not an Exp_Pca.bin"),
    ],
)
def test_wrong_expression_files_get_one_line(small, spoil, message):
    path, _ = small
    write_guo_expression(path.parent, vertices=615, modes=4)
    write_index_map(path.parent / "BFM_exp_idx.mat", vertices=625, kept=615)
    spoil(path.parent)
    with pytest.raises(SeethroughError, match=message):
        load_bfm2009(path, expression=path.parent / "Exp_Pca.bin")
