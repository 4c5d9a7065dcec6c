"""Everything that goes into the page, as plain types."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from experiments.provenance import commit
from experiments.report.faces import Face, faces_in, faces_of_runs
from experiments.report.galleries import galleries
from experiments.report.metric_curves import thinned
from experiments.report.picture_store import PictureStore
from experiments.report.picture_tiles import ERROR_END, read_picture, shrunk
from experiments.report.run_reading import ReadRun, read_run
from experiments.report.score_tables import Group, score_tables
from experiments.report.settings import differences, seed_groups
from experiments.report.sources import Sources, short_names
from experiments.report.sweeps import failed_runs, sweep_tables
from experiments.report.viewer_meshes import viewer_meshes
from seethrough.errors import SeethroughError

_CURVE_CHARACTERS = 3_000_000
_CHARACTERS_A_POINT = 14
_MOST_POINTS, _FEWEST_POINTS = 1000, 50
_LARGEST_SHEET_PX = 1600
_MOST_SHEETS = 24
# What pictures of faces and whole sheets may take of the page; meshes get what is left.
_FACES_SHARE, _SHEETS_SHARE = 0.45, 0.15


@dataclass(frozen=True)
class Contents:
    """What the page shows.

    Attributes:
        data: plain types, but for what follows.
        pictures: WebP in base64, by number.
        meshes: packed meshes, by place.
    """

    data: dict[str, Any]
    pictures: list[str]
    meshes: list[str]


def gather(sources: Sources, arguments: Sequence[str], reference: str | None, characters: int) -> Contents:
    """Read everything; what is missing or broken is told in the page.

    Args:
        sources: what is shown.
        arguments: of the command, which the page quotes.
        reference: label of the runs that others are compared with, None for the first ones.
        characters: how large the page may be, about.

    Raises:
        SeethroughError: there is no such reference.
    """
    runs = [read_run(path, name) for path, name in zip(sources.runs, short_names(sources.runs), strict=True)]
    groups = [Group(*pair) for pair in seed_groups([run.name for run in runs], [run.config for run in runs])]
    labels = [group.label for group in groups]
    if reference is not None and reference not in labels:
        raise SeethroughError(f"--reference {reference}: choose one of {', '.join(labels) or 'no runs'}")
    problems = list(sources.failures)
    _tell_unevaluated(runs)
    sweeps = sweep_tables(sources.sweeps, problems)
    failed = failed_runs(sweeps)
    faces = [face for folder in sources.faces for face in faces_in(folder, problems)] + faces_of_runs(runs)
    notes: list[str] = []
    curves = _curves(runs, notes)
    store = PictureStore()
    shown, whole, reduced = galleries(
        runs, [group.places for group in groups], store, round(characters * _FACES_SHARE)
    )  # fmt: skip
    notes += reduced
    whole = [picture for face in faces for picture in face.pictures] + whole
    sheets = _sheets(whole, store, round(characters * (_FACES_SHARE + _SHEETS_SHARE)), notes)
    spent = store.characters + _CHARACTERS_A_POINT * sum(len(steps) for run in curves for steps, _ in run.values())
    told, meshes, coarser = viewer_meshes(faces, max(characters - spent, 0), problems)
    data = {
        "made": datetime.now().astimezone().isoformat(timespec="minutes"),
        "command": shlex.join(["python", "-m", "experiments.report", *arguments]),
        "commit": commit(),
        "runs": [_told(run, failed.get(run.folder.path.resolve())) for run in runs],
        "groups": [{"label": group.label, "runs": group.places} for group in groups],
        "differences": _differences(runs),
        "sweeps": sweeps,
        "curves": curves,
        "tables": score_tables(runs, groups, reference),
        "galleries": shown,
        "error_end": ERROR_END,
        "sheets": sheets,
        "faces": told,
        "photos": [_photo(face) for face in faces if face.failed or face.facts],
        "sizes": store.sizes,
        "problems": problems,
        "notes": notes + coarser,
    }
    return Contents(data, store.encoded, meshes)


def _tell_unevaluated(runs: Sequence[ReadRun]) -> None:
    """Say which runs lack an evaluation, where others have one; where none has, the empty page of scores says it."""
    lacking = [run for run in runs if not run.rows and not run.summaries]
    for run in lacking if len(lacking) < len(runs) else ():
        run.problems.append("no evaluation yet: python -m experiments.evaluate makes one")


def _told(run: ReadRun, failure: tuple[str, float] | None) -> dict[str, Any]:
    state, problems = run.state, run.problems
    # A run that has been written to since goes on.
    failed = failure is not None and state.state != "finished" and (state.last_sign or 0) <= failure[1]
    return {
        "name": run.name,
        "path": str(run.folder.path),
        "method": run.method,
        "seed": run.seed,
        "state": "failed" if failed else state.state,
        "steps": state.steps,
        "planned": state.planned,
        "seconds": None if state.seconds is None else round(state.seconds, 1),
        "exact": state.exact,
        "commit": state.commit,
        "machine": state.machine,
        "last_sign": state.last_sign,
        "problems": [failure[0], *problems] if failed else problems,
    }


def _differences(runs: Sequence[ReadRun]) -> list[dict[str, Any]]:
    """Return for each method that several runs share the settings in which they differ."""
    found = []
    for method in dict.fromkeys(run.method for run in runs if run.config):
        places = [place for place, run in enumerate(runs) if run.config and run.method == method]
        table = differences([runs[place].config for place in places])
        if table:
            found.append({"method": method, "runs": places, "settings": table})
    return found


def _curves(runs: Sequence[ReadRun], notes: list[str]) -> list[dict[str, tuple[list[float], list[float]]]]:
    count = sum(len(run.curves.series) for run in runs) or 1
    most = int(np.clip(_CURVE_CHARACTERS / _CHARACTERS_A_POINT / count, _FEWEST_POINTS, _MOST_POINTS))
    if any(len(steps) > most for run in runs for steps, _ in run.curves.series.values()):
        notes.append(f"curves of more than {most} points: means over neighbouring points")
    told = []
    for run in runs:
        thin = {name: thinned(*series, most) for name, series in run.curves.series.items()}
        told.append({name: (_numbers(steps), _numbers(values)) for name, (steps, values) in thin.items()})
    return told


def _numbers(values: np.ndarray) -> list[float]:
    short = [float(f"{value:.5g}") if value % 1 else int(value) for value in values.tolist()]
    return short


def _sheets(whole: list, store: PictureStore, budget: int, notes: list[str]) -> list[dict[str, Any]]:
    """Return pictures that are shown as they are, until their room is full."""
    sheets: list[dict[str, Any]] = []
    for title, path in whole:
        if len(sheets) >= _MOST_SHEETS or store.characters > budget:
            break
        picture = read_picture(path)
        if picture is not None:
            small = shrunk(picture, _LARGEST_SHEET_PX / max(picture.shape))
            sheets.append({"title": title, "file": path.name, "picture": store.add(small)})
    if len(sheets) < len(whole):
        notes.append(f"whole pictures: {len(sheets)} of {len(whole)}")
    return sheets


def _photo(face: Face) -> dict[str, Any]:
    return {"name": face.name, "source": face.source, "failed": face.failed, "facts": face.facts}
