"""Section ``inference``: from a batch of crops to parameters, renders and masks, beside the networks' passes alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tools.benchmark.focus.setup import PAPER, SMALL, FocusSetup
from tools.benchmark.focus.step_timing import DTYPES
from tools.benchmark.measuring import Measurement, Times, summarise
from tools.benchmark.plain_networks import written_plainly
from tools.benchmark.registry import Case


def _predict(setup: FocusSetup, precision: str, rounds: int) -> Measurement:
    focus = setup.module().focus.eval()
    image = setup.faces(focus.image_size)["image"]
    rendered = image.flip(3).contiguous()
    plain = written_plainly(focus.segmentation)
    dtype = DTYPES[precision]
    times, arithmetic = Times(), Times()

    @torch.no_grad()
    def passes(segmentation: nn.Module = plain) -> None:
        focus.encoder(image)
        segmentation(rendered, image)

    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
        for index in range(rounds + 1):
            (times if index else Times()).take(lambda: focus.predict(image))
            (arithmetic if index else Times()).take(passes)
        with FlopCounterMode(display=False) as counter:
            passes(focus.segmentation)
    weights = sum(value.numel() for part in (focus.encoder, focus.segmentation) for value in part.parameters())
    return summarise(
        "inference",
        _name(setup, precision),
        times,
        arithmetic,
        setup.batch,
        setup.batch,
        counter.get_total_flops() / setup.batch,
        (4 * weights + 2 * 4 * image.numel()) / setup.batch,
        dtype,
    )


def _name(setup: FocusSetup, precision: str) -> str:
    return f"{setup.name}{' bf16' if precision == 'bf16-mixed' else ''}"


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    return {
        _name(setup, precision): partial(_predict, setup, precision, rounds)
        for setup, rounds in ((PAPER, 3), (SMALL, 15))
        for precision in ("32-true", "bf16-mixed")
    }
