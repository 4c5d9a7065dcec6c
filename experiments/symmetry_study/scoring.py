"""What is measured on one face, and how rows of faces become a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from experiments.means_over_seeds import means_over_seeds
from experiments.symmetry_study.faces import TurnedFace
from seethrough.meshes import Mesh
from seethrough.metrics.triangle_tree import TriangleTree

MEASURES = ("seconds", "hidden_mm", "hidden_degrees", "across_mm", "across_degrees", "seen_mm")


def score(face: TurnedFace, method: Callable[[TurnedFace], Mesh]) -> dict[str, float]:
    """Measure one face completed by one method.

    Returns:
        CPU seconds, and for the vertices of the true surface that the camera does not see, those among them whose
        partner across the face it does see, and those that it sees: the mean distance to the closest point of the
        completed face, mm, and the mean angle between the normals there. Nothing is aligned: the pose is known.
    """
    start = time.process_time()
    mesh = method(face)
    numbers = {"seconds": time.process_time() - start}
    tree, normals, true_normals = TriangleTree.of(mesh.vertices, mesh.triangles), mesh.normals(), face.truth.normals()
    for name, chosen in (("hidden", face.hidden), ("across", face.across), ("seen", face.seen)):
        closest = tree.closest(face.truth.vertices[chosen])
        mixed = np.einsum("nk,nkc->nc", closest.barycentric, normals[mesh.triangles[closest.triangles]])
        mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)
        cosine = (mixed * true_normals[chosen]).sum(1).clip(-1, 1)
        numbers[f"{name}_mm"] = float(np.sqrt(closest.squared).mean())
        numbers[f"{name}_degrees"] = float(np.degrees(np.arccos(cosine)).mean())
    return numbers


def summarise(rows: Iterable[Mapping[str, object]], groups: Sequence[str]) -> list[dict[str, object]]:
    """Average the measures of faces, see :func:`~experiments.means_over_seeds.means_over_seeds`.

    Besides, ``gain_mm`` is by how much less ``across_mm`` is than with the foundation only, face by face.
    """
    rows = list(rows)
    plain = {_face(row): float(str(row["across_mm"])) for row in rows if row["method"] == "foundation only"}
    gained = [{**row, "gain_mm": plain.get(_face(row), float("nan")) - float(str(row["across_mm"]))} for row in rows]
    return means_over_seeds(gained, groups, (*MEASURES, "gain_mm"))


def faces_won(rows: Iterable[Mapping[str, object]], method: str = "default") -> list[dict[str, object]]:
    """Count the faces on which a method is closer than others on the part across: ``than``, ``closer``, ``faces``."""
    found: dict[str, dict[tuple[object, object], float]] = {}
    for row in rows:
        found.setdefault(str(row["method"]), {})[_face(row)] = float(str(row["across_mm"]))
    ours = found.get(method, {})
    return [
        {"than": name, "closer": sum(ours[face] < theirs[face] for face in ours), "faces": len(ours)}
        for name, theirs in found.items()
        if name != method and ours
    ]


def _face(row: Mapping[str, object]) -> tuple[object, object]:
    return row.get("modes"), row["face"]
