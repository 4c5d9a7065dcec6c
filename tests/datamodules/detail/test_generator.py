"""Rendered faces with relief: the picture, the depth and the bump say the same."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy import ndimage

from datamodules.detail.generator import DetailFace, DetailRenderer
from datamodules.detail.person import Acting, muscles, random_person
from datamodules.synthetic.light import irradiance
from datamodules.synthetic.streams import Factor
from seethrough.details.detail_crop import detail_crop
from tests.datamodules.detail.faces import SIZE, renderer, scene_config, small_model


def normals_of_depth(depth: np.ndarray, focal: float) -> np.ndarray:
    """Unit outward normals of a (S, S) depth map in mm, camera frame, by central differences."""
    size = len(depth)
    v, u = np.meshgrid(np.arange(size) + 0.5 - size / 2, np.arange(size) + 0.5 - size / 2, indexing="ij")
    down, right = np.gradient(depth)
    normals = np.stack([focal * right, focal * down, -(depth + u * right + v * down)], -1)
    return normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)


@lru_cache(maxsize=1)
def plain_renderer(size: int = 112, **changes: float) -> DetailRenderer:
    """White, matt, evenly coloured skin without hair, shadows or scattering."""
    model = small_model()
    model.albedo_mean, model.albedo_basis = torch.full_like(model.albedo_mean, 0.5), 0 * model.albedo_basis
    plain = {"detail": 0.0, "gloss": 0.0, "occlusion": 0.0, **changes}
    return DetailRenderer(model, scene_config(image_size=size, **plain), 3)


@pytest.mark.parametrize("index", [0, 3])
def test_the_normals_of_the_detailed_depth_predict_the_shading(index: int) -> None:
    plain = plain_renderer(relief=1.5)
    scene = plain.scenes.scene(0, index)
    _, painted, _ = plain.compose(scene)
    face = plain.render(scene)
    inside = ndimage.binary_erosion(face.mask, iterations=4)
    assert inside.sum() > 1500
    errors, seen = {}, painted.colour[inside] / painted.coverage[inside][:, None]
    for name, depth in (("detailed", face.depth - face.bump), ("foundation", face.depth)):
        normals = normals_of_depth(depth.astype(np.float64), face.focal)[inside].astype(np.float32)
        expected = np.empty_like(normals)
        irradiance(painted.light, normals, expected)
        errors[name] = np.sqrt(np.mean((0.5 * expected - seen) ** 2)) / seen.mean()
    assert errors["detailed"] < 0.02
    assert errors["foundation"] > 2 * errors["detailed"]


def test_the_same_scene_is_the_same_alone_and_in_company() -> None:
    whole = renderer()
    scenes = [whole.scenes.scene(0, index) for index in range(3)]
    together = whole.render_all(scenes)
    for scene, face in zip(scenes, together, strict=True):
        alone = whole.render(scene)
        for name in DetailFace.__dataclass_fields__:
            assert np.array_equal(getattr(alone, name), getattr(face, name)), name


def test_the_picture_is_the_detail_crop_of_its_landmarks() -> None:
    exact = DetailRenderer(small_model(), scene_config(crop_jitter=0.0), 3)
    for index in range(4):
        face = exact.render(exact.scenes.scene(0, index))
        crop = detail_crop(face.true_landmarks, size=SIZE)
        assert np.allclose(crop.box, (0, 0, SIZE, SIZE), atol=0.05)
    strayed = [detail_crop(renderer().render(renderer().scenes.scene(0, index)).true_landmarks) for index in range(4)]
    assert 0.3 < max(abs(crop.box[0]) for crop in strayed) < 0.12 * SIZE


def test_without_relief_and_with_all_modes_there_is_no_bump() -> None:
    flat = DetailRenderer(small_model(), scene_config(relief=0.0, foundation_modes=0), 3)
    face = flat.render(flat.scenes.scene(0, 1))
    assert face.mask.mean() > 0.1
    assert abs(face.bump).max() < 1e-3
    fewer = DetailRenderer(small_model(), scene_config(relief=0.0, foundation_modes=3), 3)
    face = fewer.render(fewer.scenes.scene(0, 1))
    assert 0.1 < face.bump[face.mask].std() < 4


def test_bump_and_depth_are_there_exactly_where_the_face_is_defined() -> None:
    face = renderer().render(renderer().scenes.scene(0, 2))
    assert isinstance(face, DetailFace)
    known = face.depth > 0
    assert np.array_equal(known, face.full_face)
    assert face.mask.sum() > 0.9 * known.sum()
    assert not face.bump[~known].any()
    assert abs(face.bump).max() <= renderer().config.bump_limit_mm
    assert 300 < face.depth[known].min() < face.depth[known].max() < 1500


def test_an_occluder_hides_the_mask_but_not_the_bump() -> None:
    covered = DetailRenderer(small_model(), scene_config(occluded_fraction=1.0, occluders={"cloth": 1.0}), 3)
    scene = covered.scenes.scene(0, 1)
    with_it, without = covered.render(scene), covered.render(scene.without_occluder())
    assert np.array_equal(with_it.bump, without.bump)
    assert with_it.mask.sum() < 0.95 * without.mask.sum()
    assert np.array_equal(with_it.full_face, without.full_face)


def test_a_person_keeps_the_wrinkles_in_another_picture() -> None:
    several = DetailRenderer(small_model(), scene_config(images_per_identity=2), 3)
    scenes = [several.scenes.scene(0, index) for index in (0, 1, 2)]
    still = [several.painter.relief.paint(scene.with_neutral_expression()).height for scene in scenes]
    assert np.array_equal(still[0], still[1])
    assert not np.allclose(still[0], still[2], atol=0.05)


def test_age_deepens_wrinkles() -> None:
    whole, roughness = renderer(), {"young": [], "old": []}
    for index in range(24):
        scene = whole.scenes.scene(0, index).with_neutral_expression()
        drawn = whole.painter.relief.paint(scene)
        high = drawn.height - ndimage.gaussian_filter(drawn.height, 6.0 / whole.painter.relief.chart.texel)
        if drawn.age < 35 or drawn.age > 65:
            roughness["young" if drawn.age < 35 else "old"].append(high.std())
    assert np.mean(roughness["old"]) > 1.5 * np.mean(roughness["young"])


def test_named_actions_are_found_again_and_reach_their_muscles() -> None:
    units = {name: np.eye(5)[k] for k, name in enumerate(("browInnerUp", "mouthSmileLeft", "jawOpen"))}
    weights = Acting(units).weights(0.7 * units["mouthSmileLeft"] + 0.4 * units["jawOpen"])
    assert weights == pytest.approx({"browInnerUp": 0.0, "mouthSmileLeft": 0.7, "jawOpen": 0.4}, abs=1e-9)
    act = muscles(weights)
    assert act.smile == pytest.approx((0.0, 0.7))  # the person's left is on the viewer's right
    assert act.open_jaw == pytest.approx(0.4)
    assert act.raise_brows == (0.0, 0.0)
    assert muscles({}).frown == 0


def test_people_are_of_all_ages() -> None:
    people = [random_person(np.random.default_rng(seed)) for seed in range(200)]
    ages = np.array([person.age for person in people])
    assert np.histogram(ages, 4, (16, 84))[0].min() > 30
    wear = np.array([person.wear for person in people])
    assert wear[ages < 24].max(initial=0) == 0
    assert np.corrcoef(ages, wear)[0, 1] > 0.8


def test_focal_lengths_and_poses_vary_with_the_scene_only() -> None:
    faces = [renderer().render(renderer().scenes.scene(0, index)) for index in range(4)]
    assert len({face.focal for face in faces}) == 4
    assert all(1.9 * SIZE <= face.focal <= 4.6 * SIZE for face in faces)
    scene = renderer().scenes.scene(0, 0)
    assert renderer().render(replace(scene, illumination=-0.5 * scene.illumination)).focal == faces[0].focal
    assert scene.stream(Factor.FRAMING).random() == scene.stream(Factor.FRAMING).random()
