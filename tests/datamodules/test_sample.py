from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from datamodules.sample import check_sample


def sample(number: int = 0) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(number)
    mask = torch.zeros(1, 6, 8)
    mask[:, 2:4] = 1
    sizes = {"identity": 3, "expression": 2, "albedo": 2, "illumination": 27, "rotation": 3, "translation": 3}
    return {
        "image": torch.rand(3, 6, 8, generator=generator),
        "landmarks": torch.rand(68, 2, generator=generator) * 8,
        "mask": mask,
        "id": f"face-{number}",
        "identity": torch.tensor(number),
        "truth": {
            "parameters": {name: torch.randn(size, generator=generator) for name, size in sizes.items()},
            "landmarks": torch.rand(68, 2, generator=generator),
            "landmark_visible": torch.ones(68, dtype=torch.bool),
            "full_face": torch.ones(1, 6, 8),
            "occluder": torch.tensor(1),
            "occluder_name": "glasses",
            "model": "open",
            "subset": "clean",
            "twin": "",
        },
    }


def test_a_good_sample_passes() -> None:
    check_sample(sample())
    plain = {key: sample()[key] for key in ("image", "landmarks", "id")}
    check_sample(plain)
    check_sample({**plain, "subset": "glasses"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("landmarks"), "lacks 'landmarks'"),
        (lambda s: s.update(masks=s["mask"]), "unknown key 'masks'"),
        (lambda s: s.update(id="a/b"), "id must be a non-empty string"),
        (lambda s: s.update(image=s["image"].double()), "image must be a .* torch.float32 tensor, it is"),
        (lambda s: s.update(image=s["image"] * 255), r"image must be within \[0, 1\]"),
        (lambda s: s.update(landmarks=s["landmarks"][:67]), r"landmarks must be a \(68, 2\)"),
        (lambda s: s["landmarks"].fill_(torch.nan), "landmarks must be finite"),
        (lambda s: s.update(mask=s["mask"][:, :, :5]), r"mask must be a \(1, 6, 8\)"),
        (lambda s: s.update(identity=3), "identity must be a"),
        (lambda s: s.update(subset=None), "subset must be a string"),
        (lambda s: s["truth"].pop("twin"), "truth.twin must be there"),
        (lambda s: s["truth"]["parameters"].pop("albedo"), "truth.parameters.albedo must be there"),
        (lambda s: s["truth"]["full_face"].zero_(), "mask must be inside truth.full_face"),
    ],
)
def test_a_bad_sample_is_named_with_its_fault(change: Any, words: str) -> None:
    bad = copy.deepcopy(sample())
    change(bad)
    with pytest.raises(ValueError, match=words):
        check_sample(bad)
