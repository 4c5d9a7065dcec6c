"""Textures: whose pixels they take, on which side, and in which light."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from seethrough.details.symmetry.occlusion import vertex_normals
from seethrough.details.texture import Atlas, FaceTexture, PhotoView, face_texture
from seethrough.morphable import FaceModel
from seethrough.rendering import Camera, Renderer
from tests.small_face import small_face_model

CAMERA = Camera(600.0, 128, 128)
SIZE = 96


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return small_face_model()


@pytest.fixture(scope="module")
def atlas(model: FaceModel) -> Atlas:
    return Atlas(model, SIZE)


def posed(model: FaceModel) -> tuple[np.ndarray, np.ndarray]:
    vertices = model.mean.double().numpy() * [1, -1, -1] + [0, 0, 1000]
    return vertices, vertex_normals(vertices, model.triangles.numpy())


def photo_of(model: FaceModel, shown: np.ndarray, colour: tuple[float, float, float]) -> PhotoView:
    """The face in one colour, on green ground."""
    depth, _ = Renderer(model.triangles, CAMERA).depth(torch.from_numpy(posed(model)[0]).float()[None])
    plane = depth[0, 0].numpy()
    image = np.where((plane > 0)[..., None], colour, (0.0, 1.0, 0.0))
    return PhotoView(image, shown & (plane > 0), ~shown & (plane > 0), plane, CAMERA)


def texture_of(model: FaceModel, atlas: Atlas, view: PhotoView, light: np.ndarray | None = None) -> FaceTexture:
    vertices, normals = posed(model)
    light = np.ones_like(vertices) if light is None else light
    return face_texture(atlas, view, vertices, normals, np.full_like(vertices, 0.5), light)


def test_texels_are_points_of_the_model(model: FaceModel, atlas: Atlas) -> None:
    uv = model.uv.double().numpy()
    found = atlas.of_vertices(uv)
    rows, columns = np.nonzero(atlas.covered)
    np.testing.assert_allclose(found[:, 0], (columns + 0.5) / SIZE, atol=1e-5)
    np.testing.assert_allclose(found[:, 1], 1 - (rows + 0.5) / SIZE, atol=1e-5)
    picture = atlas.picture(found)
    assert np.array_equal(picture[atlas.covered], found)
    assert set(map(tuple, picture[~atlas.covered].tolist())) <= set(map(tuple, found.tolist()))


def test_channels_of_texels_lie_one_after_the_other_as_those_read_from_pictures(model: FaceModel, atlas: Atlas) -> None:
    # Sums and products of both take three times as long where one lies texel by texel.
    read = atlas.enlarged(torch.zeros(3, 8, 8))
    assert atlas.of_vertices(model.mean.numpy()).strides == read.strides


def test_across_is_the_other_side(model: FaceModel, atlas: Atlas) -> None:
    points = atlas.of_vertices(model.mean.double().numpy())
    inner = np.abs(points[:, 0]) < 70
    difference = np.abs(atlas.across(points) - points * [-1, 1, 1])[inner]
    # The diagonals of its squares are no mirror images of one another: heights differ between the vertices.
    assert (difference.max(0) < [0.01, 0.01, 1.5]).all() and difference.mean() < 0.1


def test_what_is_farther_to_the_front_has_the_texel() -> None:
    model = small_face_model(9)
    count, behind = model.vertex_count, model.mean - torch.tensor([0.0, 0.0, 30.0])
    both = FaceModel(
        name="two sheets",
        mean=torch.cat([behind, model.mean]),
        identity_basis=torch.zeros(1, 2 * count, 3),
        expression_basis=torch.zeros(1, 2 * count, 3),
        albedo_mean=torch.cat([model.albedo_mean] * 2),
        albedo_basis=torch.zeros(1, 2 * count, 3),
        triangles=torch.cat([model.triangles, model.triangles + count]),
        landmarks=model.landmarks,
        now_landmarks=model.now_landmarks,
        mirror=torch.cat([model.mirror, model.mirror + count]),
        uv=torch.cat([model.uv] * 2),
    )
    front = np.repeat([0.0, 1.0], count)[:, None]
    assert (Atlas(both, SIZE).of_vertices(front) > 0.999).all()


def test_the_photo_then_its_mirror_image_then_the_model(model: FaceModel, atlas: Atlas) -> None:
    red = (0.8, 0.3, 0.2)
    half = np.zeros((128, 128), bool)
    half[:64, 72:] = True  # the viewer's upper right
    texture = texture_of(model, atlas, photo_of(model, half, red))
    points = np.zeros((SIZE, SIZE, 3))
    points[atlas.covered] = atlas.of_vertices(model.mean.double().numpy())
    front = atlas.covered & (np.abs(points[..., 0]) < 45) & (np.abs(points[..., 0]) > 25)
    height = points[..., 1]
    upper, lower = front & (height > 25) & (height < 60), front & (height < -25) & (height > -60)
    right = points[..., 0] > 0
    assert (texture.source[upper & right] == 0).all() and (texture.source[upper & ~right] == 1).all()
    assert (texture.source[lower] == 2).all() and (texture.source[~atlas.covered] == -1).all()
    np.testing.assert_allclose(texture.image[upper], np.broadcast_to(red, texture.image[upper].shape), atol=0.01)
    # The model is grey, but nearby the photo is red.
    np.testing.assert_allclose(texture.image[lower], np.broadcast_to(red, texture.image[lower].shape), atol=0.05)
    assert sum(texture.shares().values()) == pytest.approx(1.0)
    np.testing.assert_allclose(texture.at(np.array([[0.5 / SIZE, 1 - 0.5 / SIZE]]))[0], texture.image[0, 0], atol=1e-6)


def test_mirrored_pixels_are_lit_from_their_own_side(model: FaceModel, atlas: Atlas) -> None:
    half = np.zeros((128, 128), bool)
    half[:, 72:] = True
    x = posed(model)[0][:, :1]
    light = np.repeat(np.where(x > 0, 1.0, 0.5), 3, axis=1)  # the viewer's left is half as bright
    texture = texture_of(model, atlas, photo_of(model, half, (0.6, 0.6, 0.6)), light)
    points = np.zeros((SIZE, SIZE, 3))
    points[atlas.covered] = atlas.of_vertices(model.mean.double().numpy())
    left = atlas.covered & (points[..., 0] < -25) & (points[..., 0] > -45) & (texture.source == 1)
    assert left.any()
    np.testing.assert_allclose(texture.image[left], 0.3, atol=0.01)


def test_what_the_face_itself_hides_is_not_taken(model: FaceModel, atlas: Atlas) -> None:
    view = photo_of(model, np.ones((128, 128), bool), (0.6, 0.6, 0.6))
    vertices, normals = posed(model)
    assert view.weights(vertices, normals).max() == 1.0
    assert (view.weights(vertices + np.array([0, 0, 8.0]), normals) == 0).all()  # behind what the camera sees
    assert (view.weights(vertices, -normals) == 0).all()  # from behind
    assert (view.weights(vertices + np.array([300.0, 0, 0]), normals) == 0).all()  # beside the picture


@pytest.fixture(scope="module")
def fine(model: FaceModel) -> Atlas:
    return Atlas(model, 512)


def test_the_shadow_of_what_hides_the_face_does_not_stay(model: FaceModel, fine: Atlas) -> None:
    shown = np.zeros((128, 128), bool)
    shown[56:] = True
    view = photo_of(model, shown, (0.6, 0.6, 0.6))
    image = view.image.copy()
    image[:61] *= 0.75  # the brim of a hat, and five pixels of its shadow
    lit = PhotoView(image, view.shown, view.hidden, view.depth, CAMERA)
    plain = PhotoView(image, view.shown, np.zeros_like(view.hidden), view.depth, CAMERA)
    points = fine.of_vertices(model.mean.double().numpy())
    middle = np.flatnonzero((np.abs(points[:, 0]) < 30) & (np.abs(points[:, 1]) < 60))
    values = [texture_of(model, fine, each).image[fine.covered][middle] for each in (lit, plain)]
    assert (0.6 - values[0]).mean() < 0.5 * (0.6 - values[1]).mean()
    assert values[0].max() < 0.63


def test_the_ground_beside_the_face_is_not_skin(model: FaceModel, fine: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    view = photo_of(model, np.ones((128, 128), bool), (0.6, 0.45, 0.4))
    _, columns = np.nonzero(view.depth > 0)
    image = view.image.copy()
    image[:, : columns.min() + 6] = (0.1, 0.7, 0.1)  # the fit is wider than the face

    def green() -> float:
        texture = texture_of(model, fine, PhotoView(image, view.shown, view.hidden, view.depth, CAMERA))
        return float((texture.image[fine.covered][:, 1] > texture.image[fine.covered][:, 0]).mean())

    kept = green()
    without = lambda photo, model, weight, rim: np.ones_like(weight)  # noqa: E731
    monkeypatch.setattr(sys.modules[face_texture.__module__], "_skin_share", without)
    assert kept < 0.2 * green()
