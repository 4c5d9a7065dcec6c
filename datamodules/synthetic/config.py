"""Settings of the synthetic faces."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from datamodules.synthetic.families import OCCLUDER_FAMILIES, UNSEEN_FAMILIES
from seethrough.errors import SeethroughError
from seethrough.morphable.loading import OPEN
from seethrough.morphable.open_model import FINEST_LEVEL


def _every_family_alike() -> dict[str, float]:
    return dict.fromkeys(OCCLUDER_FAMILIES, 1.0)


@dataclass
class SceneConfig:
    """What synthetic scenes are made of; all of it is part of the key of a pool of pictures."""

    model: str = "open"
    """Face model that the faces are drawn from, with all its modes: "open", or the path of a licensed model."""
    level: int | None = 0
    """Subdivision level of the open model; 0 is the coarse mesh, enough for small pictures and the fastest."""
    expression_file: str | None = None
    """File with an expression basis, for models that come without one (BFM 2009)."""
    crop: bool = False
    """Cut a model of a whole head down to the face, as FOCUS does; the surroundings draw the rest of the head."""
    image_size: int = 80
    """Height and width of a picture, px."""
    pose: Literal["aligned", "wide"] = "aligned"
    """Spread of head poses: "aligned" is that of detected and aligned crops, "wide" turns, tilts and shifts more."""
    domain: Literal["training", "unseen"] = "training"
    """Which occluders, textures, lights and backgrounds there are: those of training, or others that share none."""
    occluded_fraction: float = 0.5
    """Share of pictures with an occluder."""
    occluders: dict[str, float] = field(default_factory=_every_family_alike)
    """Relative frequency of each occluder family; a family that is not named does not occur."""
    images_per_identity: int = 1
    """How many pictures, one after the other, show the same person."""
    images_per_identity_up_to: int = 0
    """Where this is above ``images_per_identity``, the number of pictures of a person varies between the two."""
    identity_limit: float = 2.5
    """Identity coefficients are drawn from N(0, 1) and clipped to this many standard deviations."""
    detail: float = 1.0
    """Strength of what no face model can fit (skin texture, freckles, beard, brows, gloss, bumps); 0 is none."""
    landmark_noise_px: float = 1.5
    """Standard deviation of the landmark detector's error in px of a 224 px picture; three times that when hidden."""

    def unseen(self) -> SceneConfig:
        """Return the same settings with occluders, textures, light and backgrounds that training never has."""
        return replace(self, domain="unseen", occluders=dict.fromkeys(UNSEEN_FAMILIES, 1.0))

    def check(self) -> None:
        """Raise :class:`SeethroughError` for values that make no scene."""
        if self.model == OPEN and self.level is not None and not 0 <= self.level <= FINEST_LEVEL:
            raise SeethroughError(f"level={self.level}: the open face model has levels 0 to {FINEST_LEVEL}")
        if self.image_size < 16:
            raise SeethroughError(f"image_size={self.image_size} is too small for a face: use at least 16")
        if not 0 <= self.occluded_fraction <= 1:
            raise SeethroughError(f"occluded_fraction={self.occluded_fraction} must lie between 0 and 1")
        known = UNSEEN_FAMILIES if self.domain == "unseen" else OCCLUDER_FAMILIES
        unknown = sorted(set(self.occluders) - set(known))
        if unknown:
            raise SeethroughError(f"unknown occluder family {unknown[0]!r}: choose from {', '.join(known)}")
        if any(weight < 0 for weight in self.occluders.values()):
            raise SeethroughError("the weights of occluder families must not be negative")
        if self.occluded_fraction > 0 and not any(self.occluders.values()):
            raise SeethroughError("occluded_fraction is above 0 but no occluder family has a weight above 0")
        if self.images_per_identity < 1:
            raise SeethroughError(f"images_per_identity={self.images_per_identity} must be at least 1")
        if 0 < self.images_per_identity_up_to < self.images_per_identity:
            raise SeethroughError(
                f"images_per_identity_up_to={self.images_per_identity_up_to} is below "
                f"images_per_identity={self.images_per_identity}: raise it, or use 0 for the same number everywhere"
            )


@dataclass
class SyntheticConfig:
    """Settings of :class:`~datamodules.synthetic.datamodule.SyntheticDataModule`."""

    scene: SceneConfig = field(default_factory=SceneConfig)
    """What the pictures show."""
    source: Literal["pool", "live"] = "pool"
    """"pool" renders every training picture once and keeps it on disk; "live" renders new ones in every epoch."""
    folder: str = "data/pools"
    """Where pools are kept; they are found again by their settings."""
    size: int = 28000
    """Number of training pictures (of an epoch, when they are rendered live)."""
    validation_size: int = 480
    """Number of validation pictures, half of them the occluded twins of the others."""
    test_identities: int = 240
    """Number of held-out people in the test set, each shown without and with an occluder in the same scene."""
    out_of_distribution_identities: int = 120
    """As many more, in scenes whose occluders, textures, light and backgrounds training never has; 0 is none."""
    seed: int = 1
    """Of training and validation scenes, which never share a person; the test set has its own fixed seed."""
    batch_size: int = 32
    """Samples per step and process."""
    workers: int = 0
    """Loader processes; a pool needs none."""
    render_processes: int = 0
    """Processes that fill a pool; 0 is one for each core."""

    def check(self) -> None:
        """Raise :class:`SeethroughError` for values that make no data set."""
        self.scene.check()
        for name in ("size", "validation_size", "test_identities", "batch_size"):
            if getattr(self, name) < 1:
                raise SeethroughError(f"data.{name}={getattr(self, name)} must be at least 1")
        for name in ("seed", "workers", "render_processes", "out_of_distribution_identities"):
            if getattr(self, name) < 0:
                raise SeethroughError(f"data.{name}={getattr(self, name)} must not be negative")
        if self.size < self.batch_size:
            raise SeethroughError(
                f"data.size={self.size} gives no batch of data.batch_size={self.batch_size}: lower the latter"
            )
