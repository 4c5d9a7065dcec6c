"""Section ``translator``: from a face crop of 500 px to its bump map."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from experiments.config.composition import compose
from lightning_modules.bump.lightning_model import build_translator
from seethrough.details.detail_crop import DETAIL_SIZE
from tools.benchmark.focus.step_timing import DTYPES
from tools.benchmark.measuring import Measurement, Times, summarise
from tools.benchmark.registry import Case

PRESETS = {"paper": "preset/bump_paper", "small": "preset/bump_small"}


def _translate(preset: str, precision: str, rounds: int) -> Measurement:
    torch.manual_seed(0)
    translator = build_translator(compose([PRESETS[preset], "data/detail"]).config.model.translator).eval()
    image = torch.rand(1, 3, DETAIL_SIZE, DETAIL_SIZE)
    times, dtype = Times(), DTYPES[precision]
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
        for index in range(rounds + 1):
            (times if index else Times()).take(lambda: translator(image))
        with FlopCounterMode(display=False) as counter:
            translator(image)
    weights = sum(value.numel() for value in translator.parameters())
    moved = 4 * (weights + image.numel() + DETAIL_SIZE**2)
    return summarise(
        "translator", _name(preset, precision), times, Times(), 1, 1, counter.get_total_flops(), moved, dtype
    )


def _name(preset: str, precision: str) -> str:
    return f"{preset} {DETAIL_SIZE} px{' bf16' if precision == 'bf16-mixed' else ''}"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    return {
        _name(preset, precision): partial(_translate, preset, precision, rounds)
        for preset, rounds in (("paper", 5), ("small", 9))
        for precision in ("32-true", "bf16-mixed")
    }
