"""Section ``soft_symmetry``: completing a turned face of the open model from its depth of 500 px."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import torch

from seethrough.details import foundation_depth, foundation_from_vertices
from seethrough.details.foundation import Foundation
from seethrough.details.symmetry import PRESETS, complete
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.morphable import FaceModel, load_face_model
from seethrough.rendering import Camera, pose
from tools.benchmark.details.plain_symmetry import HalfSeen, complete_plainly
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

SIZE = 500
SIZES = {1: "10k vertices", 2: "41k vertices"}
"""Subdivision level of the open model -> what it is called."""


@cache
def turned_face(level: int) -> tuple[FaceModel, Foundation, torch.Tensor, torch.Tensor]:
    """Return the mean face turned by 40 degrees, its detailed depth with ripples (1, S, S), and its mask."""
    model = load_face_model("open", level=level)
    turn = torch.tensor([[0.1, 0.7, 0.0]])
    vertices = pose(model.mean[None], turn, torch.tensor([[0.0, 10.0, 0.0]]))[0]
    foundation = foundation_from_vertices(model, vertices, Camera(1000 / 280 * SIZE, SIZE, SIZE))
    depth, mask = foundation_depth(foundation)
    row = torch.arange(SIZE) + 0.5
    return model, foundation, depth - 0.5 * torch.sin(row / 4)[:, None] - 0.5, mask


def _complete(level: int, preset: str, name: str) -> Measurement:
    model, foundation, depth, mask = turned_face(level)

    def step() -> None:
        vertex_graph(model).factors.clear()  # no two photos have the same visible vertices
        complete(foundation, model, depth, mask, PRESETS[preset])

    done, graph = complete(foundation, model, depth, mask, PRESETS["paper"]), vertex_graph(model)
    values = (graph.edges, graph.mirror, graph.paired, done.visible, done.foundation, done.vertices)
    half = HalfSeen(*map(torch.from_numpy, values))
    return measure("soft_symmetry", name, step, repeats=9, reference=lambda: complete_plainly(half))


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    names = {(level, preset): f"{SIZE} px {size} {preset}" for level, size in SIZES.items() for preset in PRESETS}
    return {name: partial(_complete, level, preset, name) for (level, preset), name in names.items()}
