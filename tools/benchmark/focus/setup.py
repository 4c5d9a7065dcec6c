"""FOCUS as it trains, at the paper's size and at the small one, with a batch to train on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch.utils.data import IterableDataset

from experiments.config.composition import compose
from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Phase
from seethrough.morphable import FaceModel, FaceParameters
from seethrough.morphable.archive import write_face_model
from seethrough.morphable.loading import load_face_model
from seethrough.networks.iresnet import IResNet50
from seethrough.rendering import FaceRenderer, focus_camera, warm_up
from tools.benchmark.rendering.scenes import shell_model

RELEASE_RESOLUTION = 189
"""189 x 189 vertices: the 35,721 vertices and 70,688 triangles that the released code was measured with."""


class SameBatch(IterableDataset):
    """One batch again and again, so that no step waits for data."""

    def __init__(self, batch: dict[str, Any]) -> None:
        self.batch = batch

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while True:
            yield self.batch


@dataclass(frozen=True)
class FocusSetup:
    """One size of FOCUS.

    Attributes:
        name: in the names of cases.
        presets: config files to compose.
        batch: images a step.
        face_model: the face model of the pictures.
        shell: whether that model is also the one that is fitted, instead of the presets' own.
        arcface: whether an ArcFace network with random weights is used.
    """

    name: str
    presets: tuple[str, ...]
    batch: int
    face_model: Callable[[], FaceModel]
    shell: bool
    arcface: bool

    def config(self, folder: Path) -> FocusConfig:
        """Compose the settings; files that they name are written to ``folder``."""
        overrides = ["model.encoder.pretrained=false"]
        if self.shell:
            write_face_model(self.face_model(), folder / "shell.npz")
            overrides.append(f"model.face_model.source={folder / 'shell.npz'}")
        if self.arcface:
            torch.save(IResNet50().state_dict(), folder / "backbone.pth")
            overrides.append(f"model.perceptual={folder / 'backbone.pth'}")
        return compose(self.presets, overrides).config.model

    def module(self) -> FocusModule:
        """Return the training module with random weights."""
        warm_up()
        torch.manual_seed(0)
        with TemporaryDirectory() as folder:
            return FocusModule(self.config(Path(folder)))

    def faces(self, size: int) -> dict[str, Any]:
        """Return a batch of rendered faces on noise with a grey bar before them, as a data set would."""
        model = self.face_model()
        generator = torch.Generator().manual_seed(1)
        parameters = FaceParameters.zeros(model.sizes, self.batch)
        for name, scale in (("identity", 0.7), ("expression", 0.3), ("albedo", 0.5), ("rotation", 0.15)):
            value = getattr(parameters, name)
            value.copy_(scale * torch.randn(value.shape, generator=generator))
        rendering = FaceRenderer(model, focus_camera(size))(parameters)
        noise = torch.rand(self.batch, 3, size, size, generator=generator)
        visible = rendering.mask.clone()
        visible[:, :, size // 2 : 2 * size // 3] = 0
        picture = rendering.image.clamp(0, 1) * rendering.mask + noise * (1 - rendering.mask)
        picture[:, :, size // 2 : 2 * size // 3] = 0.5
        return {
            "image": picture,
            "landmarks": rendering.landmarks,
            "mask": visible,
            "id": [f"face-{index}" for index in range(self.batch)],
        }


@cache
def release_shell() -> FaceModel:
    """Return a shell of the released code's size with 80, 64 and 80 modes."""
    return shell_model(RELEASE_RESOLUTION, 80, 64, 80)


PAPER = FocusSetup("paper 224", ("focus", "preset/paper", "data/synthetic"), 2, release_shell, True, True)
SMALL = FocusSetup(
    "small 80",
    ("focus", "preset/small", "data/synthetic"),
    32,
    lambda: load_face_model("open", level=0),
    False,
    False,
)


def step_of(module: FocusModule, phase: Phase) -> int:
    """Return a step in the middle of a phase."""
    segments = [segment for segment in module.schedule.segments if segment.phase is phase]
    middle = segments[len(segments) // 2]
    return (middle.start + middle.end) // 2
