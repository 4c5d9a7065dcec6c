"""Every setting of the FOCUS method.

Defaults follow the paper, and its released code where the paper leaves a form open or misprints a number; the presets
`paper` and `release` say what each of them has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lightning_modules.focus.augmentation import AugmentationConfig
from lightning_modules.focus.loss_config import LossConfig, LossWeights, SupervisionConfig, SupervisionWeights
from lightning_modules.focus.network_config import (
    EncoderConfig,
    FaceModelConfig,
    RendererConfig,
    ScalesConfig,
    SegmentationConfig,
)
from lightning_modules.focus.optimisation import OptimiserConfig
from lightning_modules.focus.phases import StageName
from lightning_modules.focus.schedule import FocusSchedule

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

    accumulate_batches: int = 1
    """Batches of each process whose gradients make one step; steps of the schedule are whole ones."""

    def __post_init__(self) -> None:
        if self.accumulate_batches < 1:
            raise ValueError(f"accumulate_batches={self.accumulate_batches} must be at least 1")

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
