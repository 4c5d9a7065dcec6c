"""Scoring predictions, person by person, in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from datamodules.now.challenge import ChallengeImage
from datamodules.now.meshes import MissingPredictionError, read_prediction, read_scan
from seethrough.errors import SeethroughError
from seethrough.metrics.scan_to_mesh import scan_to_mesh


@dataclass
class Scores:
    """What was measured.

    Attributes:
        distances: of each image that was scored, (N,) mm.
        missing: of each that was not, why.
        warnings: of scored images, what their numbers do not show: kind and sentence.
    """

    distances: dict[str, np.ndarray] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, other: Scores) -> None:
        """Take over the images of another."""
        self.distances |= other.distances
        self.missing |= other.missing
        self.warnings |= other.warnings


@dataclass(frozen=True)
class Protocol:
    """How meshes are measured: with their own size (``metrical``) in ``unit``, or at any size."""

    metrical: bool = False
    unit: str = "mm"


def score_all(
    dataset: Path,
    predictions: Path,
    images: Sequence[ChallengeImage],
    protocol: Protocol,
    jobs: int,
    report: Callable[[int], object] = lambda images: None,
) -> Scores:
    """Score images in ``jobs`` processes; each person's scan is read once.

    Args:
        dataset: the NoW data set.
        predictions: folder of meshes.
        images: what to score.
        protocol: how.
        jobs: processes; one works in this one.
        report: called with the number of images done after each person.

    Raises:
        SeethroughError: a scan is missing or damaged, or a process died.
    """
    ordered = sorted(images, key=lambda image: image.path)
    people = [list(group) for _, group in groupby(ordered, key=lambda image: image.subject)]
    score = partial(score_person, dataset, predictions, protocol)
    scores = Scores()
    for part in _results(score, people, min(jobs, len(people))):
        scores.add(part)
        report(len(part.distances) + len(part.missing))
    return scores


def score_person(dataset: Path, predictions: Path, protocol: Protocol, images: Sequence[ChallengeImage]) -> Scores:
    """Score all images of one person."""
    scores = Scores()
    scan = None
    for image in images:
        try:
            vertices, triangles, landmarks = read_prediction(predictions, image)
        except MissingPredictionError as reason:
            scores.missing[image.path] = str(reason)
            continue
        scan = scan or read_scan(dataset, image.subject)
        try:
            result = scan_to_mesh(*scan, vertices, triangles, landmarks, metrical=protocol.metrical, unit=protocol.unit)
        except ValueError as error:
            scores.missing[image.path] = str(error)
            continue
        scores.distances[image.path] = result.distances
        if result.warnings:
            scores.warnings[image.path] = result.warnings
    return scores


def challenges(scores: Scores) -> dict[str, list[str]]:
    """Return the scored images of each challenge."""
    groups: dict[str, list[str]] = {}
    for path in sorted({*scores.distances, *scores.missing}):
        groups.setdefault(path.split("/")[1], [])
        if path in scores.distances:
            groups[path.split("/")[1]].append(path)
    return groups


def statistics(distances: Iterable[np.ndarray]) -> dict[str, float]:
    """Return median, mean and deviation (ddof 0) of all points together, mm, and their number."""
    points = np.concatenate([np.zeros(0), *distances])
    if not len(points):
        return dict.fromkeys(("median_mm", "mean_mm", "std_mm"), float("nan")) | {"points": 0}
    return {
        "median_mm": float(np.median(points)),
        "mean_mm": float(points.mean()),
        "std_mm": float(points.std()),
        "points": len(points),
    }


def group_statistics(scores: Scores, paths: list[str]) -> dict[str, float]:
    """Return the statistics of some images and how many they are."""
    return statistics(scores.distances[path] for path in paths) | {"images": len(paths)}


def _results(
    score: Callable[[Sequence[ChallengeImage]], Scores], people: list[list[ChallengeImage]], jobs: int
) -> Iterator[Scores]:
    if jobs <= 1:
        yield from map(score, people)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures = [pool.submit(score, person) for person in people]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise SeethroughError("a process was killed, probably for memory: use fewer with --jobs") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
