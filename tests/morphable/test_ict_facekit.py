from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable.ict_facekit import load_ict_facekit, principal_expressions
from tests.morphable.generated_models import ACTIONS, write_ict, write_landmarks

COUNT = 625


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kit") / "FaceXModel"
    meaning = write_ict(folder)
    return folder, meaning, load_ict_facekit(folder, face_vertices=COUNT)


def test_reads_what_the_files_mean(kit):
    _, meaning, model = kit
    np.testing.assert_allclose(model.mean.numpy(), meaning.mean, atol=1e-4)
    np.testing.assert_allclose(model.identity_basis.numpy(), meaning.identity, atol=1e-4)
    np.testing.assert_array_equal(model.landmarks.numpy(), meaning.landmarks)


def test_quads_of_the_face_become_outward_triangles_and_the_eyeballs_are_left_out(kit):
    _, meaning, model = kit
    assert {tuple(sorted(t)) for t in model.triangles.tolist()} == {
        tuple(sorted(t)) for t in meaning.triangles.tolist()
    }
    corners = model.mean[model.triangles.long()]
    normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert bool((normals[:, 2] > 0).all())


def test_every_action_at_full_weight_is_its_own_blendshape(kit):
    _, meaning, model = kit
    assert list(model.expression_units) == ACTIONS
    for name, delta in zip(ACTIONS, meaning.expression, strict=True):
        moved = model.shape(torch.zeros(1, 1), model.expression_units[name][None])[0] - model.mean
        np.testing.assert_allclose(moved.numpy(), delta, atol=2e-3, err_msg=name)


def test_expression_axes_are_orthogonal_strongest_first_and_keep_the_variance():
    rng = np.random.default_rng(3)
    actions = rng.normal(size=(5, 40, 3))
    basis, units = principal_expressions(actions, ACTIONS)
    flat = basis.reshape(5, -1).astype(np.float64)
    gram = flat @ flat.T
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-4 * gram.max())
    assert bool((np.diff(np.diag(gram)) <= 0).all())
    # Random activations: deviation 1/4 each, .8 between the two sides of one action, nothing else.
    covariance = np.eye(5) / 16
    covariance[0, 1] = covariance[1, 0] = covariance[3, 4] = covariance[4, 3] = 0.8 / 16
    raw = actions.reshape(5, -1)
    np.testing.assert_allclose(flat.T @ flat, raw.T @ covariance @ raw, atol=1e-4)
    np.testing.assert_allclose(units["jawOpen"] @ flat, raw[2], atol=1e-3)


def test_texture_coordinates_are_those_of_the_file(kit):
    _, _, model = kit
    grid = np.linspace(0, 1, 25)
    np.testing.assert_allclose(model.uv.numpy(), np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2), atol=1e-5)


def test_mirror_pairs_across_the_midline(kit):
    _, _, model = kit
    expected = np.arange(COUNT).reshape(25, 25)[:, ::-1].reshape(-1)
    np.testing.assert_array_equal(model.mirror.numpy(), expected)


def test_made_up_albedo_is_a_symmetric_skin(kit):
    _, _, model = kit
    assert model.sizes.albedo >= 30
    assert bool(((model.albedo_mean >= 0) & (model.albedo_mean <= 1)).all())
    red, green, blue = model.albedo_mean.T
    assert bool((red >= green).all())
    assert bool((green >= blue).all())
    torch.testing.assert_close(model.albedo_basis, model.albedo_basis[:, model.mirror], atol=1e-4, rtol=0)
    # As a whole one sigma moves a colour by some hundredths to a few tenths, never beyond what skin does.
    spread = model.albedo_basis.square().sum(0).sqrt()
    assert bool((spread > 0.05).all())
    assert bool((spread < 0.35).all())
    # Skin is redder than it is green, whoever wears it.
    colours = model.albedo(torch.randn(200, model.sizes.albedo, generator=torch.Generator().manual_seed(0)))
    assert float((colours[..., 0] > colours[..., 1]).float().mean()) > 0.99
    assert float(model.albedo_mean[model.landmarks[51], 1]) < float(model.albedo_mean[model.landmarks[30], 1])


def test_true_size_from_the_folder_of_the_repository(tmp_path):
    meaning = write_ict(tmp_path / "FaceXModel", resolution=97, identities=2, actions=["jawOpen"])
    model = load_ict_facekit(tmp_path)
    assert model.vertex_count == 97 * 97 == 9409
    np.testing.assert_allclose(model.identity_basis.numpy(), meaning.identity, atol=1e-4)


def test_landmarks_can_be_given(kit, tmp_path):
    folder, _, _ = kit
    ids = write_landmarks(tmp_path / "ids.txt", np.arange(68) + 9)
    model = load_ict_facekit(folder, landmarks=ids, face_vertices=COUNT)
    assert model.landmarks.tolist() == list(range(9, 77))


def _cut(folder, name, size):
    (folder / name).write_bytes((folder / name).read_bytes()[:size])


def _indices(folder, **changes):
    path = folder / "vertex_indices.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "generic_neutral_mesh.obj").unlink(), "no generic_neutral_mesh.obj.*ICT-FaceKit"),
        (lambda folder: (folder / "vertex_indices.json").unlink(), "vertex_indices.json: no such file"),
        (lambda folder: (folder / "vertex_indices.json").write_text("{"), "expected a JSON with expressions"),
        (lambda folder: _indices(folder, idx_to_landmark_verts=[1, 2]), "68 landmark vertices .* found 2"),
        (lambda folder: _indices(folder, idx_to_landmark_verts=[625] * 68), "outside the face's 625"),
        (lambda folder: (folder / "identity001.obj").unlink(), "identity001.obj is missing"),
        (lambda folder: [path.unlink() for path in folder.glob("identity*")], "identity000.obj is missing"),
        (lambda folder: (folder / "jawOpen.obj").unlink(), "jawOpen.obj: cannot read it"),
        (lambda folder: _cut(folder, "identity000.obj", 9000), "identity000.obj: .* expected at least 625"),
        (lambda folder: _cut(folder, "generic_neutral_mesh.obj", 25000), "no faces among"),
        (lambda folder: (folder / "jawOpen.obj").write_text("version https://git-lfs"), "no vertices.*Git LFS"),
    ],
)
def test_a_wrong_folder_gets_one_line(tmp_path, spoil, message):
    write_ict(tmp_path, identities=3, actions=["jawOpen"])
    spoil(tmp_path)
    with pytest.raises(SeethroughError, match=message) as error:
        load_ict_facekit(tmp_path, face_vertices=COUNT)
    assert "\n" not in str(error.value)
