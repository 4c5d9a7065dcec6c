from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_modules.focus.augmentation import AugmentationConfig, augment, random_rectangles
from lightning_modules.step_key import Draw, step_key
from seethrough.errors import SeethroughError


def a_batch(count: int = 6, size: int = 20) -> dict:
    generator = torch.Generator().manual_seed(count)
    image = torch.rand(count, 3, size, size, generator=generator)
    return {"image": image, "mask": torch.rand(count, 1, size, size, generator=generator) * 0.9 + 0.1, "id": ["a"]}


kinds = st.sampled_from(["cutout", "cutmix"])
keys = st.integers(0, 2**63 - 1)


@given(kinds, keys, st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_what_is_hidden_is_no_face_and_the_rest_is_untouched(kind, key, rectangles):
    batch = a_batch()
    before = {name: batch[name].clone() for name in ("image", "mask")}
    config = AugmentationConfig(kind, probability=0.7, rectangles=rectangles)
    result = augment(config, batch, key)
    hidden = result["mask"] != batch["mask"]
    assert (result["mask"][hidden] == 0).all()
    changed = (result["image"] != batch["image"]).any(1, keepdim=True)
    assert not (changed & ~hidden).any() and (changed == hidden).float().mean() > 0.99
    assert all(torch.equal(batch[name], value) for name, value in before.items()), "the batch that came in"
    assert result["id"] is batch["id"]
    # what comes in is one colour, or another image at the same place
    for image, source, patch in zip(result["image"], batch["image"], hidden, strict=True):
        inside = image[:, patch[0]]
        if kind == "cutout":
            mean = source.mean((1, 2))
            assert torch.allclose(inside, mean[:, None].expand_as(inside), atol=1e-6)
        elif patch.any():
            others = [torch.equal(inside, other[:, patch[0]]) for other in batch["image"]]
            assert sum(others) == 1


@given(keys)
@settings(max_examples=20, deadline=None)
def test_the_key_alone_decides(key):
    config, batch = AugmentationConfig("cutmix", probability=1.0), a_batch()
    torch.manual_seed(0)
    first = augment(config, batch, key)
    torch.rand(3)
    second = augment(config, batch, key)
    assert torch.equal(first["image"], second["image"]) and torch.equal(first["mask"], second["mask"])
    assert not torch.equal(first["mask"], augment(config, batch, key ^ 1)["mask"])


@given(keys, st.floats(0.01, 0.3), st.floats(0.0, 0.6))
@settings(max_examples=40, deadline=None)
def test_rectangles_have_the_areas_asked_for(key, smallest, more):
    config = AugmentationConfig("cutout", 1.0, 1, smallest, smallest + more)
    generator = torch.Generator().manual_seed(key)
    hidden = random_rectangles(config, 16, 60, 60, generator)
    rows, columns = hidden.any(3)[:, 0], hidden.any(2)[:, 0]
    assert torch.equal(hidden[:, 0], rows[:, :, None] & columns[:, None, :])
    for side in (rows, columns):
        edges = (side[:, 1:] != side[:, :-1]).sum(1)
        assert (edges <= 2).all()
    # the border cuts areas, so only the upper limit is sharp; one pixel of rounding a side
    longest = ((smallest + more) * 3) ** 0.5 * 60 + 1
    assert (hidden.flatten(1).sum(1) <= (smallest + more) * 3600 + 2 * longest + 1).all()


def test_share_of_the_images_and_size_on_average():
    config = AugmentationConfig("cutout", 0.25, 1, 0.1, 0.1)
    hidden = random_rectangles(config, 4000, 40, 40, torch.Generator().manual_seed(0)).flatten(1).float().mean(1)
    assert (hidden > 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert hidden.max().item() == pytest.approx(0.1, abs=0.02)


def test_keys_differ_by_seed_step_process_and_purpose():
    parts = [(seed, step, rank, draw) for seed in (0, 1) for step in (0, 1) for rank in (0, 1) for draw in Draw]
    drawn = {step_key(*part) for part in parts}
    assert len(drawn) == len(parts) and all(0 <= key < 2**63 for key in drawn)
    assert step_key(3, 5, 1, Draw.NETWORKS) == step_key(3, 5, 1, Draw.NETWORKS)


def test_settings_and_data_that_do_not_fit():
    batch = a_batch()
    assert augment(AugmentationConfig(), batch, 0) is batch
    del batch["mask"]
    with pytest.raises(SeethroughError, match=r"augmentation\.kind=cutmix needs true masks"):
        augment(AugmentationConfig("cutmix"), batch, 0)
    for wrong in ({"probability": 1.5}, {"smallest": 0.0}, {"smallest": 0.5, "largest": 0.4}, {"rectangles": 0}):
        with pytest.raises(ValueError, match=r"augmentation\."):
            AugmentationConfig("cutout", **wrong)


def test_a_single_image_is_pasted_on_itself_and_still_loses_its_mask():
    batch = a_batch(1)
    result = augment(AugmentationConfig("cutmix", 1.0, 1, 0.2, 0.2), batch, 5)
    assert torch.equal(result["image"], batch["image"]) and (result["mask"] == 0).any()
