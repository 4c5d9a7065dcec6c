from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from datamodules.synthetic.distractors import DISTRACTED_FRACTION, draw_shade
from datamodules.synthetic.face import FacePainter
from datamodules.synthetic.families import NO_OCCLUDER, OCCLUDER_FAMILIES
from datamodules.synthetic.generator import SceneRenderer, SyntheticFace
from datamodules.synthetic.mouth import mouth_inside, paint_mouth
from datamodules.synthetic.scene import Scene
from datamodules.synthetic.skin import random_complexion
from datamodules.synthetic.streams import Factor
from datamodules.synthetic.textures import TextureBank
from seethrough.morphable import FaceParameters
from seethrough.rendering import FaceRenderer, focus_camera
from tests.datamodules.synthetic.scenes import SIZE, renderer, scene_config, small_model


def equal(one: SyntheticFace, other: SyntheticFace) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)


def parameters(scene: Scene) -> FaceParameters:
    return FaceParameters.from_vector(torch.from_numpy(scene.vector)[None], small_model().sizes)


def test_what_a_picture_is_made_of() -> None:
    face = renderer().render(renderer().scenes.scene(0, 0))
    assert face.image.shape == (3, SIZE, SIZE)
    assert face.image.dtype == np.uint8
    assert face.mask.shape == face.full_face.shape == (SIZE, SIZE)
    assert face.landmarks.shape == face.true_landmarks.shape == (68, 2)
    assert face.landmarks.dtype == face.true_landmarks.dtype == np.float32
    assert face.coefficients.shape == (small_model().sizes.total,)


def test_the_same_key_gives_the_same_bits_from_a_new_renderer_with_other_threads() -> None:
    fresh = SceneRenderer(small_model(), scene_config(), 3)
    threads = torch.get_num_threads()
    try:
        for index in range(14):
            torch.set_num_threads(1 + index % 2)
            # The order in which faces are rendered must not matter either.
            assert equal(
                fresh.render(fresh.scenes.scene(1, 13 - index)),
                renderer().render(renderer().scenes.scene(1, 13 - index)),
            )
    finally:
        torch.set_num_threads(threads)


def test_faces_rendered_together_have_the_bits_of_faces_rendered_alone() -> None:
    scenes = [renderer().scenes.scene(0, index) for index in range(19)]
    for scene, face in zip(scenes, renderer().render_all(scenes), strict=True):
        assert equal(face, renderer().render(scene))


def test_another_index_epoch_or_seed_gives_another_picture() -> None:
    one = renderer().render(renderer().scenes.scene(0, 0)).image
    for other in (renderer().scenes.scene(0, 1), renderer().scenes.scene(1, 0)):
        assert not np.array_equal(renderer().render(other).image, one)
    assert not np.array_equal(renderer(4).render(renderer(4).scenes.scene(0, 0)).image, one)


@pytest.mark.parametrize("family", OCCLUDER_FAMILIES)
def test_twins_differ_only_where_the_occluder_and_its_shadow_are(family: str) -> None:
    hidden_fractions = []
    for index in range(8):
        scene = renderer().scenes.scene(0, index, family=family)
        light, face, layer = renderer().compose(scene)
        plain, same_face, nothing = renderer().compose(scene.without_occluder())
        assert layer is not None
        assert nothing is None
        np.testing.assert_array_equal(face.coverage, same_face.coverage)
        assert layer.alpha.min() >= 0
        assert layer.alpha.max() <= 1
        untouched = (layer.alpha == 0) & (layer.shadow == 0)
        np.testing.assert_array_equal(light[untouched], plain[untouched])
        solid = layer.alpha == 1
        np.testing.assert_allclose(light[solid], layer.colour[solid], atol=1e-6)
        # A shadow only darkens, and never hides.
        shaded = (layer.alpha == 0) & (layer.shadow > 0)
        assert (light[shaded] <= plain[shaded] + 1e-6).all()

        occluded, free = renderer().render(scene), renderer().render(scene.without_occluder())
        full_face = face.coverage >= 0.5
        np.testing.assert_array_equal(free.mask, full_face)
        np.testing.assert_array_equal(free.full_face, full_face)
        np.testing.assert_array_equal(occluded.full_face, full_face)
        np.testing.assert_array_equal(occluded.mask, full_face & (layer.alpha < 0.5))
        hidden_fractions.append(1 - occluded.mask.sum() / full_face.sum())
    # Clear glasses and small patches hide little, but a family must hide something.
    assert max(hidden_fractions) > 0.02
    assert np.mean(hidden_fractions) < 0.7


def test_landmarks_are_the_projected_model_with_a_detectors_error() -> None:
    model = small_model()
    for index in range(6):
        scene = renderer().scenes.scene(0, index)
        face = renderer().render(scene)
        expected = FaceRenderer(model, focus_camera(SIZE)).geometry(parameters(scene)).landmarks[0].numpy()
        np.testing.assert_allclose(face.true_landmarks, expected, atol=2e-3)
        assert (face.true_landmarks > 0).all()
        assert (face.true_landmarks < SIZE).all()
        y, x = np.nonzero(face.full_face)
        inside = face.true_landmarks[face.landmark_visible]
        assert inside[:, 0].min() > x.min() - 1
        assert inside[:, 1].max() < y.max() + 2


