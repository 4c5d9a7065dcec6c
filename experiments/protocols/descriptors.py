"""Descriptors of photos: what a run says of a person, and what a recognition network does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seethrough.errors import SeethroughError
from seethrough.networks.perceptual import PerceptualNet, load_perceptual_net

if TYPE_CHECKING:
    from lightning_modules.focus.lightning_model import FocusModule

KINDS = {
    "identity": "identity coefficients, standard deviations",
    "face": "identity and albedo coefficients",
    "recognition": "recognition network on the photo",
}
_ROUNDED = 0.5


@dataclass(frozen=True)
class Descriptors:
    """What is known of photos.

    Attributes:
        ids: of the photos.
        kinds: name -> (N, D).
        hidden: (N,) share of the rendered face that the run's mask hides; NaN for a run without a network for it.
        occluder: (N,) whether data know of an occluder; None where they do not say.
    """

    ids: list[str]
    kinds: dict[str, np.ndarray]
    hidden: np.ndarray
    occluder: np.ndarray | None


@torch.inference_mode()
def describe(
    module: FocusModule, batches: Iterable[dict[str, Any]], kinds: Sequence[str], recognition: str, hidden: bool
) -> Descriptors:
    """Describe photos by a run.

    Args:
        module: the networks; they stay on their device.
        batches: of the photos.
        kinds: of :data:`KINDS`.
        recognition: recognition network, ``dlib`` or a path.
        hidden: ask how much of the face is hidden, which needs rendering.

    Raises:
        SeethroughError: predictions are not finite, or there is no such recognition network.
    """
    module.eval()
    device = next(module.focus.encoder.parameters()).device
    network = None
    if "recognition" in kinds:
        network = load_perceptual_net(recognition)
        if network is None:
            raise SeethroughError(f"--recognition {recognition}: name a network, dlib or the path of ArcFace weights")
        network = network.to(device)
    ids: list[str] = []
    found: dict[str, list[np.ndarray]] = {name: [] for name in kinds}
    shares: list[np.ndarray] = []
    occluders: list[np.ndarray] = []
    for batch in batches:
        image = batch["image"].to(device)
        for name, values in _of_batch(module, network, image, batch, kinds).items():
            found[name].append(values.cpu().numpy())
        ids += batch["id"]
        shares.append(_hidden_share(module, image) if hidden else np.full(len(image), np.nan))
        if "truth" in batch:
            occluders.append(batch["truth"]["occluder"].cpu().numpy() > 0)
    stacked = {name: np.concatenate(values).astype(np.float64) for name, values in found.items()}
    if not all(np.isfinite(values).all() for values in stacked.values()):
        raise SeethroughError("the network's predictions are not finite; was its training stable?")
    return Descriptors(ids, stacked, np.concatenate(shares), np.concatenate(occluders) if occluders else None)


def _of_batch(
    module: FocusModule,
    network: PerceptualNet | None,
    image: torch.Tensor,
    batch: dict[str, Any],
    kinds: Sequence[str],
) -> dict[str, torch.Tensor]:
    values = {}
    if {"identity", "face"} & set(kinds):
        parameters = module.focus.encoder(image)
        values["identity"] = parameters.identity
        values["face"] = torch.cat([parameters.identity, parameters.albedo], 1)
    if network is not None:
        values["recognition"] = network.deep(image, batch["landmarks"].to(image))
    return {name: values[name] for name in kinds}


def _hidden_share(module: FocusModule, image: torch.Tensor) -> np.ndarray:
    prediction = module.focus.predict(image)
    rendered = prediction.rendering.mask.flatten(1).sum(1)
    shown = (prediction.mask >= _ROUNDED).flatten(1).sum(1)
    return (1 - shown / rendered).cpu().numpy()
