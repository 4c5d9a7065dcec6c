"""Every setting of the FOCUS method.

Defaults follow the paper, and its released code where the paper leaves a form open or misprints a number; the presets
`paper` and `release` say what each of them has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lightning_modules.focus.optimisation import OptimiserConfig
from lightning_modules.focus.schedule import FocusSchedule
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


@dataclass
class ScheduleConfig:
    """Lengths of the stages in steps."""

    supervised_steps: int = 0
    """Encoder steps on the true coefficients of synthetic faces, before everything else; see `model.supervision`."""
    landmark_steps: int = 0
    """Encoder steps on landmarks and prior alone, before anything is rendered."""
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

    def __post_init__(self) -> None:
        FocusSchedule(**vars(self))  # it has the rules


@dataclass
class LossWeights:
    """Weights of the loss terms, by the paper's names."""

    pixel: float = 0.5
    """Reconstruction, Eq. 5."""
    perceptual: float = 0.25
    """Reconstruction, Eq. 6; needs `model.perceptual`."""
    landmark: float = 5e-4
    """Reconstruction, Eq. 7."""
    regulariser: float = 0.1
    """Reconstruction, squared coefficients."""
    neighbour: float = 15.0
    """Segmentation, Eq. 1."""
    distance: float = 3.0
    """Segmentation, Eq. 2; needs `model.perceptual`."""
    area: float = 0.5
    """Segmentation, Eq. 3; `model.loss.area_threshold` replaces it where that is set."""
    preserve: float = 2.5
    """Segmentation, Eq. 4; needs `model.perceptual`."""
    binary: float = 10.0
    """Segmentation, pushes the mask to 0 or 1."""
    area_in_reconstruction: float = 0.0
    """Area loss added to the encoder's loss in the EM phase; 0.06 in the release."""


@dataclass
class LossConfig:
    """Forms of the losses, and their weights."""

    weights: LossWeights = field(default_factory=LossWeights)
    """Weights of the terms."""
    pixel_form: Literal["squared", "norm"] = "squared"
    """`squared` as Eq. 5, `norm` for the release's colour distance, both averaged over the mask."""
    initialisation_form: Literal["gaussian", "truncated"] = "gaussian"
    """Robust loss of the first stage: Gaussian log-likelihood (release) or truncated quadratic."""
    initialisation_weight: float | None = None
    """Weight of the robust loss in the first stage; null for `weights.pixel`."""
    sigma: float = 0.043
    """Standard deviation of the colour difference in the face, Eq. 9."""
    threshold: float = 0.016641
    """xi of Eq. 10: squared colour distance below which a pixel is preliminary face."""
    threshold_start: float | None = None
    """Begin at this xi and fall geometrically to `threshold` over 60 % of the initialisation; null for no fall."""
    neighbour_window: int = 3
    """Window of the neighbour loss in pixels."""
    neighbour_direction: Literal["target_to_render", "render_to_target"] = "target_to_render"
    """Which image the window slides over."""
    neighbour_squared: bool = True
    """Squared colour distance (Eq. 1) or plain (release)."""
    neighbour_masking: Literal["error", "images"] = "error"
    """Where the mask enters the neighbour loss: it weighs the error, or both images before the search (release)."""
    neighbour_border: Literal["clip", "drop"] = "clip"
    """Neighbours outside the image do not exist, or pixels near the border do not count (release)."""
    normalise_feature_rows: bool = False
    """Divide each row of the shallow features by its length before they are compared, as the release does."""
    binary_form: Literal["squared", "absolute"] = "squared"
    """Squared as in the paper or absolute as in the release."""
    area_threshold: float | None = None
    """Keep a pixel where its neighbour distance is below this; replaces `weights.area`. Null for the paper's weight."""
    landmark_emphasis: float = 20.0
    """Weight of the emphasised landmarks' squared residuals, relative to 1."""
    landmark_emphasised: list[int] = field(default_factory=lambda: [27, 28, 29, 30, 60, 61, 62, 63, 64, 65, 66, 67])
    """Which of the 68 landmarks are emphasised: the nose ridge and the inner lips."""
    landmark_final_fraction: float = 1.0
    """Fraction of `weights.landmark` that is left at the end of the training; it falls geometrically."""
    regulariser_scope: Literal["all", "face"] = "face"
    """Penalise identity, expression and albedo only (release), or illumination and rotation too, never translation."""
    regulariser_divisor: float = 224.0
    """What the sum of squared coefficients is divided by; 224 in the release, where pixels are averaged as here."""
    mask_gradient: bool = False
    """Let gradients of the encoder's loss flow through the segmentation network, as in the release."""
    identity_free_steps: int = 0
    """First encoder steps with pixels during which these do not move the identity, while tone and light settle."""

    def __post_init__(self) -> None:
        if self.neighbour_window < 1 or self.neighbour_window % 2 == 0:
            raise ValueError(f"loss.neighbour_window={self.neighbour_window} must be odd")
        foreign = [number for number in self.landmark_emphasised if not 0 <= number < 68]
        if foreign:
            raise ValueError(f"loss.landmark_emphasised has {foreign[0]}, but landmarks are numbered from 0 to 67")


@dataclass
class SupervisionWeights:
    """Weights of the terms of direct supervision."""

    identity: float = 1.0
    """Mean distance of the neutral face's vertices, per mm."""
    expression: float = 1.0
    """Mean distance of the vertices' displacements by the expression, per mm."""
    albedo: float = 10.0
    """Mean absolute error of the vertices' albedo, RGB in [0, 1]."""
    illumination: float = 1.0
    """Mean squared error of the spherical-harmonics coefficients."""
    landmark: float = 0.2
    """Mean distance of the projected landmarks, per pixel of a 224-px crop."""
    rotation: float = 2.0
    """Mean absolute error of the angles, per radian."""
    translation: float = 0.02
    """Mean absolute error of the translation, per mm."""


@dataclass
class SupervisionConfig:
    """Direct supervision by the truth of synthetic faces, for `model.schedule.supervised_steps`; not label-free."""

    weights: SupervisionWeights = field(default_factory=SupervisionWeights)
    """Weights of the terms."""
    vertices: int = 512
    """How many vertices, drawn once at random, stand for the mesh; more than it has means all."""
    seed: int = 0
    """Of that draw."""

    def __post_init__(self) -> None:
        if self.vertices < 1:
            raise ValueError(f"supervision.vertices={self.vertices} must be at least 1")


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
    mask: Literal["segmentation", "none", "truth"] = "segmentation"
    """Which mask the encoder sees: the segmentation network's, all ones, or the true one of synthetic data."""
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    """Lengths of the stages."""
    loss: LossConfig = field(default_factory=LossConfig)
    """Forms and weights of the losses."""
    supervision: SupervisionConfig = field(default_factory=SupervisionConfig)
    """Direct supervision by synthetic truth, a warm start."""
    encoder_optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    """Optimisation of the encoder."""
    segmentation_optimiser: OptimiserConfig = field(
        default_factory=lambda: OptimiserConfig(learning_rate=0.006, pretraining_learning_rate=0.03)
    )
    """Optimisation of the segmentation network; the paper's rate is 0.06 of the encoder's."""
