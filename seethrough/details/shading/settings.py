"""Parameters of shape from shading: the released ones, and better ones for colour photos of faces."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class ShadingSettings:
    """What RGBD-Fusion (Or-El et al., CVPR 2015) weighs how much, and where this implementation may go beyond it.

    Depth is in mm, brightness in [0, 1]. The paper's differences are per pixel, so that its weights belong to one size
    of picture; the default's follow the size of the pixels. They were chosen on rendered faces of other seeds than
    those that ``experiments.shading_study`` reports.

    Attributes:
        albedo_smoothness: lambda_rho. Small values let albedo take up all shading, and leave no detail.
        local_smoothness: lambda_beta1, of local light (shadows, gloss, light from neighbouring skin).
        local_size: lambda_beta2, of local light.
        closeness: lambda_z1, of the depth to that of the foundation, per mm2.
        smoothness: lambda_z2, of the Laplacian, per mm2.
        bend: Laplacian in mm per px2 from which a bend counts as a crease, which costs less than its square; 0 for
            squares throughout (paper).
        smooth: what ``smoothness`` is about: the ``depth`` (paper) or the ``bump``, which leaves the foundation's own
            curvature alone.
        grey_cut: tau_c, squared difference of brightness from which neighbours have nothing to do with each other.
        grey_variance: sigma_c squared.
        depth_variance: sigma_d squared, mm2.
        light_order: of the spherical harmonics: 1 (paper) or 2.
        light_rounds: robust rounds of the light's fit; 0 is the paper's least squares.
        linearisation: of the normal in the depth step: ``frozen`` holds its length (paper, fixed point), ``newton``
            follows its direction (Gauss-Newton).
        outlier_contrast: share of its brightness by which albedo and local light may miss a pixel until it counts half
            in the depth step (brows, lashes, glints); white and black pixels then count nothing. 0 counts all alike
            (paper).
        darkening: share of its light that a point loses for each mm that it lies below its surroundings: creases see
            less of the sky. 0 is none (paper).
        reach: deviation of the Gaussian that says what the surroundings are, mm.
        pixel: mm on the face that a pixel spans where the three smoothness weights hold as they stand; with other
            pixels they change by the fourth power, as squared second differences do, and ``bend`` by the second. 0 is
            per pixel (paper).
        steps: most depth steps.
        bilateral: half width in px, deviation in px and in mm of the filter that smooths the depth before anything else
            (sensor depth); None for none.
    """

    albedo_smoothness: float = 300.0
    local_smoothness: float = 10.0
    local_size: float = 10.0
    closeness: float = 0.015
    smoothness: float = 1.0
    bend: float = 0.01
    smooth: str = "bump"
    grey_cut: float = 0.05
    grey_variance: float = 0.05
    depth_variance: float = 50.0
    light_order: int = 2
    light_rounds: int = 5
    linearisation: str = "newton"
    outlier_contrast: float = 0.1
    darkening: float = 0.15
    reach: float = 2.0
    pixel: float = 0.55
    steps: int = 5
    bilateral: tuple[int, float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse what the steps cannot be run with."""
        for name in (
            "albedo_smoothness",
            "local_smoothness",
            "local_size",
            "smoothness",
            "bend",
            "outlier_contrast",
            "darkening",
            "pixel",
        ):
            if not getattr(self, name) >= 0:
                raise SeethroughError(f"shape from shading: {name} must not be negative, it is {getattr(self, name)}")
        for name in ("grey_cut", "grey_variance", "depth_variance", "closeness", "reach"):
            if not getattr(self, name) > 0:
                raise SeethroughError(f"shape from shading: {name} must be positive, it is {getattr(self, name)}")
        if self.steps < 1:
            raise SeethroughError(f"shape from shading: steps must be at least 1, it is {self.steps}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                known = ", ".join(map(str, choices))
                raise SeethroughError(f"shape from shading: {name} is {getattr(self, name)!r}: choose one of {known}")
        if self.linearisation == "frozen" and self.light_order != 1:
            raise SeethroughError("shape from shading: linearisation frozen needs light_order 1")

    def at(self, pixel: float) -> ShadingSettings:
        """Return the settings whose smoothness weights hold for pixels of this size, mm."""
        if self.pixel == 0:
            return self
        factor = (self.pixel / pixel) ** 4
        return replace(
            self,
            albedo_smoothness=self.albedo_smoothness * factor,
            local_smoothness=self.local_smoothness * factor,
            smoothness=self.smoothness * factor,
            bend=self.bend * (pixel / self.pixel) ** 2,
            pixel=pixel,
        )


_CHOICES = {
    "smooth": ("depth", "bump"),
    "light_order": (1, 2),
    "linearisation": ("frozen", "newton"),
}

_RELEASED = ShadingSettings(
    local_smoothness=1.0,
    local_size=1.0,
    closeness=0.004,
    smoothness=0.0075,
    bend=0.0,
    smooth="depth",
    light_order=1,
    light_rounds=0,
    linearisation="frozen",
    outlier_contrast=0.0,
    darkening=0.0,
    pixel=0.0,
    steps=3,
    bilateral=(9, 8.0, 15.0),
)

PRESETS: dict[str, ShadingSettings] = {
    "default": ShadingSettings(),
    "kinect": replace(_RELEASED, albedo_smoothness=10.0),
    "ivcam": replace(_RELEASED, albedo_smoothness=0.1),
}
"""``kinect`` and ``ivcam`` are the two parameter sets of the driver that RGBD-Fusion's authors published."""


def shading_preset(name: str) -> ShadingSettings:
    """Return the settings of a preset by name.

    Raises:
        SeethroughError: there is no such preset; the message lists them.
    """
    if name not in PRESETS:
        raise SeethroughError(f"unknown shading preset {name!r}: choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
