"""Run a sweep: a grid of settings or a list of runs, each for some seeds, and make its table.

python -m experiments.sweep sweep/focus_ablations --jobs 2
python -m experiments.sweep focus preset/small data/synthetic --grid model.loss.weights.binary=5,10 --seeds 0 1
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from experiments.command_line import EXIT_FAILED, run
from experiments.provenance import ROOT
from experiments.sweep.command_line import PROGRAM, parser, planned
from experiments.sweep.planning import SweepPlan
from seethrough.errors import SeethroughError
from seethrough.processors import usable_cores


def main(arguments: list[str]) -> int:
    """Plan, then print, write or run; returns the exit code, 1 where a run is not finished."""
    options = parser().parse_intermixed_args(arguments)
    if options.wandb and options.only:
        raise SeethroughError(
            "--wandb and --only contradict each other: W&B's agents draw from all values of the sweep; leave one away, "
            "or give --slurm PATH, whose tasks are the runs that --only names"
        )
    plan = planned(options, arguments)
    if options.dry_run:
        return _print_commands(plan)
    if options.slurm or options.wandb:
        _write_files(plan, options)
        return 0
    failed = {} if options.table else _run(plan, options)
    return _table(plan, failed)


def _print_commands(plan: SweepPlan) -> int:
    from experiments.studies.running.children import shown
    from experiments.studies.running.record import read_record
    from experiments.sweep.commands import SweepCommands

    code = 0
    for job in plan.jobs:
        try:
            steps = SweepCommands().pending(job, read_record(job.beside(".json")))
            for line in [shown(step.command) for step in steps] or [f"# {job.name} is finished"]:
                print(line)
        except SeethroughError as error:
            print(f"# {job.name}: {error}")
            code = EXIT_FAILED
    return code


def _write_files(plan: SweepPlan, options: argparse.Namespace) -> None:
    if options.slurm:
        from experiments.sweep.slurm_array import write_array

        print(write_array(Path(options.slurm), plan, options.jobs))
    if options.wandb:
        from experiments.sweep.wandb_file import write_wandb_file

        print(write_wandb_file(Path(options.wandb), plan))


def _run(plan: SweepPlan, options: argparse.Namespace) -> dict[str, str]:
    """Run what is left; returns what went wrong, by run."""
    from experiments.studies.running.executor import Executor
    from experiments.sweep.commands import SweepCommands
    from experiments.sweep.gpus import VISIBLE, gpu_places
    from experiments.sweep.telling import SweepTelling

    if not plan.root.is_absolute() and Path.cwd() != ROOT:
        raise SeethroughError(f"runs start in {ROOT}: call the sweep there, or name a whole path with --out")
    jobs = options.jobs or 1
    threads = options.threads or max(usable_cores() // jobs, 1)
    places = gpu_places(jobs)
    if places:
        print(f"GPUs of the runs at a time: {'; '.join(place[VISIBLE] for place in places)}", flush=True)
    executor = Executor(
        plan, jobs, threads, commands=SweepCommands(), telling=SweepTelling, places=places
    )  # fmt: skip
    return executor.run().failed


def _table(plan: SweepPlan, failed: dict[str, str]) -> int:
    from experiments.sweep.scores import run_scores
    from experiments.sweep.table import as_markdown, chosen_metrics, write_table

    runs = [run_scores(job, failed) for job in plan.jobs]
    columns, absent = chosen_metrics(runs, plan.sweep.metrics)
    command = shlex.join([*PROGRAM.split(), *plan.sweep.words])
    if plan.root.is_dir():
        paths = write_table(plan.root, runs, columns, command)
    else:
        raise SeethroughError(f"no run of this sweep has begun: there is no folder {plan.root}")
    print("\n" + as_markdown(runs, columns, command))
    for line in absent:
        print(f"note: {line}")
    print(f"{paths[0]}, {paths[1]}")
    return EXIT_FAILED if any(each.status != "finished" for each in runs) else 0


if __name__ == "__main__":
    run(main)
