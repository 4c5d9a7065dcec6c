from __future__ import annotations

import numpy as np
import pytest

from datamodules.synthetic.config import SyntheticConfig
from datamodules.synthetic.datamodule import SPLITS, split_spec
from datamodules.synthetic.families import OCCLUDER_FAMILIES, UNSEEN_FAMILIES
from datamodules.synthetic.generator import SceneRenderer
from datamodules.synthetic.light import random_illumination
from datamodules.synthetic.scene import SceneSampler
from datamodules.synthetic.textures import TEXTURE_SIZE, TextureBank
from datamodules.synthetic.unseen import UNSEEN_OCCLUDERS
from datamodules.synthetic.unseen.light import unseen_illumination
from datamodules.synthetic.unseen.textures import unseen_texture
from seethrough.errors import SeethroughError
from tests.datamodules.synthetic.scenes import scene_config, small_model


@pytest.fixture(scope="module")
def foreign() -> SceneRenderer:
    scene = scene_config(occluded_fraction=1.0).unseen()
    return SceneRenderer(small_model(), scene, (5, 3))


def families(split: str) -> set[str]:
    spec = split_spec(SyntheticConfig(scene=scene_config(), size=200), split)
    sampler = SceneSampler(small_model(), spec.scene, spec.seed)
    return {spec.scene_of(sampler, row).family for row in range(160)} - {"none"}


def test_families_of_the_splits() -> None:
    for split in SPLITS:
        expected = UNSEEN_FAMILIES if split == "out_of_distribution" else OCCLUDER_FAMILIES
        assert families(split) == set(expected), split
    assert not set(OCCLUDER_FAMILIES) & set(UNSEEN_FAMILIES)
    assert tuple(UNSEEN_OCCLUDERS) == UNSEEN_FAMILIES


def test_an_unseen_family_cannot_be_asked_for_in_training() -> None:
    with pytest.raises(SeethroughError, match="unknown occluder family 'headset': choose from glasses"):
        scene_config(occluders={"headset": 1.0}).check()
    with pytest.raises(SeethroughError, match="unknown occluder family 'hand': choose from headset"):
        scene_config(domain="unseen", occluders={"hand": 1.0}).check()


@pytest.mark.parametrize("family", UNSEEN_FAMILIES)
def test_twins(foreign: SceneRenderer, family: str) -> None:
    hidden = []
    for index in range(5):
        scene = foreign.scenes.scene(0, index, family=family)
        light, face, layer = foreign.compose(scene)
        plain, same_face, _ = foreign.compose(scene.without_occluder())
        assert layer is not None
        np.testing.assert_array_equal(face.coverage, same_face.coverage)
        untouched = (layer.alpha == 0) & (layer.shadow == 0)
        np.testing.assert_array_equal(light[untouched], plain[untouched])
        occluded, free = foreign.render(scene), foreign.render(scene.without_occluder())
        np.testing.assert_array_equal(occluded.mask, free.mask & (layer.alpha < 0.5))
        hidden.append(1 - occluded.mask.sum() / free.mask.sum())
    assert 0.02 < np.mean(hidden) < 0.75


def test_the_person_in_a_scene_does_not_depend_on_the_domain() -> None:
    seen, unseen = (SceneSampler(small_model(), scene, 3) for scene in (scene_config(), scene_config().unseen()))
    for index in range(4):
        one, other = seen.scene(0, index), unseen.scene(0, index)
        for factor in ("identity", "expression", "albedo", "rotation", "translation"):
            np.testing.assert_array_equal(getattr(one, factor), getattr(other, factor))
        assert not np.array_equal(one.illumination, other.illumination)


@pytest.mark.parametrize("grain", ["smooth", "cloudy", "fine", "strand", "cell", "stripe", "check", "shapes", "weave"])
def test_unseen_textures_are_full_and_periodic(grain: str) -> None:
    for seed in range(3):
        field = unseen_texture(grain, np.random.default_rng(seed))
        assert field.shape == (TEXTURE_SIZE, TEXTURE_SIZE)
        assert field.dtype == np.float32
        assert field.min() >= 0
        assert field.max() <= 1
        assert field.std() > 0.1
        inside = np.abs(np.diff(field, axis=0)).mean()
        assert np.abs(field[0] - field[-1]).mean() < 3 * inside + 0.15


def test_no_texture_is_shared_between_the_domains() -> None:
    seen, unseen = TextureBank(3), TextureBank(3, unseen_texture)
    assert seen.grains == unseen.grains
    correlation = [
        abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in zip(seen.fields, unseen.fields, strict=True)
    ]
    assert max(correlation) < 0.8


def test_unseen_light_is_more_coloured_than_training_light() -> None:
    def chroma(draw) -> float:
        lights = np.stack([draw(np.random.default_rng(seed)).reshape(3, 9)[:, 1:4] for seed in range(200)])
        return float(lights.std(1).mean())

    assert chroma(unseen_illumination) > 2 * chroma(random_illumination)
