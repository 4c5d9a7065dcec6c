"""``python -m tests.rank_equivalence``: two processes learn what one with the doubled batch does.

FOCUS in all its stages, and bump maps, by plain SGD, without dropout and with BatchNorm frozen: on one
process with batches of 4; on two with batches of 2; on one with two batches of 2 a step, and on two with four batches
of 1 (accumulated gradients differ where a loss divides by the area of a batch, which no batch knows of the others).
Printed is the largest difference of a parameter from the one process with batches of 4, and the largest change of a
parameter that its training makes after the first step.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from lightning_modules.checkpointing import checkpoints_in
from tests.resume_matrix.cells import Training, write_data
from tests.resume_matrix.starting import start

_SGD = {
    "photos": (
        "model.segmentation.dropout=0", "model.augmentation.kind=none",
        "model.encoder_optimiser={algorithm: sgd, learning_rate: 0.003, shape: constant, clip_norm: 1.0}",
        "model.segmentation_optimiser={algorithm: sgd, learning_rate: 0.01, shape: constant, clip_norm: 1.0}",
    ),
    "bump": (
        "model.optimiser={algorithm: sgd, learning_rate: 0.01, shape: constant, warmup_steps: 0}",
        "model.augmentation={flip: false, exposure: 0.0, gamma: 0.0, colour: 0.0}", "model.loss.region=face",
    ),
}  # fmt: skip

_METHODS = {"photos": "focus", "bump": "bump"}
TOLERANCE = 1e-4
"""Of what is learned."""


@dataclass(frozen=True)
class Way:
    """A way to make a step of four samples."""

    processes: int
    batch: int
    accumulated: int = 1

    def arguments(self, kind: str) -> list[str]:
        """Return what tells a training to make its steps so."""
        accumulate = "model.accumulate_batches" if kind != "bump" else "trainer.accumulate_grad_batches"
        return [
            f"data.batch_size={self.batch}",
            f"trainer.devices={self.processes}",
            f"{accumulate}={self.accumulated}",
        ]


WAYS = (Way(1, 4), Way(2, 2), Way(1, 2, 2), Way(2, 1, 2))


def train(kind: str, way: Way, folder: Path, more: Sequence[str] = ()) -> dict[str, torch.Tensor]:
    """Train one way in a folder of its own and return the parameters at the end."""
    data = folder / "data"
    write_data(kind, data)
    place = folder / f"{kind}-{way.processes}-{way.batch}-{way.accumulated}"
    training = Training(kind, way.processes, 0)
    words = [word for word in training.arguments(data) if word != "augmentation/release"]
    start([*words, *_SGD[kind], *way.arguments(kind), "trainer.limit_val_batches=0", *more], place, way.processes)
    file = checkpoints_in(place / "runs" / training.name / "checkpoints")[-1][1]
    return torch.load(file, weights_only=True)["state_dict"]


def freeze_batch_norm() -> None:
    """Have BatchNorm use its running statistics in training too, in this process and those forked from it."""
    make = _BatchNorm.__init__

    def made_frozen(module: _BatchNorm, *arguments: Any, **named: Any) -> None:
        make(module, *arguments, **named)
        module.training = False

    _BatchNorm.__init__ = made_frozen
    _BatchNorm.train = lambda module, mode=True: torch.nn.Module.train(module, False)


def distances(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """Return the largest difference of a parameter in two states."""
    shared = [name for name, value in one.items() if isinstance(value, torch.Tensor) and value.is_floating_point()]
    return max(float((one[name] - other[name]).abs().max()) for name in shared if one[name].numel())


def main(arguments: Sequence[str]) -> int:
    """Train all ways of the named methods and print the table; returns 1 if two processes learn something else."""
    from seethrough.rendering import warm_up

    torch.set_num_threads(1)
    warm_up()
    freeze_batch_norm()
    kinds = [kind for kind in _SGD if _METHODS[kind] in (arguments or _METHODS.values())]
    folder, unequal = Path(tempfile.mkdtemp(prefix="rank-equivalence-")), 0
    try:
        print(f"{'method':8} {'processes':>9} {'batch':>6} {'a step':>7} {'largest difference':>19} {'learned':>10}")
        for kind in kinds:
            whole = train(kind, WAYS[0], folder)
            learned = distances(whole, train(kind, WAYS[0], folder / "begun", ["trainer.max_steps=1"]))
            for way in WAYS[1:]:
                off = distances(whole, train(kind, way, folder))
                unequal += way.accumulated == 1 and off > TOLERANCE * learned
                row = f"{_METHODS[kind]:8} {way.processes:9} {way.batch:6} {way.accumulated:7} {off:19.2e}"
                print(f"{row} {learned:10.2e}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(unequal > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
