from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from datamodules.synthetic.families import NO_OCCLUDER, OCCLUDER_FAMILIES, OCCLUDER_NAMES
from datamodules.synthetic.occluders import OCCLUDERS
from datamodules.synthetic.scene import SceneSampler, person_of
from datamodules.synthetic.streams import Factor, spread, stream
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel
from tests.datamodules.synthetic.scenes import scene_config, small_model

FIELDS = ("identity", "expression", "albedo", "illumination", "rotation", "translation")


def sampler(seed: int = 3, **changes: object) -> SceneSampler:
    return SceneSampler(small_model(), scene_config(**changes), seed)


def test_class_numbers_are_kept() -> None:
    assert OCCLUDER_NAMES == (
        "none",
        "glasses",
        "cloth",
        "hand",
        "fringe",
        "blob",
        "object",
        "text",
        "headset",
        "leaves",
        "cage",
        "scribble",
    )
    assert tuple(OCCLUDERS) == OCCLUDER_FAMILIES


def test_stream_values_are_kept() -> None:
    # Stored pools and published test sets depend on these numbers.
    drawn = stream(7, Factor.POSE, 1, 2).random(3)
    sequence = np.random.SeedSequence(7, spawn_key=(4, 1, 2))
    np.testing.assert_array_equal(drawn, np.random.Generator(np.random.PCG64(sequence)).random(3))
    assert [int(factor) for factor in Factor] == list(range(20))


def test_a_scene_is_a_function_of_its_key() -> None:
    one, other = sampler().scene(2, 5), sampler().scene(2, 5)
    np.testing.assert_array_equal(one.vector, other.vector)
    assert one.family == other.family
    for changed in (sampler().scene(2, 6), sampler().scene(1, 5), sampler(seed=4).scene(2, 5)):
        for field in ("identity", "illumination", "rotation"):
            assert not np.array_equal(getattr(one, field), getattr(changed, field))


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"pose": "wide"}, {"rotation", "translation"}),
        ({"identity_limit": 0.5}, {"identity"}),
        ({"occluded_fraction": 1.0, "occluders": {"hand": 1.0}}, {"family"}),
        ({"landmark_noise_px": 9.0}, set()),
        ({"detail": 0.0}, set()),
    ],
)
def test_changing_one_factor_re_rolls_no_other(change: dict[str, object], fields: set[str]) -> None:
    different = set()
    for index in range(12):
        one, other = sampler().scene(0, index), sampler(**change).scene(0, index)
        different |= {name for name in FIELDS if not np.array_equal(getattr(one, name), getattr(other, name))}
        different |= {"family"} if one.family != other.family else set()
    assert different == fields


def test_pictures_of_a_person_share_identity_and_albedo_only() -> None:
    scenes = [sampler(images_per_identity=3).scene(0, index) for index in range(6)]
    assert [scene.person for scene in scenes] == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(scenes[0].identity, scenes[2].identity)
    np.testing.assert_array_equal(scenes[0].albedo, scenes[2].albedo)
    assert not np.array_equal(scenes[0].rotation, scenes[1].rotation)
    assert not np.array_equal(scenes[2].identity, scenes[3].identity)
    assert scenes[0].stream(Factor.DETAIL).random() == scenes[2].stream(Factor.DETAIL).random()


def test_the_number_of_pictures_of_a_person_can_vary() -> None:
    config = scene_config(images_per_identity=2, images_per_identity_up_to=8)
    people = [person_of(config, index) for index in range(70)]
    counts = Counter(people)
    assert sorted(counts) == list(range(14))
    assert sorted(list(counts.values())[:7]) == sorted(list(counts.values())[7:]) == [2, 3, 4, 5, 6, 7, 8]
    assert people == sorted(people)
    made = sampler(images_per_identity=2, images_per_identity_up_to=8)
    for index in range(1, 20):
        one, other = made.scene(0, index - 1), made.scene(0, index)
        assert np.array_equal(one.identity, other.identity) == (people[index - 1] == people[index])


