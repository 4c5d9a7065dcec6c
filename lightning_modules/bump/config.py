"""Every setting of the bump translator; defaults are those of the Extreme 3D paper (Sec. 4.1, A.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lightning_modules.training_config import OptimiserConfig, ScheduleConfig


@dataclass
class TranslatorConfig:
    """The network."""

    width: int = 16
    """Channels of the first block; they double from block to block."""
    depth: int = 7
    """Encoder blocks."""
    maximum_width: int | None = None
    """Channels of a block at most; null for no limit."""
    upsampling: Literal["resize", "transposed", "transposed_3x3"] = "resize"
    """How the decoder grows: nearest-neighbour resizing and a convolution (paper), or a transposed convolution of 4x4,
    or of 3x3, which has as many parameters as the paper's."""
    mask_head: bool = False
    """The release's second head, for the mask of the face."""
    padding: int = 7
    """Zeros around the image, of which the first convolution takes one."""
    normalisation: Literal["none", "group"] = "none"
    """Normalisation before each activation."""
    small_output: bool = False
    """Begin at the bump 0 everywhere."""
    weights: str | None = None
    """Path of the authors' checkpoint to begin at; the network must be the released one, with its mask head."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.padding < 1 or self.depth < 2:
            raise ValueError("translator.width and translator.padding must be at least 1, translator.depth at least 2")
        if self.maximum_width is not None and self.maximum_width < 1:
            raise ValueError(f"translator.maximum_width={self.maximum_width} must be at least 1")
        released = (self.width, self.depth, self.maximum_width, self.upsampling, self.padding, self.normalisation)
        if self.weights is not None and (released != (16, 7, None, "resize", 7, "none") or not self.mask_head):
            raise ValueError("translator.weights fit the released network only: take preset/bump_release")


@dataclass
class BumpLossConfig:
    """Form and weights of the loss (Eq. 5)."""

    gradient: float = 1.0
    """Weight of the two terms of derivatives; 0 leaves L1 alone, the row of the paper's Fig. 4 (b)."""
    mask: float = 0.1
    """Weight of the same loss of the mask head (release)."""
    region: Literal["image", "face"] = "image"
    """Pixels that count: all, where the bump of the background is 0 (paper), or those of the face."""
    unit: Literal["network", "mm"] = "network"
    """What a difference is measured in: the network's range of -1 to 1 (paper, release), or millimetres."""

    def __post_init__(self) -> None:
        for name in ("gradient", "mask"):
            if getattr(self, name) < 0:
                raise ValueError(f"loss.{name}={getattr(self, name)} must not be negative")


@dataclass
class BumpAugmentationConfig:
    """Changes of the training images, other ones in each step; the paper has none."""

    flip: bool = False
    """Mirror half of the images, with their bump maps."""
    exposure: float = 0.0
    """Standard deviation of the logarithm of a factor on all three channels."""
    gamma: float = 0.0
    """Standard deviation of the logarithm of an exponent."""
    colour: float = 0.0
    """Standard deviation of the logarithm of a factor on each channel."""

    def __post_init__(self) -> None:
        for name in ("exposure", "gamma", "colour"):
            if getattr(self, name) < 0:
                raise ValueError(f"augmentation.{name}={getattr(self, name)} must not be negative")


@dataclass
class BumpConfig:
    """A bump map from a crop of a face, by an encoder-decoder with skip connections (Tran et al., CVPR 2018)."""

    translator: TranslatorConfig = field(default_factory=TranslatorConfig)
    """The network."""
    loss: BumpLossConfig = field(default_factory=BumpLossConfig)
    """What is minimised."""
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """How."""
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    """How long."""
    augmentation: BumpAugmentationConfig = field(default_factory=BumpAugmentationConfig)
    """What is done to training images."""
    baseline_images: int = 256
    """Training images on which the luminance baseline's scale is fitted, the first ones that are trained on."""

    @property
    def end_step(self) -> int:
        """The step at which a training ends; raises ``ValueError`` where that depends on the number of images."""
        if self.schedule.steps is None:
            raise ValueError("the steps of a training of model.schedule.epochs depend on its data: set schedule.steps")
        return self.schedule.steps
