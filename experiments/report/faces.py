"""Faces with meshes: results of ``experiments.reconstruct``, and what a run has written into its ``meshes`` folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.reconstruction.manifest import NAME as MANIFEST
from experiments.report.run_reading import ReadRun

# Stages that one pose shares, so that a viewer can switch between them; the first of the sets that is there is shown.
_STAGE_SETS = (
    (
        ("foundation", "foundation_frontal.ply"),
        ("bump", "detailed_frontal.ply"),
        ("complete", "completed_frontal.ply"),
    ),
    (("foundation", "foundation_aligned.ply"), ("bump", "detailed.ply"), ("complete", "completed_aligned.ply")),
    (("face", "mesh.ply"), ("neutral", "neutral.ply")),
)
_PICTURES = ("stages.png", "side_by_side.png", "before_and_after.png")
_MESH_SUFFIXES = (".ply", ".obj", ".glb")


@dataclass
class Face:
    """A face to be turned.

    Attributes:
        name: in the viewer.
        source: where it comes from, in words.
        meshes: file of each stage, in their order.
        pictures: title and file.
        facts: what the manifest says of it, as label and text.
        failed: why there is nothing of it, or empty.
    """

    name: str
    source: str
    meshes: dict[str, Path] = field(default_factory=dict)
    pictures: list[tuple[str, Path]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    failed: str = ""


def faces_in(folder: Path, problems: list[str]) -> list[Face]:
    """Return the faces of an output folder of ``experiments.reconstruct``, or the one of a face's own folder."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        rows = _rows(folder.parent / MANIFEST, [])
        own = next((row for row in rows if _face_folder(folder.parent, row) == folder), None)
        return [_face(folder, folder.parent.name, own)]
    faces, known = [], set()
    for row in _rows(manifest, problems):
        place = _face_folder(folder, row)
        known.add(place)
        if row.get("status") != "ok" or place is None:
            reason = str(row.get("reason") or "no reason was given")
            faces.append(Face(Path(str(row.get("photo", "photo"))).name, folder.name, failed=reason))
        elif not place.is_dir():
            problems.append(f"{place}: the results of {row.get('photo')} are gone")
        else:
            faces.append(_face(place, folder.name, row))
    if not faces:
        problems.append(f"{folder}: no face has been reconstructed yet")
    return faces


def faces_of_runs(runs: Iterable[ReadRun]) -> list[Face]:
    """Return for each run with meshes one face, whose stages are the newest of them."""
    faces = []
    for run in runs:
        files = sorted(path for path in run.folder.meshes.glob("*") if path.suffix.lower() in _MESH_SUFFIXES)
        if files:
            newest = files[-3:]
            faces.append(Face(run.name, "meshes of a run", {path.stem: path for path in newest}))
    return faces


def _face(folder: Path, source: str, row: dict[str, Any] | None) -> Face:
    sets = [[(stage, folder / file) for stage, file in stages] for stages in _STAGE_SETS]
    here = [[(stage, path) for stage, path in stages if path.is_file()] for stages in sets]
    chosen = next((stages for stages in here[:2] if len(stages) > 1), None) or next((s for s in here if s), [])
    meshes = dict(chosen)
    if "foundation" not in meshes and "bump" in meshes and (folder / "mesh.ply").is_file():
        meshes = {"face": folder / "mesh.ply", **meshes}
    pictures = [(f"{folder.name}: {Path(name).stem.replace('_', ' ')}", folder / name) for name in _PICTURES]
    face = Face(folder.name, source, meshes, [(title, path) for title, path in pictures if path.is_file()])
    if row is not None:
        face.facts = _facts(row)
    if not meshes:
        face.failed = "no mesh was written"
    return face


def _facts(row: dict[str, Any]) -> dict[str, str]:
    facts = {"photo": Path(str(row.get("photo", ""))).name}
    error, hidden = row.get("landmark_error_px"), row.get("occluded_fraction")
    if isinstance(error, int | float):
        facts["landmark error"] = f"{error:.2f} px at 224"
    if isinstance(hidden, int | float):
        facts["hidden"] = f"{100 * hidden:.0f} % of the face"
    stages = row.get("stages")
    if isinstance(stages, dict):
        known = [stage for stage in stages.values() if isinstance(stage, dict)]
        # Of the whole, since stages run side by side; failed faces and earlier versions have those of stages alone.
        whole = row.get("seconds") or sum(_number(stage.get("seconds")) for stage in known)
        facts["time"] = f"{_number(whole):.0f} s"
        if notes := "; ".join(str(stage["note"]) for stage in known if stage.get("note")):
            facts["note"] = notes
    return facts


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _face_folder(folder: Path, row: dict[str, Any]) -> Path | None:
    """Return where the results of a row lie: below ``folder``, wherever that has been moved to since."""
    names = [Path(path).parent.name for path in row["outputs"].values() if isinstance(path, str)]
    return folder / names[0] if names else None


def _rows(manifest: Path, problems: list[str]) -> Sequence[dict[str, Any]]:
    if not manifest.is_file():
        return []
    rows, broken = [], 0
    for line in manifest.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and isinstance(row.get("outputs"), dict):
            rows.append(row)
        else:
            broken += 1
    if broken:
        problems.append(f"{manifest}: {broken} broken row(s) left out")
    return rows
