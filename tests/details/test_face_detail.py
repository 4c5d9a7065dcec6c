"""The detail of one face: where its bump counts, how it ends, and that depth, normals and mesh are one surface."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from seethrough.details import detail_crop, foundation_of
from seethrough.details.detail_foundation import DetailFoundation, place_foundation
from seethrough.details.face_detail import FADING_MM, FaceDetail, shaded_detail, translated_detail
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters, load_face_model
from seethrough.photos import CropTransform
from seethrough.rendering import FaceRenderer, focus_camera

SIDE = 160


@cache
def photo_and_face() -> tuple[np.ndarray, np.ndarray, CropTransform, FaceParameters]:
    model = load_face_model("open", level=0)
    face = FaceParameters.zeros(model.sizes)
    with torch.no_grad():
        drawn = FaceRenderer(model, focus_camera(300), backend="cpu")(face)
    image = torch.where(drawn.mask > 0, drawn.image.clamp(0, 1), torch.full_like(drawn.image, 0.4))[0]
    photo = (image * 255).round().byte().permute(1, 2, 0).numpy()
    return photo, drawn.landmarks[0].double().numpy(), CropTransform(1.0, (150.0, 150.0), 300), face


def placed(hidden: np.ndarray | None = None) -> DetailFoundation:
    """The face over its photo; ``hidden`` is (300, 300) bool."""
    photo, landmarks, aligned, face = photo_and_face()
    crop = detail_crop(landmarks, size=SIDE)
    model = load_face_model("open", level=0)
    foundation = foundation_of(model, face, focus_camera(300), aligned, landmarks, crop=crop)
    mask = None if hidden is None else np.where(hidden, 0.0, 1.0).astype(np.float32)
    return place_foundation(photo, landmarks, foundation, crop, mask)


def two_millimetres(image: Tensor) -> Tensor:
    return torch.full_like(image[:, :1], 2.0)


def right_half() -> np.ndarray:
    return np.broadcast_to(np.arange(300) >= 150, (300, 300))


def test_all_that_covers_is_visible_where_nothing_hides() -> None:
    face = placed()
    assert torch.equal(face.visible, face.covered > 0.5)
    assert 0.1 < float(face.covered.mean()) < 0.6
    assert face.misfit < 1e-4
    detail = translated_detail(face, two_millimetres)
    assert torch.equal(detail.known, face.visible)
    assert torch.equal(detail.surface_bump(), detail.bump)  # nothing to fade towards
    torch.testing.assert_close(detail.depth(), torch.where(face.visible, face.depth - 2, 0.0))


def test_hidden_skin_keeps_the_foundation_and_the_surface_fades_into_it() -> None:
    face = placed(right_half())
    columns = torch.from_numpy(face.crop.to_photo(np.stack([np.arange(SIDE) + 0.5] * 2, -1))[:, 0])
    covered = face.covered > 0.5
    assert not bool((face.visible & (columns > 151)).any())
    assert bool(face.visible[:, columns < 149].any())
    detail = translated_detail(face, two_millimetres)
    hidden = covered & ~detail.known
    assert (detail.bump[hidden] == 0).all() and (detail.bump[detail.known] == 2).all()
    torch.testing.assert_close(detail.depth()[hidden], face.depth[hidden])
    surface, far = detail.surface_bump(), int((columns < 150 - 8).sum())
    inside = covered[SIDE // 2]
    row = surface[SIDE // 2][inside]
    assert (row[:-1] >= row[1:] - 1e-6).all()  # down towards what is hidden
    steps = (row[:-1] - row[1:]).max() / face.pixel
    assert float(steps) < 2 * 1.5 / FADING_MM + 0.05  # no cliff: 1.5 is the steepest of 3 s^2 - 2 s^3
    assert float(surface[SIDE // 2, :far][inside[:far]].min()) > 1.9


def test_slivers_along_the_outline_are_not_hidden() -> None:
    face = photo_and_face()[3]
    drawn = FaceRenderer(load_face_model("open", level=0), focus_camera(300), backend="cpu")(face)
    outside = drawn.mask[0, 0].numpy() < 0.5
    grown = outside | np.roll(outside, 1, 1) | np.roll(outside, -1, 1)  # a mask that ends a pixel inside the face
    detailed = placed(grown)
    assert float((detailed.visible & (detailed.covered > 0.5)).sum() / (detailed.covered > 0.5).sum()) > 0.98


def test_mesh_depth_and_normals_tell_the_same_surface() -> None:
    face = placed()
    ripple = 0.8 * torch.sin(torch.arange(SIDE) / 4)[None, None, None].expand(1, 1, SIDE, SIDE)
    detail = translated_detail(face, lambda _: ripple)
    mesh, camera = detail.mesh(), face.foundation.camera
    assert len(mesh.vertices) == int((face.covered > 0.5).sum()) or len(mesh.vertices) > 0.97 * int(face.visible.sum())
    assert mesh.colours is not None and 0 <= mesh.colours.min() <= mesh.colours.max() <= 1
    points = (mesh.vertices - [0, 0, 1000]) * [1, -1, -1]
    seen = points[:, :2] / points[:, 2:] * camera.focal + camera.principal_point
    pixel = np.clip(np.floor(seen).astype(int), 0, SIDE - 1)
    there = detail.depth().numpy()[pixel[:, 1], pixel[:, 0]]
    assert np.median(np.abs(there - points[:, 2])) < 0.05
    normals = detail.normals()
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones(SIDE, SIDE))
    middle = normals[SIDE // 2, SIDE // 2 - 20 : SIDE // 2 + 20, 0]
    assert float(middle.std()) > 0.05  # the ripple shows


def test_shading_and_translator_differ_in_where_they_are_known() -> None:
    face = placed(right_half())
    detail = shaded_detail(face)
    assert detail.shading is not None and torch.equal(detail.known, face.skin)
    assert bool((face.skin & ~face.visible).sum() == 0)
    torch.testing.assert_close(detail.bump, torch.where(face.skin, face.depth - detail.shading.depth, 0.0))


def test_along_the_ray_moves_points_along_their_rays() -> None:
    face = placed()
    depths = [
        FaceDetail(face, torch.where(face.visible, 2.0, 0.0), face.visible, along).depth() for along in ("z", "ray")
    ]
    assert bool((depths[1] >= depths[0] - 1e-4).all())
    assert not torch.allclose(*depths)


def test_what_cannot_be_detailed_is_told() -> None:
    nothing = placed(np.ones((300, 300), dtype=bool))
    with pytest.raises(SeethroughError, match="nothing of the face is visible"):
        translated_detail(nothing, two_millimetres)
    with pytest.raises(SeethroughError, match="is not finite"):
        translated_detail(placed(), lambda image: image[:, :1] * float("nan"))
    photo, landmarks, aligned, face = photo_and_face()
    crop, model = detail_crop(landmarks, size=SIDE), load_face_model("open", level=0)
    foundation = foundation_of(model, face, focus_camera(300), aligned, landmarks, crop=crop)
    with pytest.raises(ValueError, match="160 px"):
        place_foundation(photo, landmarks, foundation, crop.resized(100))
