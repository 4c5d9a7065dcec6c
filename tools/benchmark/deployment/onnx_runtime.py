"""Section ``onnx``: networks as ``tools.export_onnx`` writes them, run by onnxruntime, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from lightning_modules.bump.loading import load_translator
from tools.benchmark.focus.setup import PAPER, SMALL, FocusSetup
from tools.benchmark.measuring import Measurement, Times, summarise
from tools.benchmark.registry import Case
from tools.export_onnx.exporting import as_feed, exported_bytes, pictures, session
from tools.export_onnx.networks import ExportedNetwork, bump_networks, focus_networks

SECTION = "onnx"


@cache
def _of_focus(setup: FocusSetup) -> Mapping[str, ExportedNetwork]:
    return {each.name: each for each in focus_networks(setup.module().eval(), {})}


def _translator() -> ExportedNetwork:
    (found,) = bump_networks(load_translator("default"), {})
    return found


def run_in_turn(name: str, exported: ExportedNetwork, batch: int, rounds: int) -> Measurement:
    """Time onnxruntime and PyTorch on the same pictures in turn, on as many threads as PyTorch has."""
    images = pictures(batch, exported.size, len(exported.inputs))
    runtime, feed = session(exported_bytes(exported), torch.get_num_threads()), as_feed(exported.inputs, images)
    times, reference = Times(), Times()
    network = exported.network.eval()
    with torch.no_grad():
        for index in range(rounds + 1):
            (times if index else Times()).take(lambda: runtime.run(None, feed))
            (reference if index else Times()).take(lambda: network(*images))
        with FlopCounterMode(display=False) as counter:
            network(*images)
    weights = sum(value.numel() for value in network.parameters())
    moved = 4 * (weights + sum(image.numel() for image in images)) / batch
    return summarise(SECTION, name, times, reference, batch, batch, counter.get_total_flops() / batch, moved)


def _measured(name: str, found: Callable[[], ExportedNetwork], batch: int, rounds: int) -> Measurement:
    return run_in_turn(name, found(), batch, rounds)


def cases() -> Mapping[str, Case]:
    """Return the cases of this section: both networks of FOCUS at two sizes, and the translator that comes along."""
    found: dict[str, Case] = {}
    for setup, batch, rounds in ((SMALL, 32, 9), (PAPER, 2, 3)):
        for part in ("encoder", "segmentation"):
            name = f"{setup.name} {part}"
            found[name] = partial(_measured, name, lambda s=setup, p=part: _of_focus(s)[p], batch, rounds)
    name = "default translator"
    return {**found, name: partial(_measured, name, _translator, 1, 9)}