def test_wide_poses() -> None:
    made = sampler(pose="wide")
    angles = np.degrees([made.scene(0, index).rotation for index in range(400)])
    assert 45 < np.abs(angles[:, 1]).max() <= 80
    assert np.mean(np.abs(angles[:, 1]) > 45) == pytest.approx(0.3 * 35 / 80, abs=0.05)
    assert np.abs(angles[:, 0]).max() <= 20
    assert np.abs(angles[:, 2]).max() <= 15


def test_families_are_balanced_in_every_run_of_scenes() -> None:
    made = sampler(occluded_fraction=0.5)
    for start in (0, 137):
        counts = Counter(made.scene(0, index).family for index in range(start, start + 120))
        assert abs(counts[NO_OCCLUDER] - 60) <= 2
        assert all(abs(counts[name] - 60 / 7) <= 2 for name in OCCLUDER_FAMILIES)


def test_weights_of_families() -> None:
    made = sampler(occluded_fraction=1.0, occluders={"hand": 3.0, "cloth": 1.0, "blob": 0.0})
    counts = Counter(made.scene(0, index).family for index in range(200))
    assert set(counts) == {"hand", "cloth"}
    assert abs(counts["hand"] - 150) <= 3


def test_spread_covers_evenly() -> None:
    places = np.sort([spread(k, 1, 0) for k in range(100)])
    assert np.diff(places).max() < 0.02
    assert places.min() >= 0
    assert places.max() < 1


def test_distributions() -> None:
    made = sampler()
    scenes = [made.scene(0, index) for index in range(400)]
    identity = np.stack([scene.identity for scene in scenes])
    assert abs(identity.std() - 1) < 0.05
    assert np.abs(identity).max() <= 2.5
    rotation = np.stack([scene.rotation for scene in scenes])
    np.testing.assert_allclose(rotation.std(0), [0.13, 0.335, 0.1], rtol=0.15)
    assert np.abs(rotation[:, 1]).max() <= 0.95
    translation = np.stack([scene.translation for scene in scenes])
    np.testing.assert_allclose(translation.std(0), [2.9, 2.6, 27], rtol=0.15)
    # A crop is centred between landmarks: the head's origin moves to the side that the face looks to.
    assert np.corrcoef(translation[:, 0], rotation[:, 1])[0, 1] > 0.6
    neutral = np.mean([not scene.expression.any() for scene in scenes])
    assert 0.33 < neutral < 0.47


def test_named_expressions_are_used_where_a_model_has_them() -> None:
    model = small_model()
    units = {"mouthSmileLeft": torch.tensor([1.0, 0, 0, 0]), "mouthSmileRight": torch.tensor([0, 1.0, 0, 0])}
    values = {
        name: getattr(model, name)
        for name in (
            "mean",
            "identity_basis",
            "expression_basis",
            "albedo_mean",
            "albedo_basis",
            "triangles",
            "landmarks",
            "now_landmarks",
            "mirror",
            "uv",
        )
    }
    named = FaceModel(name="named", **values, regions=model.regions, expression_units=units)
    made = SceneSampler(named, scene_config(), 3)
    drawn = np.stack([made.scene(0, index).expression for index in range(60)])
    assert not drawn[:, 2:].any()
    smiling = drawn[drawn.any(1)]
    assert (smiling >= 0).all()
    assert smiling.max() > 0.5
    assert np.mean((smiling[:, :2] > 0).all(1)) > 0.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_size": 8}, "image_size=8"),
        ({"occluded_fraction": 1.5}, "between 0 and 1"),
        ({"occluders": {"hat": 1.0}}, "unknown occluder family 'hat': choose from glasses"),
        ({"occluders": {"hand": -1.0}}, "negative"),
        ({"occluders": {}}, "no occluder family has a weight"),
        ({"images_per_identity": 0}, "at least 1"),
        ({"images_per_identity": 4, "images_per_identity_up_to": 3}, "images_per_identity_up_to=3 is below"),
    ],
)
def test_settings_that_make_no_scene(change: dict[str, object], words: str) -> None:
    with pytest.raises(SeethroughError, match=words):
        scene_config(**change).check()


def test_the_twin_differs_in_its_family_only() -> None:
    scene = sampler(occluded_fraction=1.0).scene(0, 4)
    twin = scene.without_occluder()
    assert twin.family == NO_OCCLUDER
    np.testing.assert_array_equal(replace(twin, family=scene.family).vector, scene.vector)
