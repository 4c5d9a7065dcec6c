"""The sections of the benchmark: each is a mapping from case names to what measures them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from tools.benchmark.measuring import Measurement

Case = Callable[[], Measurement]

SECTIONS: dict[str, str] = {
    "renderer": "tools.benchmark.renderer:cases",
    "decode": "tools.benchmark.decode:cases",
    "neighbour_loss": "tools.benchmark.neighbour_loss:cases",
    "reconstruction_step": "tools.benchmark.training_steps:reconstruction_cases",
    "segmentation_step": "tools.benchmark.training_steps:segmentation_cases",
    "em_cycle": "tools.benchmark.training_steps:cycle_cases",
    "training_loop": "tools.benchmark.training_loop:cases",
    "processes": "tools.benchmark.process_steps:cases",
    "inference": "tools.benchmark.inference:cases",
    "translator": "tools.benchmark.translator:cases",
    "loader": "tools.benchmark.loader:cases",
    "now_metric": "tools.benchmark.now_metric:cases",
    "shape_from_shading": "tools.benchmark.shape_from_shading:cases",
    "hole_filling": "tools.benchmark.hole_filling:cases",
    "soft_symmetry": "tools.benchmark.soft_symmetry:cases",
    "photo_to_mesh": "tools.benchmark.photo_to_mesh:cases",
}
"""Section -> the function that returns its cases; its module is imported only when the section is asked for."""


def cases_of(section: str) -> Mapping[str, Case]:
    """Return the cases of a section, in the order in which they run."""
    module, function = SECTIONS[section].split(":")
    return getattr(import_module(module), function)()
