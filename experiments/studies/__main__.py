"""Run studies, each run once however many studies need it, and write their tables and pictures.

python -m experiments.studies ablation
python -m experiments.studies all --seeds 0 1 2 --jobs 2
"""

from __future__ import annotations

import argparse
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import EXIT_FAILED, run
from experiments.studies.planning.specification import FOLDER, read_catalogue, read_study, study_names
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.studies.planning.plan import Plan

PROGRAM = "python -m experiments.studies"
ALL = "all"
RUNS, QUICK_RUNS = Path("runs/study"), Path("runs/study-quick")
REPORTS = "reports"


def main(arguments: list[str]) -> int:
    """Plan, run, report; returns the exit code, 1 where a run failed."""
    options = _parser().parse_args(arguments)
    names = list(dict.fromkeys(study_names() if ALL in options.study else options.study))
    catalogue = read_catalogue()
    studies = [read_study(name, catalogue) for name in names]
    from experiments.studies.planning.plan import make_plan
    from experiments.studies.reporting.report import load_reports

    root = _from_here(Path(options.runs) if options.runs else QUICK_RUNS if options.quick else RUNS)
    everything = make_plan(studies, catalogue, root, seeds=options.seeds, quick=options.quick)
    plan = make_plan(studies, catalogue, root, seeds=options.seeds, only=options.only, quick=options.quick)
    if options.dry_run:
        _print_plan(plan)
        return 0
    failed = False
    if not options.report_only:
        from experiments.studies.running.executor import Executor

        load_reports(studies)  # hours may pass until they are needed, and the checkout may change
        result = Executor(plan, options.jobs, options.threads, evaluate_again=options.evaluate_again).run()
        failed = bool(result.failed)
        for problem in [
            *result.warnings,
            *(f"{name}, seed {seed}: {text}" for (seed, name), text in result.failed.items()),
        ]:
            print(f"problem: {problem}")
        for job in result.left:
            print(f"not run: {job.title} begins where {job.begins_at.name if job.begins_at else ''} ends")
    # A test's numbers must not replace those in the study's folder.
    out = Path(options.out) if options.out else root / REPORTS if options.quick else None
    failed |= not _report(everything, out, options.pictures, options.quick)
    return EXIT_FAILED if failed else 0


def _report(plan: Plan, out: Path | None, pictures: bool, quick: bool) -> bool:
    """Write every report that can be written; returns whether all could."""
    from experiments.studies.reporting.report import report

    complete = True
    for study in plan.studies:
        place = out / study.name if out else study.folder / "results"
        try:
            for path in report(study, plan, place, pictures=pictures, quick=quick):
                print(path)
        except SeethroughError as error:
            complete = False
            print(f"problem: no complete report of {study.name}: {error}")
        except Exception as error:  # a fault of ours in one report must not cost the others
            complete = False
            traceback.print_exc()
            print(f"problem: no complete report of {study.name}: {type(error).__name__}: {error}")
    return complete


def _from_here(path: Path) -> Path:
    """Return a path that means the same where the commands run, in the checkout."""
    return path if path.is_absolute() or Path.cwd() == FOLDER.parents[1] else path.resolve()


def _print_plan(plan: Plan) -> None:
    from experiments.studies.running.children import shown
    from experiments.studies.running.commands import pending_steps
    from experiments.studies.running.estimate import guessed_minutes
    from experiments.studies.running.record import read_record

    for job in plan.jobs:
        print(
            f"{job.title}: about {guessed_minutes(job):.0f} min"
            + (f", after {job.begins_at.name}" if job.begins_at else "")
        )
        try:
            for step in pending_steps(job, read_record(job.beside(".json"))):
                print(f"    {shown(step.command)}")
        except SeethroughError as error:
            print(f"    {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description="Run studies and write their tables and pictures.")
    parser.add_argument("study", nargs="+", help=f"{', '.join(study_names())}, or {ALL}")
    parser.add_argument("--seeds", type=_seed, nargs="+", metavar="SEED", help="default: the study's own, or 0 1 2")
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="runs at a time (1)")
    parser.add_argument("--threads", type=_positive, default=1, metavar="N", help="threads of each run (1)")
    parser.add_argument("--runs", metavar="DIR", help=f"folder of the runs ({RUNS}; {QUICK_RUNS} with --quick)")
    parser.add_argument("--out", metavar="DIR", help="folder of the results (each study's own results/)")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="train these rows only")
    parser.add_argument("--report-only", action="store_true", help="train nothing, report what there is")
    parser.add_argument("--evaluate-again", action="store_true", help="score finished runs once more")
    parser.add_argument("--no-pictures", dest="pictures", action="store_false", help="write the tables only")
    parser.add_argument("--quick", action="store_true", help="at the size of a test: the same machinery, no result")
    parser.add_argument("--dry-run", action="store_true", help="print the runs and their commands, run nothing")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number


def _seed(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} must not be negative")
    return number


if __name__ == "__main__":
    run(main)
