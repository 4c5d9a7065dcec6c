"""The report of a study: its tables and pictures, from whatever runs there are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path

from experiments.studies.planning.job import Job
from experiments.studies.planning.plan import Plan, study_runs
from experiments.studies.planning.specification import Study, read_catalogue
from experiments.studies.reporting.cells import Cells
from experiments.studies.reporting.measured import Method, check_same_images, gather
from experiments.studies.reporting.provenance import Provenance
from seethrough.errors import SeethroughError


@dataclass
class Report:
    """What a study's own ``report.py`` gets to make its tables and pictures of.

    Attributes:
        study: which one.
        methods: what was measured, by row; rows without a result are absent.
        jobs: the runs of each row that have been evaluated, by row and seed.
        labels: names of all rows in tables.
        out: folder of the results.
        cells: formats numbers and keeps them.
        quick: at the size of a test.
    """

    study: Study
    methods: Mapping[str, Method]
    jobs: Mapping[str, Mapping[int, Job]]
    labels: Mapping[str, str]
    out: Path
    cells: Cells = field(default_factory=Cells)
    quick: bool = False

    @property
    def anyone(self) -> Method:
        """Some method, to ask what the images are."""
        return next(iter(self.methods.values()))

    def method(self, row: str) -> Method | None:
        """Return what a row measured, or None."""
        return self.methods.get(row)

    def first_job(self, row: str) -> Job | None:
        """Return the run of a row's lowest seed, for pictures, or None."""
        jobs = self.jobs.get(row) or {}
        return jobs[min(jobs)] if jobs else None


def load_reports(studies: Iterable[Study]) -> None:
    """Import what :func:`report` will need."""
    for study in studies:
        import_module(f"experiments.studies.{study.name}.report")


def report(study: Study, plan: Plan, out: Path, *, pictures: bool = True, quick: bool = False) -> list[Path]:
    """Write ``table.md``, ``table.json`` and the pictures of a study; returns the files.

    The JSON holds the same numbers for programs, and what they came from. Both say which rows have not been run.

    Raises:
        SeethroughError: rows were measured on different images, or a file cannot be written.
    """
    runs = study_runs(study, read_catalogue(), quick)
    seeds = plan.seeds[study.name]
    every: dict[str, dict[int, Job]] = {}
    for seed in seeds:
        for row in runs:
            job = plan.job(seed, row)
            if job is not None and job.rows_file.is_file():
                every.setdefault(row, {})[seed] = job
    methods: dict[str, Method] = {}
    for row, jobs in every.items():
        more = {seed: job.position_prior_file for seed, job in jobs.items()}
        method = gather(row, runs[row].label, [(seed, job.rows_file) for seed, job in jobs.items()], more)
        if method is not None:
            methods[row] = method
    check_same_images(list(methods.values()))
    this = Report(study, methods, every, {row: run.label for row, run in runs.items()}, out, quick=quick)
    made = Provenance.of(_command(study, quick), _with_stems(plan, study, runs), quick)
    text = [f"# {study.title}", "", made.markdown()]
    not_run = [row for row in runs if row not in methods]
    if not_run:
        text += [f"Not run yet: {'; '.join(f'{runs[row].label} ({row})' for row in not_run)}.", ""]
    module = import_module(f"experiments.studies.{study.name}.report")
    if methods:
        text.append(module.tables(this))
    files = _write(this, "\n".join(text), {"study": study.name, **asdict(made), "not_run": not_run})
    draw: Callable[[Report], list[Path]] | None = getattr(module, "pictures", None)
    if pictures and methods and draw is not None:
        files += draw(this)
    return files


def _write(this: Report, text: str, head: Mapping[str, object]) -> list[Path]:
    """Write both forms of the table; of the JSON each number has a line of its own, so that changes can be seen."""
    table, numbers = this.out / "table.md", this.out / "table.json"
    try:
        this.out.mkdir(parents=True, exist_ok=True)
        records = ",\n".join("  " + json.dumps(_plain(record), ensure_ascii=False) for record in this.cells.records)
        lines = [f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},\n" for key, value in head.items()]
        content = f'{{\n{"".join(lines)} "numbers": [\n{records}\n ]\n}}\n'
        for path, written in ((table, text), (numbers, content)):
            partial = path.with_name(f"{path.name}.partial")
            partial.write_text(written, encoding="utf-8")
            os.replace(partial, path)
    except OSError as error:
        raise SeethroughError(f"cannot write results to {this.out}: {error.strerror}") from None
    return [table, numbers]


def _plain(record: dict) -> dict:
    return {key: None if isinstance(value, float) and value != value else value for key, value in record.items()}


def _with_stems(plan: Plan, study: Study, runs: Mapping[str, object]) -> list[Job]:
    """Return the study's runs and those that they begin at, each once."""
    jobs: dict[tuple[int, str], Job] = {}
    for seed in plan.seeds[study.name]:
        for row in runs:
            job = plan.job(seed, row)
            while job is not None:
                jobs[job.key] = job
                job = job.begins_at
    return list(jobs.values())


def _command(study: Study, quick: bool) -> str:
    return f"python -m experiments.studies {study.name}" + (" --quick" if quick else "")
