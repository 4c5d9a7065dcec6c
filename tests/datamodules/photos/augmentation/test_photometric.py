from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from datamodules.photos.augmentation import AugmentationConfig, augmented
from tests.datamodules.photos.augmentation.pictures import disc, points, smooth_picture

pytest.importorskip("albumentations")

SIZE = 48
STORED = (smooth_picture(SIZE), disc(SIZE, 15), points(SIZE))
PLAIN = augmented(*STORED, None, (0, 0, 0), SIZE, 1.0)


def draw(index: int = 0, **settings: float | str) -> tuple[Tensor, Tensor, Tensor]:
    config = AugmentationConfig(**settings)  # pyright: ignore
    image, mask, landmarks = augmented(*STORED, config, (1, 0, index), SIZE, 1.0)
    assert mask is not None
    return image, mask, landmarks


def roughness(image: Tensor) -> float:
    return float((image[:, :, 1:] - image[:, :, :-1]).square().mean())


CHANGES: dict[str, tuple[float, Callable[[Tensor, Tensor], bool]]] = {
    "brightness": (0.3, lambda new, old: abs(float((new - old).mean())) > 0.01),
    "contrast": (0.5, lambda new, old: abs(float(new.std() / old.std()) - 1) > 0.01),
    "gamma": (0.5, lambda new, old: bool(((new - old)[old.sub(0.5).abs() < 0.2]).abs().mean() > 0.005)),
    "saturation": (0.8, lambda new, old: abs(float((new.std(0).mean()) / old.std(0).mean()) - 1) > 0.01),
    "hue": (60.0, lambda new, old: bool((new.amax(0) - old.amax(0)).abs().mean() < 0.01 < (new - old).abs().mean())),
    "grey": (1.0, lambda new, old: bool((new.amax(0) - new.amin(0)).max() == 0)),
    "blur": (8.0, lambda new, old: roughness(new) < 0.95 * roughness(old)),
    "noise": (0.2, lambda new, old: roughness(new) > 1.05 * roughness(old)),
    "compression": (90, lambda new, old: 0.002 < float((new - old).abs().mean()) < 0.1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_does_what_it_is_called_and_moves_nothing(name: str) -> None:
    amount, changed = CHANGES[name]
    seen = []
    for index in range(6):
        image, mask, landmarks = draw(index, photometric_share=1.0, **{name: amount})
        assert image.shape == (3, SIZE, SIZE) and image.dtype == torch.float32
        assert 0 <= image.min() and image.max() <= 1
        assert torch.equal(mask, PLAIN[1]) and torch.equal(landmarks, PLAIN[2])  # pyright: ignore
        seen.append(changed(image, PLAIN[0]))
    assert sum(seen) >= 4  # a draw may be close to no change
    assert all(seen) or name != "grey"


@pytest.mark.parametrize("fill", ["black", "colour", "noise"])
def test_a_hole_takes_image_and_mask_and_leaves_landmarks(fill: str) -> None:
    plain = PLAIN[1]
    assert plain is not None
    for index in range(5):
        image, mask, landmarks = draw(index, cutout=1.0, cutout_fill=fill, cutout_smallest=0.25, cutout_largest=0.35)
        assert torch.equal(landmarks, PLAIN[2])
        hole = ((image * 255).round() != (PLAIN[0] * 255).round()).any(0)
        rows, columns = (torch.nonzero(hole.any(axis)).flatten() for axis in (1, 0))
        height, width = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
        assert 0.2 * SIZE < height < 0.4 * SIZE and 0.2 * SIZE < width < 0.4 * SIZE
        assert hole.float().sum() > 0.95 * height * width  # noise may hit the colour that was there
        box = torch.zeros(SIZE, SIZE, dtype=torch.bool)
        box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
        assert torch.equal(mask[0], torch.where(box, 0.0, plain[0]))
        spread = image[:, box].std(1)
        assert (spread > 0.1).all() if fill == "noise" else (spread == 0).all()


def test_shares_are_kept_and_changes_come_independently() -> None:
    settings = {"brightness": 0.3, "grey": 0.5, "cutout": 0.25, "photometric_share": 0.5, "cutout_fill": "colour"}
    happened = []
    for index in range(300):
        image, mask, _ = draw(index, **settings)
        grey = bool(((image.amax(0) - image.amin(0)) == 0).float().mean() > 0.5)
        brighter = abs(float(image[:, mask[0] > 0.9].mean() - PLAIN[0][:, mask[0] > 0.9].mean())) > 0.015
        hole = not torch.equal(mask, PLAIN[1])  # pyright: ignore
        happened.append((brighter, grey, hole))
    shares = np.mean(happened, axis=0)
    # brightness is drawn around zero and the smallest changes do not count; some holes miss the face
    assert 0.35 < shares[0] < 0.55 and shares[1] == pytest.approx(0.5, abs=0.1) and 0.12 < shares[2] < 0.3
    correlation = np.corrcoef(np.array(happened, float), rowvar=False)[np.triu_indices(3, 1)]
    assert np.abs(correlation).max() < 0.2


def test_one_change_leaves_the_draws_of_another() -> None:
    for index in range(12):
        alone = draw(index, cutout=0.6)[1]
        accompanied = draw(index, cutout=0.6, noise=0.1, hue=10.0, photometric_share=1.0)[1]
        assert torch.equal(alone, accompanied)
