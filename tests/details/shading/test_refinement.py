from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from seethrough.details.shading import PRESETS, ShadingSettings, refine_depth
from seethrough.errors import SeethroughError
from seethrough.rendering import Camera
from tests.details.shading.wrinkled_face import WrinkledFace, wrinkled_face


@pytest.fixture(scope="module")
def face() -> WrinkledFace:
    return wrinkled_face(4, 250, texture=0.01)


def closeness_to_truth(face: WrinkledFace, settings: ShadingSettings) -> tuple[float, float]:
    """Return correlation with the true bump and its RMSE, mm."""
    result = refine_depth(face.image, face.depth, face.mask, face.camera, settings)
    found, truth = result.bump[face.mask], face.bump[face.mask]
    return float(torch.corrcoef(torch.stack([found, truth]))[0, 1]), float((found - truth).square().mean().sqrt())


def assert_better(face: WrinkledFace, *, correlation: float, error: float, lead: float) -> None:
    """Check the default against doing nothing and against the released parameters.

    Args:
        face: picture and truth.
        correlation: that it must have.
        error: most RMSE, relative to doing nothing.
        lead: in correlation over the released parameters.
    """
    found, remaining = closeness_to_truth(face, ShadingSettings())
    assert found > correlation
    assert remaining < error * float(face.bump[face.mask].square().mean().sqrt())
    for name in ("kinect", "ivcam"):
        other, other_remaining = closeness_to_truth(face, PRESETS[name])
        assert found > other + lead
        assert remaining < other_remaining


def test_the_default_finds_wrinkles_better_than_the_released_parameters_and_than_nothing(face: WrinkledFace) -> None:
    assert_better(face, correlation=0.2, error=0.985, lead=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_same_at_full_size_on_mottled_skin(seed: int) -> None:
    """Mottle of 3 % is three times as strong as the shading of wrinkles: the gain is small, and there all the same."""
    assert_better(wrinkled_face(seed), correlation=0.12, error=0.997, lead=0.05)


def test_albedo_takes_up_the_shading_with_the_parameters_for_small_depth_errors(face: WrinkledFace) -> None:
    rough, smooth = (
        refine_depth(face.image, face.depth, face.mask, face.camera, PRESETS[name]).albedo
        for name in ("ivcam", "default")
    )
    interior = face.mask[:, 1:] & face.mask[:, :-1]

    def roughness(albedo: torch.Tensor) -> float:
        return float((albedo[:, 1:] - albedo[:, :-1])[interior].abs().mean())

    assert roughness(rough) > 2 * roughness(smooth)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_result_takes_the_photo_apart(face: WrinkledFace, name: str) -> None:
    settings = replace(PRESETS[name], darkening=0.0)
    result = refine_depth(face.image, face.depth, face.mask, face.camera, settings)
    predicted = result.albedo * result.shading + result.local_light
    torch.testing.assert_close((predicted - result.brightness)[face.mask], result.residual[face.mask])
    torch.testing.assert_close(result.depth, face.depth - result.bump)
    outside = ~face.mask
    assert torch.equal(result.depth[outside], face.depth[outside])
    for values in (result.bump, result.local_light, result.residual, result.shading):
        assert float(values[outside].abs().max()) == 0
    assert bool((result.albedo[outside] == 1).all())
    assert all(later < earlier for earlier, later in pairwise(result.energies))
    assert len(result.light) == (9 if name == "default" else 4)


def test_what_lies_outside_the_mask_has_no_say(face: WrinkledFace) -> None:
    image, depth = face.image.clone(), face.depth.clone()
    image[:, ~face.mask], depth[~face.mask] = 0.9, float("nan")
    plain = refine_depth(face.image, face.depth, face.mask, face.camera)
    changed = refine_depth(image, depth, face.mask, face.camera)
    torch.testing.assert_close(changed.bump, plain.bump)


def test_a_part_of_the_picture_has_the_same_bump_as_the_whole(face: WrinkledFace) -> None:
    whole = refine_depth(face.image, face.depth, face.mask, face.camera)
    top, left, height, width = 5, 10, 240, 235
    part = (slice(top, top + height), slice(left, left + width))
    assert int(face.mask[part].sum()) == int(face.mask.sum())
    camera = Camera(face.camera.focal, height, width, principal=(125.0 - left, 125.0 - top))
    cut = refine_depth(face.image[:, part[0], part[1]], face.depth[part], face.mask[part], camera)
    torch.testing.assert_close(cut.bump, whole.bump[part])


def test_white_and_black_pixels_say_nothing(face: WrinkledFace) -> None:
    spot = (slice(60, 66), slice(118, 124))
    assert bool(face.mask[spot].all())

    def difference(settings: ShadingSettings) -> float:
        bumps = []
        for value in (1.0, 0.0):
            image = face.image.clone()
            image[:, spot[0], spot[1]] = value
            bumps.append(refine_depth(image, face.depth, face.mask, face.camera, settings).bump)
        return float((bumps[0] - bumps[1])[50:76, 108:134].abs().mean())

    assert difference(ShadingSettings()) < 0.1 * difference(replace(ShadingSettings(), outlier_contrast=0.0))


def test_grey_photos_are_as_good_as_their_colours(face: WrinkledFace) -> None:
    grey = face.image.mean(0)
    colour = refine_depth(grey.expand(3, -1, -1), face.depth, face.mask, face.camera)
    torch.testing.assert_close(
        refine_depth(grey, face.depth, face.mask, face.camera).bump, colour.bump, atol=1e-3, rtol=0
    )


def test_mistakes_are_told(face: WrinkledFace) -> None:
    maps = (face.image, face.depth)
    with pytest.raises(SeethroughError, match="mask is empty"):
        refine_depth(*maps, torch.zeros_like(face.mask), face.camera)
    with pytest.raises(SeethroughError, match="depth must be positive and finite"):
        refine_depth(face.image, torch.zeros_like(face.depth), face.mask, face.camera)
    with pytest.raises(ValueError, match="camera's size"):
        refine_depth(*maps, face.mask, face.camera.resized(100))
    with pytest.raises(ValueError, match=r"\(3, H, W\) image"):
        refine_depth(face.image[:2], face.depth, face.mask, face.camera)


@pytest.mark.gpu
def test_the_gpu_finds_the_same(face: WrinkledFace) -> None:
    maps = (face.image, face.depth, face.mask)
    there = refine_depth(*(values.cuda() for values in maps), face.camera)
    torch.testing.assert_close(there.bump.cpu(), refine_depth(*maps, face.camera).bump, atol=2e-3, rtol=0)
