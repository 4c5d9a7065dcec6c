"""The passes through networks that a FOCUS step cannot do without, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Network, Phase
from seethrough.morphable import FaceParameters
from tools.benchmark.plain_networks import written_plainly

RENDERED = (Phase.INITIALISE, Phase.RECONSTRUCT)


class Arithmetic:
    """Copies of a module's networks, written plainly, run on inputs that are there already, in the layout of training.

    What it leaves out is what the ratio of a step to it measures: decoding, rendering, alignment, losses, masks, the
    optimiser, and Lightning's loop. Products that the module's networks save make the ratio smaller.

    Args:
        module: whose networks are copied.
        batch: with ``image`` (B, 3, H, W) and ``landmarks`` (B, 68, 2).
        plain: write the networks plainly; else they do what those of the module do.
    """

    def __init__(self, module: FocusModule, batch: dict[str, Any], plain: bool = True) -> None:
        loss = module.config.loss
        self.weights = loss.weights
        self.compared = {
            Network.RECONSTRUCTION: slice(loss.perceptual_images),
            Network.SEGMENTATION: slice(loss.segmentation_perceptual_images),
        }
        self.mask = module.config.mask
        self.encoder = copy.deepcopy(module.focus.encoder)
        self.segmentation = (written_plainly if plain else copy.deepcopy)(module.focus.segmentation)
        self.recognition = module.perceptual
        self.image: Tensor = batch["image"]
        self.rendered = self.image.flip(3).contiguous()
        if self.recognition is not None:
            self.chip = self.recognition.chip(self.image, batch["landmarks"]).detach()

    def step(self, phase: Phase) -> None:
        """Do what one step of ``phase`` needs."""
        if phase.network is Network.SEGMENTATION:
            self._segmentation(shallow=phase is Phase.SEGMENT)
        else:
            self._reconstruction(phase)

    def least_bytes(self, phase: Phase) -> float:
        """Return the bytes that one step moves at least, per image: the weights of every pass and update, the images.

        Trained weights are read forward and backward, their gradients written and read, the weights and the optimiser's
        two averages read and written; those of a frozen network are read once.
        """
        trained, frozen = (self.segmentation, self.encoder)
        if phase.network is Network.RECONSTRUCTION:
            trained, frozen = frozen, trained
        weights = 10 * _size(trained)
        if phase.network is Network.SEGMENTATION or (phase is Phase.RECONSTRUCT and self.mask == "segmentation"):
            weights += _size(frozen)
        return (4 * weights + 2 * 4 * self.image.numel()) / len(self.image)

    def _reconstruction(self, phase: Phase) -> None:
        self.encoder.train()
        self.segmentation.eval()
        parameters = self.encoder(self.image)
        losses = [total(parameters)]
        if phase is Phase.RECONSTRUCT and self.mask == "segmentation":
            with torch.no_grad():
                self.segmentation(self.rendered, self.image)
        network = self.recognition
        if phase in RENDERED and network is not None and self.weights.perceptual:
            chip = self.chip[self.compared[Network.RECONSTRUCTION]]
            with torch.no_grad():
                network.of_chip(chip)
            losses.append(network.of_chip(chip.clone().requires_grad_()).float().sum())
        self._back(self.encoder, losses)

    def _segmentation(self, shallow: bool) -> None:
        self.encoder.eval()
        self.segmentation.train()
        with torch.no_grad():
            self.encoder(self.image)
        losses = [self.segmentation(self.rendered, self.image).float().sum()]
        network = self.recognition
        if shallow and network is not None and (self.weights.distance or self.weights.preserve):
            chip = self.chip[self.compared[Network.SEGMENTATION]]
            losses.append(network.shallow_of_chip(chip.clone().requires_grad_()).float().sum())
            if self.weights.distance:
                losses.append(network.shallow_of_chip(chip.clone().requires_grad_()).float().sum())
            if self.weights.preserve:
                with torch.no_grad():
                    network.shallow_of_chip(chip)
        self._back(self.segmentation, losses)

    def _back(self, trained: torch.nn.Module, losses: list[Tensor]) -> None:
        trained.zero_grad()
        torch.stack(losses).sum().backward()


def needed_flop(module: FocusModule, batch: dict[str, Any], phase: Phase) -> float:
    """Return the floating-point operations of the products in one step as ``module`` takes it, per image of a batch."""
    arithmetic = Arithmetic(module, batch, plain=False)
    with FlopCounterMode(display=False) as counter:
        arithmetic.step(phase)
    return counter.get_total_flops() / len(batch["image"])


def total(parameters: FaceParameters) -> Tensor:
    """Return a number whose gradient reaches every parameter."""
    return torch.cat(list(parameters), dim=1).sum()


def _size(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
