"""Every setting of the FOCUS method.

Defaults follow the paper, and its released code where the paper leaves a form open or misprints a number; the presets
`paper` and `release` say what each of them has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lightning_modules.focus.augmentation import AugmentationConfig
from lightning_modules.focus.loss_config import LossConfig, LossWeights, SupervisionConfig, SupervisionWeights
from lightning_modules.focus.optimisation import OptimiserConfig
from lightning_modules.focus.schedule import FocusSchedule, StageName
from seethrough.morphable.loading import OPEN
from seethrough.morphable.open_model import FINEST_LEVEL

__all__ = [
    "AugmentationConfig",
    "EncoderConfig",
    "FaceModelConfig",
    "FocusConfig",
    "LossConfig",
    "LossWeights",
    "OptimiserConfig",
    "RendererConfig",
    "ScalesConfig",
    "ScheduleConfig",
    "SegmentationConfig",
    "SupervisionConfig",
    "SupervisionWeights",
]


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


@dataclass
class ScheduleConfig:
    """Lengths of the stages in steps."""

    supervised_steps: int = 0
    """Encoder steps on the true coefficients of synthetic faces, before everything else; see `model.supervision`."""
    landmark_steps: int = 0
    """Encoder steps on landmarks and prior alone, before anything is rendered."""
    colour_steps: int = 0
    """Encoder steps on landmarks and prior and on all pixels of the render, which move albedo and light only: a render
    that is far off in tone would bend the geometry, and the robust loss would throw it away."""
    initialisation_steps: int = 300_000
    """Encoder steps with the robust loss (Eq. 9-10)."""
    pretraining_steps: int = 100_000
    """Segmentation steps on preliminary masks."""
    em_steps: int = 200_000
    """Steps of the EM alternation."""
    cycle_segmentation_steps: int = 5_000
    """Segmentation steps in each EM cycle; they come first."""
    cycle_reconstruction_steps: int = 25_000
    """Encoder steps in each EM cycle."""
    final_segmentation_steps: int = 0
    """Segmentation steps after the last cycle."""
    last_stage: StageName = "em"
    """Stop at the end of this stage; the rates are those of the whole training, so a resumed run goes on as if it had
    not stopped."""

    def __post_init__(self) -> None:
        FocusSchedule(**vars(self))  # it has the rules


@dataclass
class FocusConfig:
    """FOCUS: a face autoencoder and an outlier segmentation network, trained in turn (Li et al., CVPR 2023)."""

    image_size: int = 224
    """Height and width of the crops in pixels."""
    face_model: FaceModelConfig = field(default_factory=FaceModelConfig)
    """The 3D morphable model that is fitted."""
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    """The face encoder."""
    segmentation: SegmentationConfig = field(default_factory=SegmentationConfig)
    """The segmentation network."""
    renderer: RendererConfig = field(default_factory=RendererConfig)
    """The decoder."""
    perceptual: str = "none"
    """Recognition network of the perceptual losses: `none`, `dlib`, or the path of ArcFace weights."""
    mask: Literal["segmentation", "none", "truth", "skin", "preliminary"] = "segmentation"
    """Which mask the encoder's pixel loss sees: the segmentation network's, all ones, the true one of synthetic data,
    skin by its colour, or the pixels that the render explains (Eq. 10)."""
    segmentation_labels: Literal["preliminary", "truth"] = "preliminary"
    """What trains the segmentation network: the paper's preliminary masks and losses without labels, or the true masks
    of synthetic data in all its steps, whichever mask the encoder sees (an upper bound)."""
    segmentation_in_em: bool = True
    """Train the segmentation network in the EM stage; false keeps it as the pre-training has left it."""
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    """Lengths of the stages."""
    loss: LossConfig = field(default_factory=LossConfig)
    """Forms and weights of the losses."""
    supervision: SupervisionConfig = field(default_factory=SupervisionConfig)
    """Direct supervision by synthetic truth, a warm start."""
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    """Patches that hide a part of the training images."""
    encoder_optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """Optimisation of the encoder."""
    segmentation_optimiser: OptimiserConfig = field(
        default_factory=lambda: OptimiserConfig(learning_rate=0.006, pretraining_learning_rate=0.03)
    )
    """Optimisation of the segmentation network; the paper's rate is 0.06 of the encoder's."""

    @property
    def has_segmentation(self) -> bool:
        """Whether the segmentation network is trained at all."""
        return self.mask == "segmentation" or self.segmentation_labels == "truth"

    @property
    def is_supervised(self) -> bool:
        """Whether the truth of synthetic faces teaches the encoder directly."""
        return self.supervision.throughout or self.schedule.supervised_steps > 0

    def training_schedule(self) -> FocusSchedule:
        """Return the schedule of this training: every mask has the same encoder steps, not the same others."""
        kept = ("em" if self.segmentation_in_em else "pretraining") if self.has_segmentation else "none"
        return FocusSchedule(**vars(self.schedule)).keeping_segmentation(kept)
