from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from experiments.reconstruction.detail_panels import panels
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.photos import align
from tests.tools.bump_targets.known_relief import SPOILT, gain, known_face, target_of
from tests.tools.bump_targets.photos import rendered
from tools.bump_targets.detail_target import TargetMaker
from tools.bump_targets.quality_control import QualityLimits, fine_contrast, foundation_fault, target_fault
from tools.bump_targets.settings import TargetSettings

LIMITS = QualityLimits()


@cache
def maker() -> TargetMaker:
    return TargetMaker(TargetSettings(side=128, refine=0))


@cache
def good() -> DetailFoundation:
    return maker().foundation(*rendered(0))


def test_a_clean_photo_passes_and_its_target_too() -> None:
    face = good()
    assert foundation_fault(face, LIMITS) is None
    target = maker().target(face)
    assert target_fault(target, LIMITS) is None
    torch.testing.assert_close(target.bump, torch.where(face.skin, face.depth - target.shading.depth, 0.0))
    assert [tuple(tile.shape) for tile in panels(face, target.bump, face.skin)] == [(3, 128, 128)] * 4
    assert [tuple(tile.shape) for tile in panels(face, None, face.skin)] == [(3, 128, 128)] * 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda f: {"crop": replace(f.crop, scale=4.0)}, "too small"),
        (lambda f: {"misfit": 0.05}, "beside the face"),
        (lambda f: {"skin": f.skin & (torch.arange(128) < 55)}, "too little skin"),
        (lambda f: {"skin": torch.zeros_like(f.skin)}, "too little skin"),
        (lambda f: {"image": (f.image * 3).clamp(0, 1)}, "overexposed"),
        (lambda f: {"image": f.image * 0.1}, "underexposed"),
        (lambda f: {"image": torch.nn.functional.avg_pool2d(f.image[None], 15, 1, 7)[0]}, "blurred"),
    ],
)
def test_spoilt_photos_are_told_by_their_kind(change, why: str) -> None:
    fault = foundation_fault(replace(good(), **change(good())), LIMITS)
    assert fault is not None
    assert why in fault.why
    assert any(character.isdigit() for character in fault.text)


def test_noise_is_no_relief() -> None:
    target = maker().target(good())
    noise = torch.randn(128, 128, generator=torch.Generator().manual_seed(0))
    rough = target.face.depth - torch.where(good().skin, 0.8 * noise, 0.0)
    fault = target_fault(replace(target, shading=replace(target.shading, depth=rough)), LIMITS)
    assert fault is not None
    assert "noise" in fault.why


def test_bumps_and_residuals_beyond_their_limits_are_told() -> None:
    target = maker().target(good())
    fault = target_fault(replace(target, bump=target.bump + 4), replace(LIMITS, turn=180.0))
    assert fault is not None
    assert fault.why == "the bumps are too large"
    fault = target_fault(replace(target, bump=target.bump * 0), LIMITS)
    assert fault is not None
    assert fault.why == "shape from shading finds no relief"
    fault = target_fault(target, replace(LIMITS, residual=1e-5))
    assert fault is not None
    assert fault.why == "shading does not explain the photo"
    broken = replace(target, shading=replace(target.shading, residual=target.shading.residual * float("nan")))
    assert target_fault(broken, LIMITS) is not None


def test_fine_contrast_by_hand() -> None:
    skin = torch.ones(500, 500, dtype=torch.bool)
    flat = torch.full((500, 500), 0.4)
    assert fine_contrast(flat, skin) < 1e-5
    stripes = flat + 0.1 * torch.cos(torch.arange(500) * np.pi)  # each pixel another: the Gaussian removes all
    assert fine_contrast(stripes, skin) == pytest.approx(0.25, rel=1e-2)


def test_refinement_brings_the_foundation_onto_the_face() -> None:
    photo, landmarks = rendered(1)
    refining = copy(maker())  # the same networks, which take long to read
    refining.settings = replace(refining.settings, refine=2)
    assert refining.foundation(photo, landmarks).misfit < maker().foundation(photo, landmarks).misfit
    assert align(landmarks).size == 224


@pytest.mark.slow
@pytest.mark.parametrize("seed", [35, 36])
def test_targets_that_are_worse_than_none_are_left_out(seed: int) -> None:
    """The limits were set on seeds 31 to 34; of the unspoilt faces the targets are kept."""
    known, face = known_face(seed)
    clean = target_of(face)
    assert target_fault(clean, LIMITS) is None
    assert gain(known, clean) > 0.002
    worse = 0
    for name, spoil in SPOILT.items():
        target = target_of(face, spoil)
        if gain(known, target) < -0.001:
            worse += 1
            assert target_fault(target, LIMITS) is not None, name
    assert worse > 0
