"""What a protocol is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.protocols.runs import ComparedRun


@dataclass(frozen=True)
class Settings:
    """What the command line says; each protocol takes what concerns it.

    Attributes:
        runs: what to compare.
        overrides: of each data set that is to be read.
        out: folder for what a protocol writes; None to write nothing.
        soft_masks: score masks in the form of FOCUS's released code too.
        pairs: list of matched pairs.
        jobs: processes that score meshes; None for one a processor.
        level: subdivision of the open model's meshes.
        descriptors: kinds to compare.
        recognition: recognition network.
        components: principal components; None for no projection.
        square_root: take signed square roots.
        occluded: list of photos with an occluder.
        hidden_share: photos of which the run's mask hides more are occluded.
        say: takes lines of progress.
    """

    runs: Sequence[ComparedRun]
    overrides: dict[str, list[str]]
    out: Path | None = None
    soft_masks: bool = False
    pairs: Path | None = None
    jobs: int | None = None
    level: int = 1
    descriptors: Sequence[str] = ()
    recognition: str = "dlib"
    components: int | None = None
    square_root: bool = False
    occluded: Path | None = None
    hidden_share: float | None = None
    say: Callable[[str], None] = field(default=print, compare=False)
