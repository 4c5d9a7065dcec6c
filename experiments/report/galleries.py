"""Galleries: the same faces under several runs, at several moments of their training."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.report.picture_store import PictureStore
from experiments.report.picture_tiles import Tiles, read_picture, shrunk, strips_of, views_in, with_error
from experiments.report.run_reading import ReadRun

_STEP = re.compile(r"(.+)_(\d+)\.png")
# About what a pixel of such pictures takes in the page, measured: masks and black grounds take little.
_CHARACTERS_A_PIXEL = 0.24
_SMALLEST_FACTOR = 0.7
# What is given up, one after the other, where pictures are too many: moments of training, runs of a group, faces.
_LADDER = ((5, 99, 16), (5, 1, 16), (2, 1, 16), (1, 1, 16), (1, 1, 8), (1, 1, 4))


@dataclass
class Sheet:
    """A picture of many faces that a run wrote: an evaluation's, or of a step of its training."""

    run: int
    group: int
    moment: str
    label: str
    method: str
    faces: list[tuple[Tiles, dict[str, float]]]
    facts: list[dict[str, Any]] = field(default_factory=list)


def galleries(
    runs: Sequence[ReadRun], groups: Sequence[Sequence[int]], store: PictureStore, budget: int
) -> tuple[list[dict[str, Any]], list[tuple[str, Path]], list[str]]:
    """Return galleries of faces, the sheets that cannot be cut into faces, and what was reduced, in a line each.

    Args:
        runs: all of them.
        groups: the places of the runs that differ in their seed only.
        store: takes the pictures.
        budget: how many characters of the page they may take, about.
    """
    sheets, whole = _sheets(runs, groups)
    made, notes = [], []
    for method in dict.fromkeys(sheet.method for sheet in sheets):
        chosen = [sheet for sheet in sheets if sheet.method == method]
        share = budget * len(chosen) / len(sheets)
        gallery, reduced = _gallery(method, chosen, store, share)
        made.append(gallery)
        notes += reduced
    return made, whole, notes


def _sheets(runs: Sequence[ReadRun], groups: Sequence[Sequence[int]]) -> tuple[list[Sheet], list[tuple[str, Path]]]:
    group_of = {place: number for number, places in enumerate(groups) for place in places}
    sheets: list[Sheet] = []
    whole: list[tuple[str, Path]] = []
    for place, run in enumerate(runs):
        for moment, label, path in _picture_files(run):
            picture = read_picture(path)
            if picture is None:
                run.problems.append(f"{path.name} cannot be read: it is broken, or being written")
                continue
            strips = strips_of(run.method, run.config, picture)
            if strips is None:
                whole.append((f"{run.name}, {label}", path))
                continue
            faces = [with_error(tiles) for tiles in strips]
            sheets.append(Sheet(place, group_of[place], moment, label, run.method, faces, _facts(path)))
        if not any(sheet.run == place for sheet in sheets):
            run.problems.append("no pictures of faces yet")
    return sheets, whole


def _picture_files(run: ReadRun) -> list[tuple[str, str, Path]]:
    """Return moment, its label and the file of each sheet: evaluations first, then the newest steps first."""
    files = [
        (path.stem, path.stem.replace("_", " "), path) for path in sorted(run.folder.report.glob("evaluation*.png"))
    ]
    steps = [(int(match[2]), path) for path in run.folder.images.glob("*.png") if (match := _STEP.fullmatch(path.name))]
    return files + [(f"step {step}", f"step {step:,}", path) for step, path in sorted(steps, reverse=True)]


def _facts(sheet: Path) -> list[dict[str, Any]]:
    """Return what an evaluation noted about the faces of its sheet, in their order; nothing where it did not."""
    try:
        rows = json.loads(sheet.with_name(f"{sheet.stem}_sheet.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else []


def _gallery(
    method: str, sheets: list[Sheet], store: PictureStore, budget: float
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    """Return one gallery, with fewer or smaller pictures where there are too many for their share of the page."""
    for moments, runs, faces in _LADDER:
        chosen = _chosen(sheets, moments, runs)
        pixels = sum(
            picture.shape[0] * picture.shape[1]
            for sheet in chosen
            for tiles, _ in sheet.faces[:faces]
            for view, picture in tiles.items()
            if view != "target"
        )
        factor = min((budget / max(pixels * _CHARACTERS_A_PIXEL, 1)) ** 0.5, 1.0)
        if factor >= _SMALLEST_FACTOR:
            break
    notes = []
    if len(chosen) < len(sheets):
        notes.append(
            f"pictures of {method}: {len(chosen)} of {len(sheets)} sheets, of the newest steps and first seeds"
        )
    if any(len(sheet.faces) > faces for sheet in chosen):
        notes.append(f"pictures of {method}: the first {faces} faces of each sheet")
    if factor < 1:
        notes.append(f"pictures of {method}: at {100 * factor:.0f} % of their size")
    return _packed(method, chosen, store, faces, factor), notes


def _chosen(sheets: list[Sheet], moments: int, runs: int) -> list[Sheet]:
    """Return the sheets of the first so many moments of each run, and so many runs of each group."""
    kept: dict[int, list[int]] = {}
    for sheet in sheets:
        places = kept.setdefault(sheet.group, [])
        if sheet.run not in places and len(places) < runs:
            places.append(sheet.run)
    chosen, counts = [], dict.fromkeys((sheet.run for sheet in sheets), 0)
    for sheet in sheets:
        if sheet.run in kept[sheet.group] and counts[sheet.run] < moments:
            counts[sheet.run] += 1
            chosen.append(sheet)
    return chosen


def _packed(
    method: str, sheets: Sequence[Sheet], store: PictureStore, most_faces: int, factor: float
) -> dict[str, Any]:  # fmt: skip
    faces: dict[bytes, int] = {}
    shown: list[dict[str, Any]] = []
    tiles: list[dict[str, Any]] = []
    for sheet in sheets:
        for place, (views, numbers) in enumerate(sheet.faces[:most_faces]):
            known = sheet.facts[place] if place < len(sheet.facts) else {}
            face = faces.setdefault(views["target"].tobytes(), len(faces))
            if face == len(shown):
                shown.append({"label": f"face {face + 1}", "target": store.add(shrunk(views["target"], factor))})
            if known.get("id"):
                shown[face] |= {"label": str(known["id"]), "occluder": str(known.get("occluder_name") or "")}
            numbers = {**numbers, **{key: value for key, value in known.items() if isinstance(value, int | float)}}
            pictures = {view: store.add(shrunk(picture, factor)) for view, picture in views.items() if view != "target"}
            tiles.append(
                {"run": sheet.run, "moment": sheet.moment, "face": face, "views": pictures, "numbers": numbers}
            )
    every = [views for sheet in sheets for views, _ in sheet.faces]
    moments = {sheet.moment: sheet.label for sheet in sheets}
    return {"method": method, "views": views_in(every), "moments": moments, "faces": shown, "tiles": tiles}
