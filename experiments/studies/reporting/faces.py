"""The faces that galleries show, and what a run says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from experiments.studies.planning.job import Job
from experiments.studies.reporting.measured import OUT_OF_DISTRIBUTION, Method
from lightning_modules.focus.pictures import shown_mask
from seethrough.errors import SeethroughError
from seethrough.fitting.skin_colour import skin_colour_mask
from seethrough.losses import preliminary_mask

# A face that is hidden by about so much shows what an occluder does.
SHOWN_SHARE = 0.3


@dataclass(frozen=True)
class ShownFace:
    """A test image of a gallery: its id, and what it shows in a word or two."""

    name: str
    label: str


def shown_faces(method: Method, unoccluded: int = 1, foreign: int = 1) -> list[ShownFace]:
    """Return test images: unoccluded ones, one for each occluder class, occluded ones out of distribution.

    The choice depends on what the images show alone, never on how well any method does: of each class the image whose
    occluder covers nearest to 30 % of the face.
    """
    ids = method.facts["id"].astype(str)
    shares = method.facts.get("occluded_share", np.full(len(ids), SHOWN_SHARE)).astype(np.float64)
    distance = np.where(np.isfinite(shares), np.abs(shares - SHOWN_SHARE), np.inf)

    def nearest(chosen: np.ndarray, count: int) -> np.ndarray:
        rows = np.flatnonzero(chosen)
        return rows[np.argsort(distance[rows], kind="stable")[:count]]

    found = [(row, "unoccluded") for row in np.flatnonzero(method.subset("unoccluded"))[:unoccluded]]
    for family in method.families:
        found += [(row, family) for row in nearest(method.subset(family), 1)]
    hidden = method.subset(OUT_OF_DISTRIBUTION) & (method.facts["occluder"] > 0)
    found += [(row, "out of distribution") for row in nearest(hidden, foreign)]
    return [ShownFace(str(ids[row]), label) for row, label in found]


@dataclass(frozen=True)
class Views:
    """What one state of a run's networks says of some faces.

    Attributes:
        render: (F, 3, H, W) in [0, 1], on white.
        mask: (F, 1, H, W) the run's own mask, 0 or 1.
        skin: (F, 1, H, W) skin by its colour, inside the render.
        threshold: (F, 1, H, W) what the render explains (Eq. 10).
    """

    render: Tensor
    mask: Tensor
    skin: Tensor
    threshold: Tensor


def batch_of(job: Job, ids: Sequence[str]) -> dict[str, Tensor]:
    """Return image and true mask of some test images of a run's data, in the order of ``ids``.

    Raises:
        SeethroughError: a face is not among them.
    """
    from experiments.building import build_data

    found: dict[str, tuple[Tensor, Tensor]] = {}
    for batch in build_data(job.composition).test_dataloader():
        for row, name in enumerate(batch["id"]):
            if name in ids:
                found[str(name)] = (batch["image"][row], batch["mask"][row])
        if len(found) == len(set(ids)):
            break
    missing = [name for name in ids if name not in found]
    if missing:
        raise SeethroughError(
            f"{missing[0]} is not in the test set of {job.title}: its rows are of other pictures, evaluate again"
        )
    return {key: torch.stack([found[name][place] for name in ids]) for place, key in enumerate(("image", "mask"))}


@torch.no_grad()
def views(checkpoint: Path, batch: dict[str, Tensor]) -> Views:
    """Return what a checkpoint, or the newest one of a run folder, says of a batch.

    A run without a segmentation network shows the mask that its encoder was trained under, inside its render.
    """
    from lightning_modules.focus.loading import load_focus_module

    module = load_focus_module(checkpoint, misfit_prior=False)
    prediction = module.focus.predict(batch["image"])
    rendering = prediction.rendering
    render = torch.where(rendering.mask > 0, rendering.image.clamp(0, 1), torch.ones(()))
    image = batch["image"]
    skin = skin_colour_mask(image) * rendering.mask
    threshold = preliminary_mask(image, rendering.image, rendering.mask, module.config.loss.threshold)
    mask = shown_mask(module.focus, module.config, prediction, batch)
    return Views(render, *((each > 0.5).float() for each in (mask, skin, threshold)))
