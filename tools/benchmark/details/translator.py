"""Section ``translator``: from a face crop of 500 px to its bump map."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from experiments.config.composition import compose
from lightning_modules.bump.lightning_model import build_translator
from seethrough.details.detail_crop import DETAIL_SIZE
from seethrough.networks.bump_translator import BumpTranslator, millimetres
from tools.benchmark.focus.step_timing import DTYPES
from tools.benchmark.measuring import Measurement, Times, summarise
from tools.benchmark.plain_networks import written_plainly
from tools.benchmark.registry import Case

PRESETS = {"paper": "preset/bump_paper", "small": "preset/bump_small"}


def plain_translation(translator: BumpTranslator, image: Tensor) -> Tensor:
    """Return the (B, 1, H, W) bump in mm, layer after layer, of a network that is written plainly."""
    height, width = image.shape[-2:]
    below, beside = (-(side + 2 * translator.margin) % translator.stride for side in (height, width))
    features, skips = functional.pad(2 * image - 1, (0, beside, 0, below)), []
    for block in translator.encoder:
        features = block(features)
        skips.append(features)
    for decoder, skip in zip(reversed(translator.decoder), reversed(skips[:-1]), strict=True):
        features = decoder(features, skip)
    output = torch.tanh(translator.head_scale * translator.head(features))
    margin = translator.margin
    return millimetres(output)[..., margin : margin + height, margin : margin + width]


def translation_measured(
    case: str, preset: str, precision: str, rounds: int, size: int = DETAIL_SIZE, compared: bool = True
) -> Measurement:
    """Translate one picture of ``size`` px, in turn with the same in PyTorch's own layout if ``compared``."""
    torch.manual_seed(0)
    translator = build_translator(compose([PRESETS[preset], "data/detail"]).config.model.translator).eval()
    image = torch.rand(1, 3, size, size)
    times, reference, dtype = Times(), Times(), DTYPES[precision]
    plain = written_plainly(translator).to(memory_format=torch.contiguous_format)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
        for index in range(rounds + 1):
            (times if index else Times()).take(lambda: translator(image))
            if compared:
                (reference if index else Times()).take(lambda: plain_translation(plain, image))
        with FlopCounterMode(display=False) as counter:
            translator(image)
    weights = sum(value.numel() for value in translator.parameters())
    moved = 4 * (weights + image.numel() + size**2)
    return summarise("translator", case, times, reference, 1, 1, counter.get_total_flops(), moved, dtype)


def _name(preset: str, precision: str) -> str:
    return f"{preset} {DETAIL_SIZE} px{' bf16' if precision == 'bf16-mixed' else ''}"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    return {
        _name(preset, precision): partial(translation_measured, _name(preset, precision), preset, precision, rounds)
        for preset, rounds in (("paper", 5), ("small", 9))
        for precision in ("32-true", "bf16-mixed")
    }
