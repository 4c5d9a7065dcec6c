from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from datamodules.collation import collate
from datamodules.sample import true_parameters
from tests.datamodules.test_sample import sample


def test_collate_stacks_tensors_and_lists_texts() -> None:
    batch = collate([sample(0), sample(1)])
    assert batch["image"].shape == (2, 3, 6, 8)
    assert batch["id"] == ["face-0", "face-1"]
    assert batch["truth"]["occluder"].tolist() == [1, 1]
    torch.testing.assert_close(
        batch["truth"]["parameters"]["identity"][1], sample(1)["truth"]["parameters"]["identity"]
    )
    parameters = true_parameters(batch)
    assert parameters.sizes.as_list() == [3, 2, 2, 27, 3, 3]


def test_collate_passes_a_ready_batch_on() -> None:
    batch = collate([sample(0), sample(1)])
    assert collate(batch) == batch


def test_collate_names_the_sample_that_differs() -> None:
    without = sample(1)
    del without["truth"]["twin"]
    with pytest.raises(ValueError, match=r"'face-1' and sample 'face-0' do not both have: truth\.twin"):
        collate([sample(0), without])
    larger = sample(1)
    larger["image"] = torch.rand(3, 7, 8)
    with pytest.raises(ValueError, match=r"image of sample 'face-1' has shape \(3, 7, 8\)"):
        collate([sample(0), larger])
    with pytest.raises(ValueError, match="empty"):
        collate([])
    double = sample(1)
    double["landmarks"] = double["landmarks"].double()
    with pytest.raises(ValueError, match=r"landmarks of sample 'face-1' .*float64, that of sample 'face-0'"):
        collate([sample(0), double])


def test_a_value_of_another_kind_and_a_sample_too_many_are_told() -> None:
    for other in ("text", {"part": torch.zeros(1)}):
        strange = sample(1) | {"mask": other}
        for pair in ([sample(0), strange], [strange, sample(0)]):
            with pytest.raises(ValueError, match=r"mask of sample 'face-[01]' is of another kind"):
                collate(pair)
    with pytest.raises(ValueError, match="'face-2' is one more than the 2"):
        collate(iter([sample(0), sample(1), sample(2)]), 2)


def test_tensors_without_elements_and_of_no_dimension() -> None:
    samples = [{"none": torch.zeros(0), "grid": torch.zeros(0, 4), "one": torch.tensor(k)} for k in range(3)]
    batch = collate(samples)
    assert batch["none"].shape == (3, 0) and batch["grid"].shape == (3, 0, 4)
    assert batch["one"].tolist() == [0, 1, 2]


def test_a_batch_is_what_stacking_its_samples_gives() -> None:
    samples = [sample(number) for number in range(5)]
    batch = collate(samples)
    for key in ("image", "landmarks", "mask", "identity"):
        stacked = torch.stack([one[key] for one in samples])
        assert batch[key].dtype == stacked.dtype and torch.equal(batch[key], stacked)
    visible = torch.stack([one["truth"]["landmark_visible"] for one in samples])
    assert torch.equal(batch["truth"]["landmark_visible"], visible)
    assert batch["truth"]["landmark_visible"].dtype == torch.bool


def test_samples_may_come_one_by_one_and_fewer_than_said() -> None:
    batch = collate((sample(number) for number in range(3)), 8)
    assert batch["image"].shape == (3, 3, 6, 8) and batch["id"] == ["face-0", "face-1", "face-2"]
    assert torch.equal(batch["truth"]["parameters"]["albedo"][2], sample(2)["truth"]["parameters"]["albedo"])
    with pytest.raises(TypeError, match="count"):
        collate(sample(number) for number in range(3))


def test_a_sample_is_let_go_once_it_is_in_the_batch() -> None:
    alive: list[int] = []
    images: list[weakref.ref[Any]] = []

    def one_by_one() -> Iterator[dict[str, Any]]:
        for number in range(6):
            made = sample(number)
            images.append(weakref.ref(made["image"]))
            alive.append(sum(image() is not None for image in images))
            yield made

    collate(one_by_one(), 6)
    assert max(alive) <= 2
