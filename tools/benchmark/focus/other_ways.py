"""Section ``other_ways``: what might make FOCUS faster and is not done, beside what is done."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from lightning_modules.focus.phases import Phase
from seethrough.errors import SeethroughError
from seethrough.networks import SegmentationUNet
from seethrough.networks.perceptual import PerceptualNet
from tools.benchmark.focus.arithmetic import Arithmetic, total
from tools.benchmark.focus.setup import PAPER, SMALL, FocusSetup
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

SECTION = "other_ways"


class RememberingNet(nn.Module):
    """A recognition network that gives the embeddings of a chip that it has seen before out of memory.

    Args:
        network: asked for all others.
        chip: whose embeddings are kept.
    """

    def __init__(self, network: PerceptualNet, chip: Tensor) -> None:
        super().__init__()
        self.network, self.chip = network, chip
        with torch.no_grad():
            self.kept = network.of_chip(chip)

    def of_chip(self, chip: Tensor) -> Tensor:
        """Return the embeddings of a batch of chips."""
        known = chip.data_ptr() == self.chip.data_ptr() and chip.shape == self.chip.shape
        return self.kept if known else self.network.of_chip(chip)


def without_normalisations(network: SegmentationUNet) -> SegmentationUNet:
    """Return the network's function in eval mode, its normalisations part of its convolutions."""
    folded = copy.deepcopy(network).eval()
    for block in [*folded.encoder, *folded.upsampling, *folded.decoder]:
        assert isinstance(block, nn.Sequential)
        for index in range(0, len(block), 3):
            convolution, norm = block[index], block[index + 1]
            assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
            block[index], block[index + 1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
    return folded.to(memory_format=torch.channels_last)


def _compiled(setup: FocusSetup, network: str, case: str, repeats: int) -> Measurement:
    """Train one network on its own, through torch.compile and without."""
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        raise SeethroughError("torch.compile needs a C++ compiler on a CPU: install g++")
    module = setup.module()
    image = setup.faces(module.config.image_size)["image"]
    rendered = image.flip(3).contiguous()
    passes: dict[str, tuple[nn.Module, Callable[..., Tensor]]] = {
        "encoder": (module.focus.encoder, lambda encoder: total(encoder(image))),
        "segmentation": (module.focus.segmentation, lambda network: network(rendered, image).sum()),
    }
    ours, run = passes[network]
    faster = torch.compile(ours.train())

    def both_ways(network: Callable[..., object]) -> None:
        ours.zero_grad()
        run(network).backward()

    return _beside(case, setup, partial(both_ways, faster), partial(both_ways, ours), repeats)


def _frozen(setup: FocusSetup, way: str, case: str, repeats: int) -> Measurement:
    """Ask the frozen segmentation network for a mask, as every reconstruction step does."""
    module = setup.module()
    network = module.focus.segmentation.eval()
    image = setup.faces(module.config.image_size)["image"]
    rendered = image.flip(3).contiguous()
    other = without_normalisations(network) if way == "folded" else network

    @torch.no_grad()
    def run(network: nn.Module, half: bool) -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            network(rendered, image)

    return _beside(case, setup, partial(run, other, way == "bf16"), partial(run, network, False), repeats)


def _remembered(setup: FocusSetup, case: str, repeats: int) -> Measurement:
    """Do the passes of a reconstruction step with the photos' embeddings known."""
    module = setup.module()
    arithmetic = Arithmetic(module, setup.faces(module.config.image_size), plain=False)
    remembering = copy.copy(arithmetic)
    assert arithmetic.recognition is not None
    remembering.recognition = RememberingNet(arithmetic.recognition, arithmetic.chip)  # pyright: ignore
    step = Phase.RECONSTRUCT
    return _beside(case, setup, partial(remembering.step, step), partial(arithmetic.step, step), repeats)


def _beside(
    case: str, setup: FocusSetup, other: Callable[[], object], ours: Callable[[], object], repeats: int
) -> Measurement:
    return measure(
        SECTION,
        case,
        other,
        per=setup.batch,
        repeats=repeats,
        reference=ours,
        reference_per=setup.batch,
        reference_repeats=repeats,
    )


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    found: dict[str, Case] = {}
    for network in ("encoder", "segmentation"):
        name = f"{SMALL.name} {network} compiled, forward+backward"
        found[name] = partial(_compiled, SMALL, network, name, 9)
    for setup, repeats in ((PAPER, 3), (SMALL, 15)):
        for way, words in (("folded", "normalisations folded"), ("bf16", "in bf16")):
            name = f"{setup.name} frozen segmentation, {words}"
            found[name] = partial(_frozen, setup, way, name, repeats)
    name = f"{PAPER.name} reconstruction's passes, embeddings of photos kept"
    found[name] = partial(_remembered, PAPER, name, 3)
    return found