def test_detector_errors_are_three_times_larger_where_a_landmark_is_hidden() -> None:
    seen, hidden = [], []
    for index in range(60):
        face = renderer().render(renderer().scenes.scene(0, index))
        error = face.landmarks - face.true_landmarks
        seen.append(error[face.landmark_visible])
        hidden.append(error[~face.landmark_visible])
    deviation = 1.5 * SIZE / 224
    assert np.concatenate(seen).std() == pytest.approx(deviation, rel=0.07)
    assert np.concatenate(hidden).std() == pytest.approx(3 * deviation, rel=0.1)


def test_a_landmark_under_the_occluder_is_not_visible() -> None:
    scene = renderer().scenes.scene(0, 3, family="cloth")
    occluded, free = renderer().render(scene), renderer().render(scene.without_occluder())
    assert (~occluded.landmark_visible & free.landmark_visible).sum() > 8
    assert not (occluded.landmark_visible & ~free.landmark_visible).any()
    # The twins' detectors make the same error wherever both see the point.
    both = occluded.landmark_visible
    np.testing.assert_array_equal(occluded.landmarks[both], free.landmarks[both])


def test_far_landmarks_are_hidden_when_the_head_turns() -> None:
    scene = replace(renderer().scenes.scene(0, 0, family=NO_OCCLUDER), rotation=np.array([0, 1.2, 0], np.float32))
    visible = renderer().render(scene).landmark_visible
    assert visible[[0, 1, 2]].all() != visible[[14, 15, 16]].all()
    straight = replace(scene, rotation=np.zeros(3, np.float32))
    assert renderer().render(straight).landmark_visible[17:].all()


def test_without_detail_the_face_is_the_library_renderers() -> None:
    """Two independent paths, one picture: the painter against FaceRenderer at twice the size, averaged."""
    model = small_model()
    painter = FacePainter(model, SIZE)
    library = FaceRenderer(model, focus_camera(2 * SIZE))
    complexion = random_complexion(np.random.default_rng(0), TextureBank(0), 0.0)
    for index in range(4):
        scene = renderer().scenes.scene(0, index)
        vertices, albedo = painter.decode([scene])
        face = painter.paint(scene, vertices[0], albedo[0], complexion)
        rendering = library(parameters(scene))
        coverage = torch.nn.functional.avg_pool2d(rendering.mask, 2)[0, 0].numpy()
        colour = torch.nn.functional.avg_pool2d(rendering.image, 2)[0].permute(1, 2, 0).numpy()
        # Rounding may move a vertex across a sub-pixel's centre: rarely, and by one sub-pixel.
        assert np.mean(face.coverage != coverage) < 0.01
        inside = (face.coverage == 1) & (coverage == 1)
        np.testing.assert_allclose(face.colour[inside], np.maximum(colour[inside], 0), atol=0.02)


def test_detail_is_not_explained_by_the_model() -> None:
    strong, none = (SceneRenderer(small_model(), scene_config(detail=value), 3) for value in (1.0, 0.0))
    scene = strong.scenes.scene(0, 1, family=NO_OCCLUDER)
    face = strong.render(scene).full_face & none.render(scene).full_face
    difference = np.abs(strong.compose(scene)[0] - none.compose(scene)[0])[face]
    assert difference.mean() > 0.005


def test_faces_are_neither_black_nor_burnt() -> None:
    levels = []
    for index in range(40):
        face = renderer().render(renderer().scenes.scene(0, index))
        levels.append(face.image[:, face.mask].mean() / 255)
    assert 0.3 < np.median(levels) < 0.7
    assert np.quantile(levels, 0.05) > 0.12


def test_teeth_show_in_an_open_mouth_only() -> None:
    marks = np.zeros((68, 3))
    marks[[36, 45], 0] = -43.5, 43.5
    marks[33], marks[8], marks[66, 1] = (0, -11.0, 26.0), (0, -92.5, 0.0), -10.0
    rotation, origin = np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 1000.0])
    scene, light = renderer().scenes.scene(0, 0), np.zeros((3, 9), np.float32)
    light[:, 0] = 1.0
    inside = mouth_inside(marks, rotation, origin, 1000.0, 1.0, scene, light)
    upper, lower = inside[18], inside[19]
    assert upper - lower > 8

    def seen(height: float, depth: float = 1100.0) -> np.ndarray:
        colour = np.array([0.1, 0.05, 0.05], np.float32)
        paint_mouth(0.3, -height * 2000.0 / (1000.0 - 15.0), depth, inside, colour)
        return colour

    assert seen(upper + 4).min() > 0.3
    assert seen(lower - 4).min() > 0.2
    gap = seen((upper + lower) / 2)
    assert gap[0] > 1.5 * gap[2]
    # What is before the teeth hides them.
    assert seen(upper + 4, depth=900.0).max() < 0.11


def test_distractors_hide_nothing_and_both_twins_have_them() -> None:
    rng_draws = 0
    for index in range(30):
        scene = renderer().scenes.scene(0, index, family=NO_OCCLUDER)
        light, face, layer = renderer().compose(scene)
        assert layer is None
        rng_draws += scene.stream(Factor.DISTRACTOR).random() < DISTRACTED_FRACTION
        shade = draw_shade(SIZE, scene.stream(Factor.SHADE))
        whole = face.coverage == 1
        expected = face.colour if shade is None else face.colour * shade[..., None]
        np.testing.assert_allclose(light[whole], expected[whole], atol=1e-5)
    assert rng_draws > 1
