"""The sections of the benchmark: each is a mapping from case names to what measures them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from tools.benchmark.measuring import Measurement

Case = Callable[[], Measurement]

SECTIONS: dict[str, str] = {
    "renderer": "tools.benchmark.rendering.renderer:cases",
    "decode": "tools.benchmark.rendering.decode:cases",
    "neighbour_loss": "tools.benchmark.focus.neighbour_loss:cases",
    "reconstruction_step": "tools.benchmark.focus.training_steps:reconstruction_cases",
    "segmentation_step": "tools.benchmark.focus.training_steps:segmentation_cases",
    "em_cycle": "tools.benchmark.focus.training_steps:cycle_cases",
    "training_loop": "tools.benchmark.focus.training_loop:cases",
    "processes": "tools.benchmark.focus.process_steps:cases",
    "inference": "tools.benchmark.focus.inference:cases",
    "translator": "tools.benchmark.details.translator:cases",
    "loader": "tools.benchmark.data.loader:cases",
    "now_metric": "tools.benchmark.data.now_metric:cases",
    "shape_from_shading": "tools.benchmark.details.shape_from_shading:cases",
    "hole_filling": "tools.benchmark.details.hole_filling:cases",
    "soft_symmetry": "tools.benchmark.details.soft_symmetry:cases",
    "photo_to_mesh": "tools.benchmark.details.photo_to_mesh:cases",
}
"""Section -> the function that returns its cases; its module is imported only when the section is asked for."""


def cases_of(section: str) -> Mapping[str, Case]:
    """Return the cases of a section, in the order in which they run."""
    module, function = SECTIONS[section].split(":")
    return getattr(import_module(module), function)()
