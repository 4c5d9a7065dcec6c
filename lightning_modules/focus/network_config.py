"""Settings of what a picture goes through: face model, encoder, renderer, segmentation network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from seethrough.morphable.loading import OPEN
from seethrough.morphable.open_model import FINEST_LEVEL


@dataclass
class FaceModelConfig:
    """Which face model is fitted, and with how many modes."""

    source: str = "open"
    """`open` for the embedded model, or the path of a model file or folder."""
    level: int | None = None
    """Subdivision level of the open model; null for its default, 0 for the coarse and fast mesh."""
    expression_file: str | None = None
    """File with an expression basis, for models that come without one (BFM 2009)."""
    identity: int = 80
    """Identity modes to fit; more than the model has means all."""
    expression: int = 64
    """Expression modes to fit; more than the model has means all."""
    albedo: int = 80
    """Albedo modes to fit; more than the model has means all."""

    def __post_init__(self) -> None:
        for name in ("identity", "expression", "albedo"):
            if getattr(self, name) < 1:
                raise ValueError(f"face_model.{name}={getattr(self, name)} must be at least 1")
        if self.source == OPEN and self.level is not None and not 0 <= self.level <= FINEST_LEVEL:
            raise ValueError(f"face_model.level={self.level}: the open face model has levels 0 to {FINEST_LEVEL}")


@dataclass
class ScalesConfig:
    """What one unit of the encoder's last layer means."""

    identity: float = 1.0
    """Standard deviations."""
    expression: float = 1.0
    """Standard deviations."""
    albedo: float = 1.0
    """Standard deviations."""
    illumination: float = 0.3
    """Spherical-harmonics coefficients."""
    rotation: float = 0.3
    """Radians."""
    translation_xy: float = 10.0
    """Millimetres."""
    translation_z: float = 30.0
    """Millimetres."""


@dataclass
class EncoderConfig:
    """The face encoder R."""

    architecture: str = "resnet50"
    """A timm model name, or `narrow` for the small network that trains on a CPU."""
    pretrained: bool = True
    """Start from timm's ImageNet weights (a download on first use)."""
    normalisation: Literal["none", "imagenet"] = "none"
    """How the image is normalised before the network."""
    widths: list[int] = field(default_factory=lambda: [16, 32, 64, 128])
    """Channels of the `narrow` network's stem and stages."""
    hidden: int = 256
    """Units of the `narrow` network's hidden layer."""
    scales: ScalesConfig = field(default_factory=ScalesConfig)
    """What one unit of the last layer means."""


@dataclass
class SegmentationConfig:
    """The segmentation network S."""

    widths: list[int] = field(default_factory=lambda: [64, 128, 256, 512, 1024])
    """Channels of each level of the U-Net."""
    convolutions: list[int] = field(default_factory=lambda: [2, 2, 2, 2, 2])
    """3x3 convolutions in the block of each level."""
    slope: float = 5.0
    """Steepness of the mask, sigmoid(slope * logits)."""
    dropout: float = 0.5
    """Dropout after the two deepest levels."""

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise ValueError(f"segmentation.widths={self.widths} must be two levels or more of at least 1 channel")
        if len(self.convolutions) != len(self.widths) or min(self.convolutions) < 1:
            raise ValueError(
                f"segmentation.convolutions={self.convolutions} must be a number of at least 1 for each of the "
                f"{len(self.widths)} levels of segmentation.widths"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"segmentation.dropout={self.dropout} must lie in [0, 1)")


@dataclass
class RendererConfig:
    """The decoder."""

    backend: Literal["auto", "cpu", "nvdiffrast"] = "auto"
    """Rasterizer; `auto` takes nvdiffrast on CUDA and the numba backend elsewhere."""
    visibility: Literal["none", "antialias", "edge"] = "none"
    """Where gradients of the silhouette come from."""
    ambient: float = 1.2407
    """Light that reaches every vertex before the spherical harmonics add to it."""
