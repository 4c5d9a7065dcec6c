"""Section ``stitching``: one mesh of a completed face of the open model, from its depth of 500 px."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from seethrough.details.stitching import StitchSettings, fixed_topology_mesh, stitch
from seethrough.details.symmetry import complete
from tools.benchmark.details.soft_symmetry import SIZE, SIZES, turned_face
from tools.benchmark.measuring import Measurement, measure
from tools.benchmark.registry import Case

SECTION = "stitching"


def _stitch(name: str, level: int, crossings: bool) -> Measurement:
    model, foundation, depth, mask = turned_face(level)
    done, chosen = complete(foundation, model, depth, mask), StitchSettings(crossings=crossings)
    return measure(SECTION, name, lambda: stitch(done, model, chosen), repeats=5)


def _fixed(name: str) -> Measurement:
    model, foundation, depth, mask = turned_face(1)
    done = complete(foundation, model, depth, mask)
    return measure(SECTION, name, lambda: fixed_topology_mesh(done, model), repeats=5)


def cases() -> Mapping[str, Case]:
    """Return the cases of this section: with crossings of the surface with itself taken out, left, and no new mesh."""
    names = {(level, crossings): f"{SIZE} px {size}{'' if crossings else ', crossings left'}"
             for level, size in SIZES.items() for crossings in (True, False)}  # fmt: skip
    found = {name: partial(_stitch, name, *settings) for settings, name in names.items()}
    fixed = f"{SIZE} px {SIZES[1]}, model's triangles"
    return {**found, fixed: partial(_fixed, fixed)}
