"""Settings of what the networks of FOCUS minimise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


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
    """`squared` as Eq. 5, `norm` for the release's colour distance."""
    pixel_normalisation: Literal["batch_area", "image_area", "pixels", "none"] = "batch_area"
    """What the sum over pixels is divided by: the mask's area in the batch (release; each process: in its own) or in
    each image, the pixels of an image, or nothing (Eq. 5 as printed)."""
    initialisation_form: Literal["gaussian", "truncated", "masked"] = "gaussian"
    """Robust loss of the first stage: Gaussian log-likelihood (release), truncated quadratic, or the pixel loss under
    the preliminary mask (Sec. 3.3)."""
    initialisation_weight: float | None = None
    """Weight of the robust loss in the first stage; null for `weights.pixel`."""
    sigma: float = 0.043
    """Standard deviation of the colour difference in the face, Eq. 9."""
    threshold: float = 0.016641
    """xi of Eq. 10: squared colour distance below which a pixel is preliminary face."""
    threshold_start: float | None = None
    """Begin at this xi and fall geometrically to `threshold` over 60 % of the initialisation; null for no fall."""
    perceptual_images: int | None = None
    """How many images of a batch the perceptual term of the encoder looks at; null for all."""
    segmentation_perceptual_images: int | None = None
    """How many images of a batch the perceptual terms of the segmentation network look at; null for all."""
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
    neighbour_pixels: Literal["mean", "sum"] = "mean"
    """Mean (release) or sum (Eq. 1) over the pixels."""
    normalise_feature_rows: bool = False
    """Divide each row of the shallow features by its length before they are compared, as the release does."""
    binary_form: Literal["squared", "absolute"] = "squared"
    """Squared as in the paper or absolute as in the release."""
    binary_pixels: Literal["mean", "sum"] = "mean"
    """Mean (release) or sum (paper) over the pixels."""
    area_threshold: float | None = None
    """Keep a pixel where its neighbour distance is below this; replaces `weights.area`. Null for the paper's weight."""
    landmark_emphasis: float = 20.0
    """Weight of the emphasised landmarks' squared residuals, relative to 1."""
    landmark_emphasised: list[int] = field(default_factory=lambda: [27, 28, 29, 30, 60, 61, 62, 63, 64, 65, 66, 67])
    """Which of the 68 landmarks are emphasised: the nose ridge and the inner lips."""
    landmark_weights: list[float] | None = None
    """Weights of the squared residuals of all 68 landmarks, instead of the emphasis."""
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
    identity_pixel_gradient: float = 1.0
    """Afterwards, the share in [0, 1] of their gradient that pixels send to the identity; landmarks send all of it."""

    def __post_init__(self) -> None:
        if self.neighbour_window < 1 or self.neighbour_window % 2 == 0:
            raise ValueError(f"loss.neighbour_window={self.neighbour_window} must be odd")
        for name in ("perceptual_images", "segmentation_perceptual_images"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"loss.{name}={value} must be at least 1, or null for all")
        if not 0 <= self.identity_pixel_gradient <= 1:
            raise ValueError(f"loss.identity_pixel_gradient={self.identity_pixel_gradient} must lie in [0, 1]")
        if self.landmark_weights is not None and len(self.landmark_weights) != 68:
            raise ValueError(
                f"loss.landmark_weights has {len(self.landmark_weights)} numbers, but there are 68 landmarks"
            )
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
    throughout: bool = False
    """Keep these terms in all later encoder steps too, beside those of their stage."""
    vertices: int = 512
    """How many vertices, drawn once at random, stand for the mesh; more than it has means all."""
    seed: int = 0
    """Of that draw."""

    def __post_init__(self) -> None:
        if self.vertices < 1:
            raise ValueError(f"supervision.vertices={self.vertices} must be at least 1")
