"""What a training step of FOCUS can do, and the stages that steps belong to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

StageName = Literal["supervision", "landmarks", "colours", "initialisation", "pretraining", "em"]


class Network(StrEnum):
    """The two networks that are trained in turn."""

    RECONSTRUCTION = "reconstruction"
    SEGMENTATION = "segmentation"


class Phase(StrEnum):
    """What one training step does."""

    SUPERVISE = "supervise"  # encoder, true coefficients of synthetic data: no rendering (ours, not label-free)
    LANDMARKS = "landmarks"  # encoder, by landmarks and prior alone: no rendering (ours, a cheap warm start)
    COLOUR = "colour"  # encoder, landmarks for the geometry and all pixels for albedo and light (ours)
    INITIALISE = "initialise"  # encoder, robust loss with preliminary masks (FOCUS Eq. 9-10)
    PRETRAIN = "pretrain"  # segmentation network, preliminary masks as labels (Sec. 3.3)
    SEGMENT = "segment"  # segmentation network, Eq. 1-4
    RECONSTRUCT = "reconstruct"  # encoder, Eq. 8 under the predicted mask

    @property
    def network(self) -> Network:
        """The network that this phase trains; the other one is frozen."""
        return Network.SEGMENTATION if self in (Phase.PRETRAIN, Phase.SEGMENT) else Network.RECONSTRUCTION


STAGES: dict[Phase, StageName] = {
    Phase.SUPERVISE: "supervision",
    Phase.LANDMARKS: "landmarks",
    Phase.COLOUR: "colours",
    Phase.INITIALISE: "initialisation",
    Phase.PRETRAIN: "pretraining",
    Phase.SEGMENT: "em",
    Phase.RECONSTRUCT: "em",
}


@dataclass(frozen=True)
class Segment:
    """Steps ``start <= step < end`` of one phase."""

    phase: Phase
    start: int
    end: int
