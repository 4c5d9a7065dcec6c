"""The matrix itself: which trainings, how many kills each, and the table."""

from __future__ import annotations

import random
import resource
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from experiments import building, callbacks, train  # noqa: F401  (imported once for all starts)
from lightning_modules.bump import lightning_model as _bump  # noqa: F401
from lightning_modules.focus import lightning_model as _focus  # noqa: F401
from seethrough.rendering import warm_up
from tests.resume_matrix.cells import Training, write_data
from tests.resume_matrix.comparing import differences
from tests.resume_matrix.killing import ANYWHERE, OF_EVERY_PROCESS, PLACES, KillPoint
from tests.resume_matrix.starting import start

TRAININGS = tuple(
    Training(data, processes, workers)
    for data in ("synthetic", "photos", "shards", "bump")
    for processes in (1, 2)
    for workers in (0, 2)
    if data != "shards" or processes == 1
)


@dataclass
class Cell:
    """One row of the table: a stage of a training."""

    training: Training
    stage: str
    kills: int = 0

    @property
    def name(self) -> str:
        """As ``--only`` knows it."""
        return f"{self.training.name} {self.stage}"


def cells_of(kills: int, only: str) -> list[Cell]:
    """Return the cells, with the kills dealt out to them as evenly as they can be."""
    cells = [Cell(training, stage) for training in TRAININGS for stage in training.stages]
    cells = [cell for cell in cells if only in cell.name]
    for number in range(kills if cells else 0):
        cells[number % len(cells)].kills += 1
    return [cell for cell in cells if cell.kills]


def kill_points(cell: Cell, seed: int) -> list[KillPoint]:
    """Return where a cell's training is killed, by the seed and the cell's name alone."""
    rng = random.Random(f"{seed} {cell.name}")
    first, end = cell.training.steps(cell.stage)
    steps = sorted(rng.randint(first, end - 1) for _ in range(cell.kills))
    points = []
    for step in steps:
        rank = rng.randrange(cell.training.processes)
        place = rng.choice(PLACES if rank == 0 else OF_EVERY_PROCESS)
        delay = round(rng.uniform(0, 0.3), 3) if place == ANYWHERE else 0.0
        points.append(KillPoint(step, place, delay, rank))
    return points


def run_cell(cell: Cell, points: Sequence[KillPoint], whole: Path, folder: Path, data: Path) -> tuple[int, list[str]]:
    """Kill and resume one training, and return how often it was killed and what differs from ``whole`` at its end."""
    training = cell.training
    arguments, last = training.arguments(data), training.steps(training.stages[-1])[1]
    killed = sum(start(arguments, folder, training.processes, point, last) for point in points)
    start(arguments, folder, training.processes)
    return killed, differences(whole / "runs" / training.name, folder / "runs" / training.name)


def run_matrix(kills: int, seed: int, only: str, folder: Path) -> int:
    """Run all cells below ``folder``, print one line each and a sum; returns 0 if nothing differs."""
    begun = time.perf_counter()
    torch.set_num_threads(1)
    warm_up()
    data, cells = folder / "data", cells_of(kills, only)
    killed, unlike, wholes = 0, 0, {}
    print(
        f"{'data':10} {'processes':>9} {'workers':>8} {'stage':15} {'kills':>5} {'differences':>11}  "
        f"where (seed {seed})"
    )
    for number, cell in enumerate(cells):
        training = cell.training
        if training not in wholes:
            wholes[training] = folder / "whole" / training.name
            write_data(training.data, data)
            shutil.rmtree(wholes[training], ignore_errors=True)
            start(training.arguments(data), wholes[training], training.processes)
        place, points = folder / "killed" / f"{number:02d}", kill_points(cell, seed)
        shutil.rmtree(place, ignore_errors=True)
        times, found = run_cell(cell, points, wholes[training], place, data)
        killed, unlike = killed + times, unlike + len(found)
        where = ", ".join(f"{each.place} {each.step}" + (" of process 1" if each.rank else "") for each in points)
        print(
            f"{training.data:10} {training.processes:9} {training.workers:8} {cell.stage:15} {times:5} "
            f"{len(found):11}  {where}",
            flush=True,
        )
        for line in found[:8]:
            print(f"    {line}", flush=True)
    cpu = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    lasted = f"{time.perf_counter() - begun:.0f} s, {cpu:.0f} CPU-s"
    print(f"{killed} kills in {len(cells)} cells, {unlike} differences, {lasted}")
    return int(unlike > 0 or not killed)
