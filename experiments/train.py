"""Train a method on a data set.

python -m experiments.train focus data/synthetic
python -m experiments.train focus data/synthetic trainer.devices=2 model.loss.weights.neighbour=0
"""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING

from experiments.command_line import run
from experiments.config.arguments import read_arguments
from experiments.config.composition import Composition, compose
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from experiments.run_folder import RunFolder

PROGRAM = "python -m experiments.train"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
DESCRIPTION = "Train a method on a data set; writes runs/<name>/."


def main(arguments: list[str]) -> int:
    """Compose, then print, check or train; returns the exit code."""
    names, overrides, flags = read_arguments(arguments, PROGRAM, DESCRIPTION)
    if "--help" in flags:
        return 0
    composition = compose(names, overrides)
    if "--print-config" in flags:
        print(composition.yaml(), end="")
    elif "--check" in flags:
        check(composition)
    else:
        train(composition)
    return 0


def check(composition: Composition) -> None:
    """Build module and data without training, downloading or writing anything."""
    from experiments.building import build_data, build_module, check_training_data, data_summary
    from experiments.scale import scale_lines

    data = build_data(composition)
    check_training_data(data, composition.config.trainer)
    module = build_module(composition, download=False)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    if summary := data_summary(data):
        print(summary)
    for line in scale_lines(composition, data):
        print(line)
    print(f"{type(module).__name__} ({parameters:,} parameters) and {type(data).__name__}: fine")


def train(composition: Composition) -> RunFolder:
    """Train and return the run folder; whatever is cheap to check is checked before anything slow."""
    import pytorch_lightning as pl

    from experiments.building import build_data, build_module, build_trainer, check_training_data
    from experiments.ended_run import mark_ended
    from experiments.ending import how_it_ended
    from experiments.loggers import build_loggers
    from experiments.preemption import LeaveInTime
    from experiments.processes import is_first_process, lost_contact
    from experiments.resuming import checkpoint_to_resume, steps_of
    from experiments.run_start import RunStart, plan_run
    from lightning_modules.checkpointing import training_steps

    run_folder = plan_run(composition)
    checkpoint = checkpoint_to_resume(composition, run_folder)
    with LeaveInTime() as leave, RunStart(run_folder, composition) as start:
        data = build_data(composition)
        begun = None if checkpoint is None else steps_of(checkpoint)
        loggers = build_loggers(composition.config, composition.lasting, run_folder, begun)
        trainer = build_trainer(composition, start, loggers, leave)
        check_training_data(data, composition.config.trainer)
        pl.seed_everything(composition.config.seed, workers=True, verbose=False)
        module = build_module(composition)
        if is_first_process():
            print(f"training {composition.config.method} on {composition.config.dataset} in {run_folder.path}")
            if checkpoint is not None:
                print(f"going on from {checkpoint}")
            sys.stdout.flush()
        try:
            trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)
        except SystemExit:
            # Lightning's way to leave after Ctrl-C.
            raise KeyboardInterrupt from None
        except OSError as error:
            # A picture, a table: checkpoints, metrics and data tell themselves what is wrong with them.
            if error.errno not in NO_ROOM:
                raise
            raise SeethroughError(
                f"cannot write {error.filename or run_folder.path}: {error.strerror}; earlier checkpoints are intact: "
                "make room, and the same command with resume=auto goes on from them"
            ) from None
        except RuntimeError as error:
            if not lost_contact(error, trainer.world_size):
                raise
            raise SeethroughError(
                f"process {trainer.global_rank} ends: another one has, whose message says why"
            ) from None
    if trainer.is_global_zero:
        mark_ended(run_folder, composition, training_steps(trainer, module))
        print(how_it_ended(trainer, module, composition, run_folder), flush=True)
    return run_folder


if __name__ == "__main__":
    run(main)
