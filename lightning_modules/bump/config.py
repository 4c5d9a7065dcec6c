"""Every setting of the bump translator; defaults are those of the Extreme 3D paper (Sec. 4.1, A.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


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
class BumpOptimiserConfig:
    """How the network is optimised."""

    algorithm: Literal["sgd", "adamw"] = "sgd"
    """The optimiser."""
    learning_rate: float = 1e-4
    """Learning rate at full height."""
    momentum: float = 0.0
    """Of sgd."""
    weight_decay: float = 0.0
    """Decoupled weight decay (adamw) or L2 penalty (sgd)."""
    shape: Literal["epochs", "cosine", "constant"] = "epochs"
    """How the rate falls: by `decay` after each of `decay_epochs`, or as half a cosine over the whole training."""
    decay: float = 0.1
    """Factor for `shape=epochs`."""
    decay_epochs: list[int] = field(default_factory=lambda: [50, 100])
    """Epochs after which the rate falls, for `shape=epochs`."""
    warmup_steps: int = 0
    """Steps over which the rate rises from zero."""
    final_fraction: float = 0.01
    """What is left of the rate at the end of `shape=cosine`."""
    clip_norm: float | None = None
    """Largest gradient norm; null for no clipping."""

    def __post_init__(self) -> None:
        names = ("learning_rate", "momentum", "weight_decay", "warmup_steps", "decay", "final_fraction")
        negative = [name for name in names if getattr(self, name) < 0]
        if negative:
            raise ValueError(f"optimiser.{negative[0]}={getattr(self, negative[0])} is negative")


@dataclass
class BumpScheduleConfig:
    """When a training ends; one of the two is set."""

    epochs: int | None = 150
    """Passes over the training set."""
    steps: int | None = None
    """Steps of the optimiser."""

    def __post_init__(self) -> None:
        given = [value for value in (self.epochs, self.steps) if value is not None]
        if len(given) != 1 or given[0] < 1:
            raise ValueError(
                f"schedule.epochs={self.epochs} and schedule.steps={self.steps}: set one of them to at least 1, "
                "and the other one to null"
            )


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
    optimiser: BumpOptimiserConfig = field(default_factory=BumpOptimiserConfig)
    """How."""
    schedule: BumpScheduleConfig = field(default_factory=BumpScheduleConfig)
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
