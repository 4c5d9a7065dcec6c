"""Every setting of the recogniser of bump maps; defaults are the Extreme 3D paper's (Sec. 5.2), where it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lightning_modules.training_config import OptimiserConfig, ScheduleConfig

IMAGENET = "imagenet"


@dataclass
class AlexNetConfig:
    """AlexNet with batch normalisation, without dropout."""

    form: Literal["one_tower", "two_towers"] = "one_tower"
    """Channels and groups of the convolutions: those that torchvision's ImageNet weights fit, or those of 2012."""
    width: float = 1.0
    """Share of the form's channels."""
    hidden: list[int] = field(default_factory=lambda: [4096, 4096])
    """Units of the two hidden layers; the last is the descriptor."""
    kernel: int = 11
    """Side of the first convolution's filters, px."""
    stride: int = 4
    """Of the first convolution, px."""
    image_size: int = 224
    """Height and width of what the network sees, px."""
    field: float = 1.0
    """Share of the detail crop's side that is seen, in the middle."""
    margin: float = 256 / 224
    """Training pictures are cut out of views that are so many times as large; without training the middle is seen."""
    weights: str | None = None
    """What to begin at: `imagenet` (torchvision's, a download on first use), their path, or null for random weights."""

    def __post_init__(self) -> None:
        if not 0 < self.field <= 1 or self.margin < 1 or self.width <= 0:
            raise ValueError(
                f"network.field={self.field} must be in (0, 1], network.margin={self.margin} at least 1, "
                f"network.width={self.width} above 0"
            )
        if len(self.hidden) != 2 or min(self.hidden) < 1:
            raise ValueError(f"network.hidden={self.hidden} must be two numbers of units")
        if min(self.kernel, self.stride, self.image_size) < 1:
            raise ValueError("network.kernel, network.stride and network.image_size must be at least 1")


@dataclass
class ViewAugmentationConfig:
    """Changes of the training views, other ones in each step, beside being cut out anywhere (`network.margin`)."""

    flip: bool = False
    """Mirror half of the views; people are not symmetric."""


def _optimiser() -> OptimiserConfig:
    return OptimiserConfig(learning_rate=0.01, momentum=0.9, weight_decay=0.0005, decay_epochs=[10, 16])


@dataclass
class RecognitionConfig:
    """Who is it, by a bump map: softmax over the people of the training set (Tran et al., CVPR 2018, Sec. 5.2)."""

    network: AlexNetConfig = field(default_factory=AlexNetConfig)
    """The network."""
    optimiser: OptimiserConfig = field(default_factory=_optimiser)
    """How it is optimised; the paper does not say."""
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(epochs=20))
    """How long; the paper does not say."""
    augmentation: ViewAugmentationConfig = field(default_factory=ViewAugmentationConfig)
    """What is done to training views."""
    label_smoothing: float = 0.0
    """Share of the label that all people have."""

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing={self.label_smoothing} must be in [0, 1)")
