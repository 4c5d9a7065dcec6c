"""Settings of soft symmetry, and the presets of the paper and of its released code."""

from __future__ import annotations

from dataclasses import dataclass

from seethrough.details.depth import ALONG
from seethrough.errors import SeethroughError

VISIBILITIES = ("facing", "normals", "frontal")
COMPLETIONS = ("displacement", "laplacian", "edges")
MOTIONS = ("normal", "view")
LOOSE_PARTS = ("follow", "alone")
WEIGHTS = ("uniform", "cotan")


@dataclass(frozen=True)
class SymmetrySettings:
    """How the side of a face that the camera does not see is completed (Extreme 3D, Sec. 4.3).

    Attributes:
        bump_limit: mm, pixels whose detail is farther from the foundation show another surface and do not count.
        visibility: which vertices take their place from the depth map. ``facing``: turned to the camera, nothing
            before them. ``normals``: turned to the camera (paper). ``frontal``: by how densely a frontal view of the
            face samples the photo (released code).
        facing: smallest cosine between normal and viewing ray of a visible vertex, for ``facing``.
        depth_tolerance: mm that a vertex may lie behind what the camera sees, and still be that.
        sampled: smallest score of a visible vertex, for ``frontal``.
        rings: lone visible patches up to this many rings of vertices across are dropped; 0 drops none.
        motion: where visible vertices go. ``normal``: to where their normal meets the detailed surface. ``view``: as
            far as the bump at their pixel says, along what it is measured along (paper).
        completion: what the completed part keeps. ``displacement``: the differences of the mirrored detail's
            displacements, along the normals of the foundation. ``laplacian``: the mirrored Laplacian (Eq. 9).
            ``edges``: mirrored differences along edges by least squares, soft at the border (released code).
        weights: of the graph Laplacian: ``uniform`` or ``cotan`` of the mean face.
        loose_parts: what happens to parts of the mesh that hang on nothing, as eyeballs. ``follow``: they move as a
            whole with the skin around them, which keeps them behind the lids. ``alone``: they are completed as the skin
            is (paper: its face model has none).
        centring_reach: mm from the symmetry plane within which pairs of vertices that are both visible move it; 0
            leaves it where the foundation has it.
        centring_pairs: fewest such pairs; with fewer the plane stays.
        residual_limit: mm, largest detail between the vertices that is mirrored; more comes from another surface.
        along: what the bump is measured along, see :data:`~seethrough.details.depth.ALONG`.
    """

    bump_limit: float = 8.0
    visibility: str = "facing"
    facing: float = 0.3
    depth_tolerance: float = 2.5
    sampled: float = 0.75
    rings: int = 1
    motion: str = "normal"
    completion: str = "displacement"
    weights: str = "uniform"
    loose_parts: str = "follow"
    centring_reach: float = 15.0
    centring_pairs: int = 100
    residual_limit: float = 2.0
    along: str = "z"

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise SeethroughError(
                    f"soft symmetry: {name} is {getattr(self, name)!r}: choose one of {', '.join(known)}"
                )
        for name in ("rings", "centring_reach", "centring_pairs", "residual_limit"):
            if not getattr(self, name) >= 0:
                raise SeethroughError(f"soft symmetry: {name} must not be negative, it is {getattr(self, name)}")
        for name in ("bump_limit", "depth_tolerance"):
            if not getattr(self, name) > 0:
                raise SeethroughError(f"soft symmetry: {name} must be positive, it is {getattr(self, name)}")
        for name in ("facing", "sampled"):
            if not 0 <= getattr(self, name) < 1:
                raise SeethroughError(f"soft symmetry: {name} must be in [0, 1), it is {getattr(self, name)}")


_CHOICES = {
    "visibility": VISIBILITIES,
    "motion": MOTIONS,
    "completion": COMPLETIONS,
    "weights": WEIGHTS,
    "loose_parts": LOOSE_PARTS,
    "along": ALONG,
}

PRESETS: dict[str, SymmetrySettings] = {
    "default": SymmetrySettings(),
    "paper": SymmetrySettings(
        visibility="normals",
        rings=0,
        motion="view",
        completion="laplacian",
        loose_parts="alone",
        centring_reach=0.0,
    ),
    "release": SymmetrySettings(
        visibility="frontal",
        motion="view",
        completion="edges",
        loose_parts="alone",
        residual_limit=0.5,
    ),
}


def symmetry_preset(name: str) -> SymmetrySettings:
    """Return the settings of a preset by name.

    Raises:
        SeethroughError: there is no such preset; the message lists them.
    """
    if name not in PRESETS:
        raise SeethroughError(f"unknown symmetry preset {name!r}: choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
