"""Patches over training images, as trainings under a true mask use them: cutout and cutmix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from seethrough.errors import SeethroughError


@dataclass
class AugmentationConfig:
    """Rectangles that hide a part of the training images, from the initialisation on."""

    kind: Literal["none", "cutout", "cutmix"] = "none"
    """`cutout` erases rectangles (DeVries and Taylor 2017), `cutmix` pastes the same rectangle of another image of the
    batch (Yun et al. 2019); either takes them out of the true mask."""
    probability: float = 0.5
    """Share of the images that get one."""
    rectangles: int = 1
    """How many rectangles such an image gets."""
    smallest: float = 0.02
    """Smallest area of a rectangle, as a share of the image."""
    largest: float = 0.3
    """Largest area of a rectangle, as a share of the image."""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"augmentation.probability={self.probability} must lie in [0, 1]")
        if not 0 < self.smallest <= self.largest <= 1:
            raise ValueError(
                f"augmentation.smallest={self.smallest} and largest={self.largest} must be shares of the image, "
                "0 < smallest <= largest <= 1"
            )
        if self.rectangles < 1:
            raise ValueError(f"augmentation.rectangles={self.rectangles} must be at least 1")


def augment(config: AugmentationConfig, batch: dict[str, Any], key: int) -> dict[str, Any]:
    """Return the batch with rectangles over its images, which are no visible face any more in ``mask``.

    Landmarks and truth stay: a detector still says where a hidden face is. The batch that came in is left as it is.

    Args:
        config: what to do.
        batch: with ``image`` (B, 3, H, W) and ``mask`` (B, 1, H, W).
        key: all randomness comes from it.

    Raises:
        SeethroughError: there is no true mask to keep in step.
    """
    if config.kind == "none":
        return batch
    if "mask" not in batch:
        raise SeethroughError(
            f"model.augmentation.kind={config.kind} needs true masks: use synthetic data, or augmentation.kind=none"
        )
    image, mask = batch["image"], batch["mask"]
    count, _, height, width = image.shape
    generator = torch.Generator().manual_seed(key)
    hidden = random_rectangles(config, count, height, width, generator, image.device)
    if config.kind == "cutout":
        # The mean colour is what zero is where images are normalised.
        replacement = image.mean((2, 3), keepdim=True).expand_as(image)
    else:
        replacement = image[_other_images(count, generator).to(image.device, non_blocking=True)]
    return {**batch, "image": torch.where(hidden, replacement, image), "mask": mask.masked_fill(hidden, 0.0)}


def random_rectangles(
    config: AugmentationConfig,
    count: int,
    height: int,
    width: int,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return (count, 1, height, width) bool, where each image is hidden.

    Areas are uniform between the smallest and the largest, aspect ratios log-uniform between 1/3 and 3, centres uniform
    over the image; what lies outside of it is cut off.
    """

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, config.rectangles, generator=generator)

    area, aspect = uniform(config.smallest, config.largest), 3 ** uniform(-1.0, 1.0)
    tall, wide = (area * aspect).sqrt() * height, (area / aspect).sqrt() * width
    # Drawn on the CPU, so that every device hides the same pixels.
    rows = _inside(uniform(0.0, height), tall, height)
    columns = _inside(uniform(0.0, width), wide, width)
    rows &= (torch.rand(count, generator=generator) < config.probability)[:, None, None]
    rows, columns = rows.to(device, non_blocking=True), columns.to(device, non_blocking=True)
    return (rows[..., :, None] & columns[..., None, :]).any(1, keepdim=True)


def _inside(centre: Tensor, length: Tensor, size: int) -> Tensor:
    """Return (B, N, size) bool, the pixels whose centres lie within the interval."""
    pixels = torch.arange(size) + 0.5
    return (pixels - centre[..., None]).abs() <= length[..., None] / 2


def _other_images(count: int, generator: torch.Generator) -> Tensor:
    """Return (count,) indices, a random cycle through all images: none gets its own (unless it is alone)."""
    order = torch.randperm(count, generator=generator)
    partner = torch.empty_like(order)
    partner[order] = order.roll(1)
    return partner
