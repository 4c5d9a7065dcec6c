"""Score the networks as they were at the end of each EM round of a run.

python -m experiments.studies.em_rounds.score runs/study/seed0/focus runs/study/seed0/focus/checkpoints/*.ckpt
"""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments.command_line import run
from seethrough.errors import SeethroughError

PROGRAM = "python -m experiments.studies.em_rounds.score"


def main(arguments: list[str]) -> int:
    """Write the rows of each checkpoint to ``report/rounds/`` of the run."""
    parser = argparse.ArgumentParser(PROGRAM, description="Score a run as it was at some of its checkpoints.")
    parser.add_argument("run", help="run folder")
    parser.add_argument("checkpoints", nargs="+", type=Path, metavar="CHECKPOINT", help="the run as it was, in order")
    options = parser.parse_args(arguments)

    from experiments.building import build_data, set_name
    from experiments.evaluation.row_files import write_rows
    from experiments.run_folder import open_run
    from lightning_modules.focus.loading import load_focus_module

    folder = open_run(options.run)
    data = build_data(folder.composition())
    loader, pictures = data.test_dataloader(), set_name(data, "test")
    for checkpoint in options.checkpoints:
        if not checkpoint.is_file():
            raise SeethroughError(f"{checkpoint} is not there: the run has to keep it with checkpoint.milestones")
        # A misfit prior belongs to the last step.
        module = load_focus_module(checkpoint, misfit_prior=False)
        for batch in loader:
            module.evaluation.update(batch)
        target = folder.report / "rounds" / f"{checkpoint.stem}.npz"
        write_rows(target, module.evaluation.rows(), pictures)
        print(target, flush=True)
    return 0


if __name__ == "__main__":
    run(main)
