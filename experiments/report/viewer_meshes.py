"""The meshes of all faces, packed for the viewer, within the room that the page has for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.report.faces import Face
from experiments.report.mesh_packing import CHARACTERS_A_VERTEX, packed
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh, read_mesh

_FEWEST_VERTICES = 4000
_MOST_VERTICES = 150_000


def viewer_meshes(
    faces: Sequence[Face], budget: int, problems: list[str]
) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """Pack meshes.

    Args:
        faces: whose.
        budget: how many characters of the page they may take, about.
        problems: gets a line for each mesh that cannot be read.

    Returns:
        For each face that has meshes its name, source, facts and ``stages``, each with ``place`` in the second list,
        which holds the numbers; and what was reduced, in a line each.
    """
    read: list[tuple[Face, dict[str, Mesh]]] = []
    for face in faces:
        meshes = {}
        for stage, path in face.meshes.items():
            try:
                meshes[stage] = read_mesh(path)
            except SeethroughError as error:
                problems.append(str(error))
        if meshes:
            read.append((face, meshes))
    limit = _vertex_limit([len(mesh.vertices) for _, meshes in read for mesh in meshes.values()], budget)
    told, texts, notes = [], [], []
    for face, meshes in read:
        stages = []
        for stage, mesh in meshes.items():
            facts, text = packed(mesh, limit)
            stages.append({"stage": stage, "place": len(texts), **facts})
            texts.append(text)
            if facts["full_vertices"] > facts["vertices"]:
                fine, kept = facts["full_vertices"], facts["vertices"]
                notes.append(f"mesh {face.name}, {stage}: {kept:,} of {fine:,} vertices; its shading is that of all")
        told.append({"name": face.name, "source": face.source, "facts": face.facts, "stages": stages})
    return told, texts, notes


def _vertex_limit(counts: Sequence[int], budget: int) -> int:
    """Return how many vertices a mesh may have, so that all of them together fit."""
    low, high = _FEWEST_VERTICES, _MOST_VERTICES
    while high - low > 100:
        middle = (low + high) // 2
        if sum(min(count, middle) for count in counts) * CHARACTERS_A_VERTEX > budget:
            high = middle
        else:
            low = middle
    return low
