"""Loss, augmentation and learning rate of the bump method."""

from __future__ import annotations

import pytest
import torch

from lightning_modules.bump.augmentation import augment
from lightning_modules.bump.config import BumpAugmentationConfig, BumpLossConfig
from lightning_modules.bump.objective import BumpObjective
from lightning_modules.optimisation import build_optimiser, learning_rate
from lightning_modules.training_config import OptimiserConfig
from seethrough.networks.bump_translator import Translation
from tests.lightning_modules.bump.small_bumps import batch_of


def flat_batch() -> dict[str, torch.Tensor]:
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 1:3, 1:3] = 1
    return {"bump": torch.full((1, 1, 4, 4), 2.0), "mask": mask}


def test_the_background_is_no_bump() -> None:
    batch, none = flat_batch(), Translation(torch.zeros(1, 1, 4, 4), None)
    terms = BumpObjective(BumpLossConfig(unit="mm"))(none, batch)
    assert terms["difference"].item() == pytest.approx(4 * 2 / 16)
    assert terms["gradient"].item() == pytest.approx(2 * (4 * 2 / 12))
    inside = BumpObjective(BumpLossConfig(unit="mm", region="face", gradient=3.0))(none, batch)
    assert inside["difference"].item() == pytest.approx(2)
    assert inside["gradient"].item() == 0


def test_the_networks_unit_is_that_of_the_release() -> None:
    batch, none = flat_batch(), Translation(torch.zeros(1, 1, 4, 4), None)
    terms = BumpObjective(BumpLossConfig(region="face"))(none, batch)
    assert terms["difference"].item() == pytest.approx(2 * 9.6 * 2 / 255)


def test_l1_alone_has_one_term() -> None:
    terms = BumpObjective(BumpLossConfig(gradient=0))(Translation(torch.zeros(1, 1, 4, 4), None), flat_batch())
    assert list(terms) == ["difference"]


def test_the_mask_head_learns_the_mask() -> None:
    batch = flat_batch()
    right = Translation(torch.zeros(1, 1, 4, 4), batch["mask"])
    wrong = Translation(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
    objective = BumpObjective(BumpLossConfig())
    assert objective(right, batch)["mask_difference"].item() == 0
    assert objective(wrong, batch)["mask_difference"].item() == pytest.approx(0.1 * 4 / 16)
    assert objective(wrong, batch)["mask_gradient"].item() == pytest.approx(0.1 * 2 * 4 / 12)


def test_all_maps_of_an_image_are_mirrored_together() -> None:
    batch = batch_of(16)
    changed = augment(BumpAugmentationConfig(flip=True), batch, key=5)
    mirrored = [not torch.equal(changed["image"][k], batch["image"][k]) for k in range(16)]
    assert 2 < sum(mirrored) < 14
    for k, turned in enumerate(mirrored):
        for name in ("image", "bump", "mask", "depth"):
            expected = batch[name][k].flip(-1) if turned else batch[name][k]
            assert torch.equal(changed[name][k], expected)
    again = augment(BumpAugmentationConfig(flip=True), batch, key=5)
    assert torch.equal(again["image"], changed["image"])


def test_tones_change_the_image_alone() -> None:
    batch = batch_of(4)
    settings = BumpAugmentationConfig(exposure=0.2, gamma=0.2, colour=0.05)
    changed = augment(settings, batch, key=1)
    assert torch.equal(changed["bump"], batch["bump"])
    assert not torch.equal(changed["image"], batch["image"])
    assert ((changed["image"] >= 0) & (changed["image"] <= 1)).all()
    assert augment(BumpAugmentationConfig(), batch, key=1)["image"] is batch["image"]


def test_rates_of_the_paper() -> None:
    config = OptimiserConfig()
    rates = [learning_rate(config, 0, 0, epoch) for epoch in (0, 49, 50, 99, 100, 149)]
    assert rates == pytest.approx([1e-4, 1e-4, 1e-5, 1e-5, 1e-6, 1e-6])


def test_a_cosine_falls_after_the_warmup() -> None:
    config = OptimiserConfig(learning_rate=1.0, shape="cosine", warmup_steps=10, final_fraction=0.1)
    assert learning_rate(config, 4, 1000, 0) == pytest.approx(0.5, rel=0.01)
    assert learning_rate(config, 500, 1000, 0) == pytest.approx(0.55)
    assert learning_rate(config, 1000, 1000, 0) == learning_rate(config, 2000, 1000, 0) == pytest.approx(0.1)
    assert learning_rate(OptimiserConfig(shape="constant"), 10**6, 1, 10**6) == 1e-4


@pytest.mark.parametrize("algorithm", ["sgd", "adamw"])
def test_optimisers_step(algorithm: str) -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    config = OptimiserConfig(algorithm, learning_rate=0.1, momentum=0.9, weight_decay=0.01)  # pyright: ignore
    optimiser = build_optimiser([weight], config)
    weight.sum().backward()
    optimiser.step()
    assert weight.max() < 1 and optimiser.param_groups[0]["weight_decay"] == 0.01
