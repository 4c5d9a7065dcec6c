"""Section ``soft_symmetry``: completing a turned face of the open model from its depth of 500 px, and stitching it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

import torch

from seethrough.details import foundation_depth, foundation_from_vertices
from seethrough.details.foundation import Foundation
from seethrough.details.stitching import StitchSettings, fixed_topology_mesh, stitch
from seethrough.details.symmetry import PRESETS, complete
from seethrough.details.symmetry.vertex_graph import vertex_graph
from seethrough.morphable import FaceModel, load_face_model
from seethrough.rendering import Camera, pose
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

SIZE = 500


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

    return measure("soft_symmetry", name, step, repeats=9)


def _stitch(name: str, crossings: bool) -> Measurement:
    model, foundation, depth, mask = turned_face(1)
    done, chosen = complete(foundation, model, depth, mask), StitchSettings(crossings=crossings)
    return measure("soft_symmetry", name, lambda: stitch(done, model, chosen), repeats=5)


def _fixed(name: str) -> Measurement:
    model, foundation, depth, mask = turned_face(1)
    done = complete(foundation, model, depth, mask)
    return measure("soft_symmetry", name, lambda: fixed_topology_mesh(done, model), repeats=5)


def cases() -> Mapping[str, Case]:
    """Return the cases of this section."""
    sizes = {1: "10k vertices", 2: "41k vertices"}
    names = {(level, preset): f"{SIZE} px {size} {preset}" for level, size in sizes.items() for preset in PRESETS}
    completions = {name: partial(_complete, level, preset, name) for (level, preset), name in names.items()}
    stitching = {
        f"{SIZE} px 10k vertices stitched": True,
        f"{SIZE} px 10k vertices stitched, crossings left": False,
    }
    meshes = {name: partial(_stitch, name, crossings) for name, crossings in stitching.items()}
    fixed = f"{SIZE} px 10k vertices model's triangles"
    return {**completions, **meshes, fixed: partial(_fixed, fixed)}
