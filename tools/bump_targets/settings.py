"""What decides the bytes of a folder of bump targets, apart from the photos."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from datamodules.photos.preparing import PreparationSettings
from seethrough.details import DETAIL_SIZE, FOUNDATIONS
from seethrough.details.coefficient_folder import CoefficientFiles
from seethrough.details.depth import ALONG
from seethrough.details.shading import shading_preset
from seethrough.errors import SeethroughError


@dataclass(frozen=True)
class TargetSettings(PreparationSettings):
    """How bump maps are made.

    Attributes:
        side: width and height of the detail crop, px.
        field: always 1: what is stored is the detail crop itself.
        checkpoint: run folder or checkpoint file of FOCUS, ``default``, or ``none`` for a fit without network.
        weights: hash of that checkpoint, so that a run that has trained on since is not taken for the same.
        foundation: one of ``seethrough.details.FOUNDATIONS``, or a coefficient file or folder.
        foundation_model: the face model of the coefficients.
        foundation_expressions: its expressions, where they are a file apart.
        coefficients: hash of the coefficients.
        refine: steps of the fit that follows the network's prediction; 0 for the prediction alone.
        shading: name of the parameters of shape from shading.
        along: what bumps are measured along, ``z`` or ``ray``.
        bits: of the bump maps, 8 or 16.

    Raises:
        SeethroughError: impossible values.
    """

    side: int = DETAIL_SIZE
    field: float = 1.0
    checkpoint: str = "default"
    weights: str = ""
    foundation: str = "focus"
    foundation_model: str = ""
    foundation_expressions: str = ""
    coefficients: str = ""
    refine: int = 60
    shading: str = "default"
    along: str = "z"
    bits: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        shading_preset(self.shading)
        if self.foundation not in FOUNDATIONS and not Path(self.foundation).exists():
            known = ", ".join(FOUNDATIONS)
            raise SeethroughError(
                f"foundation={self.foundation}: choose one of {known}, or name a coefficient file or a folder of them"
            )
        for name, choices in (("along", ALONG), ("bits", (8, 16))):
            if getattr(self, name) not in choices:
                known = ", ".join(map(str, choices))
                raise SeethroughError(f"{name}={getattr(self, name)}: choose one of {known}")
        if self.side < 64:
            raise SeethroughError(f"side={self.side}: shape from shading needs a crop of at least 64 px")
        if self.refine < 0:
            raise SeethroughError(f"refine={self.refine}: a number of steps, 0 for none")

    @property
    def noted(self) -> dict[str, Any]:
        """What ``preparation.json`` says besides what every preparation says."""
        known = {field.name for field in fields(PreparationSettings)}
        return {key: value for key, value in asdict(self).items() if key not in known}


def hash_of_coefficients(foundation: str) -> str:
    """Return a hash of the coefficients that a foundation is made of; empty for a preset, or for what is not there."""
    if foundation in FOUNDATIONS or not Path(foundation).exists():
        return ""
    return CoefficientFiles(foundation).digest()
