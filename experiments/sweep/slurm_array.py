"""A sweep as a SLURM array: one script, one task a run, each with the shipped template for single trainings."""

from __future__ import annotations

import shlex
from pathlib import Path

from experiments.building import process_count
from experiments.provenance import ROOT
from experiments.sweep.commands import evaluate_command, train_words
from experiments.sweep.planning import SweepPlan
from seethrough.errors import SeethroughError

TEMPLATE = "configs/slurm/train.sbatch"


def write_array(path: Path, plan: SweepPlan, at_a_time: int | None) -> str:
    """Write the script; returns one line on what to do with it.

    Raises:
        SeethroughError: the runs need different numbers of devices, or do not say how many, or the file cannot be
            written.
    """
    text = array_script(plan, at_a_time, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SeethroughError(f"cannot write {path}: {error.strerror}") from None
    return f"{path}: `sbatch {path}` in {ROOT}; afterwards `{_table(plan)}`"


def array_script(plan: SweepPlan, at_a_time: int | None, path: Path) -> str:
    """Return the text of the script.

    Args:
        plan: the runs, in the order of the tasks.
        at_a_time: most tasks that run side by side; None for as many as the cluster lets.
        path: what it will be called.
    """
    nodes, devices, on_gpu = _size(plan)
    limit = f"%{at_a_time}" if at_a_time else ""
    lines = [
        "#!/bin/bash",
        f"# {plan.sweep.label}, {len(plan.jobs)} runs; made by",
        f"#   python -m experiments.sweep {shlex.join(plan.sweep.words)}",
        f"#   sbatch {path}      # from the checkout; the same again skips what is finished and goes on with the rest",
        f"#   {_table(plan)}",
        f"#SBATCH --job-name={plan.sweep.name}",
        f"#SBATCH --array=0-{len(plan.jobs) - 1}{limit}",
        f"#SBATCH --nodes={nodes}",
        f"#SBATCH --ntasks-per-node={devices}",
        "#SBATCH --cpus-per-task=8",
        *([f"#SBATCH --gpus-per-node={devices}"] if on_gpu else []),
        "#SBATCH --time=24:00:00",
        "#SBATCH --output=slurm-%A_%a.out",
        "#SBATCH --requeue",
        "#SBATCH --open-mode=append",
        "#SBATCH --signal=USR1@120",
        "",
        "set -u",
        'cd "${SLURM_SUBMIT_DIR:-.}"',
        "evaluate=()",
        'case "$SLURM_ARRAY_TASK_ID" in',
    ]
    for number, job in enumerate(plan.jobs):
        lines.append(f"  {number}) words=({shlex.join(train_words(job))})")
        if job.evaluate:
            lines.append(f"     evaluate=({shlex.join(evaluate_command(job)[2:])})")
        lines.append("     ;;")
    lines += [
        "esac",
        "",
        f'bash {TEMPLATE} "${{words[@]}}" || exit',
        "if ((${#evaluate[@]})); then",
        '  exec srun --ntasks=1 --nodes=1 "${PYTHON:-.venv/bin/python}" -m "${evaluate[@]}"',
        "fi",
    ]
    return "\n".join(lines) + "\n"


def _size(plan: SweepPlan) -> tuple[int, int, bool]:
    """Return machines and processes on each of them, and whether these are GPUs."""
    trainers = [job.composition.config.trainer for job in plan.jobs]
    unknown = next((job for job in plan.jobs if str(job.composition.config.trainer.devices) in ("auto", "-1")), None)
    if unknown is not None:
        raise SeethroughError(
            f"run '{unknown.name}' takes all devices that there are, and a SLURM job has to say how many: "
            "add trainer.devices=NUMBER"
        )
    sizes = {(trainer.num_nodes, process_count(trainer) // max(trainer.num_nodes, 1)) for trainer in trainers}
    if len(sizes) > 1:
        raise SeethroughError(
            "the runs need different numbers of devices, and the tasks of an array are alike: "
            "write one array each with --only"
        )
    nodes, devices = sizes.pop()
    return nodes, devices, any(trainer.accelerator != "cpu" for trainer in trainers)


def _table(plan: SweepPlan) -> str:
    words = _without_option(plan.sweep.words, "--slurm")
    return f"python -m experiments.sweep {shlex.join(words)} --table"


def _without_option(words: tuple[str, ...], option: str) -> list[str]:
    """Return words without an option and its value."""
    kept: list[str] = []
    skip = False
    for word in words:
        if not skip and word != option and not word.startswith(f"{option}="):
            kept.append(word)
        skip = word == option
    return kept
