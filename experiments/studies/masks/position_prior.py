"""Score the mean mask of the training pictures: what can be known of a mask without looking at the picture.

python -m experiments.studies.masks.position_prior runs/study/seed0/focus rows.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from experiments.command_line import run
from seethrough.errors import SeethroughError
from seethrough.metrics import mask_scores

if TYPE_CHECKING:
    from lightning_modules.focus.torch_model import Focus

PROGRAM = "python -m experiments.studies.masks.position_prior"
TRAINING_PICTURES = 4096


def mean_mask(batches: Iterable[dict[str, Any]], pictures: int = TRAINING_PICTURES) -> Tensor:
    """Return (1, 1, H, W), how often each pixel of the crop is visible face in the first pictures of ``batches``.

    Raises:
        SeethroughError: data without true masks.
    """
    total, count = torch.zeros(()), 0
    for batch in batches:
        if "mask" not in batch:
            raise SeethroughError("the mean mask needs true masks: use synthetic data")
        masks = batch["mask"][: pictures - count]
        total, count = total + masks.sum(0, keepdim=True), count + len(masks)
        if count >= pictures:
            break
    return total / max(count, 1)


@torch.no_grad()
def scores(focus: Focus, batches: Iterable[dict[str, Any]], mask: Tensor) -> dict[str, Tensor | list[str]]:
    """Score one mask for all pictures inside their rendered faces (``own``) and inside the true ones (``fixed``).

    Returns:
        ``id`` and ``position_prior_{region}_{score}``, one value an image.
    """
    names: list[str] = []
    columns: dict[str, list[Tensor]] = {}
    for batch in batches:
        names += batch["id"]
        rendering = focus.face_renderer(focus.encoder(batch["image"]))
        regions = {"own": rendering.mask, "fixed": batch["truth"]["full_face"]}
        for name, region in regions.items():
            for key, value in mask_scores(mask.expand_as(region), batch["mask"], region).items():
                columns.setdefault(f"position_prior_{name}_{key}", []).append(value)
    return {"id": names, **{name: torch.cat(values) for name, values in columns.items()}}


def main(arguments: list[str]) -> int:
    """Write the rows of a run."""
    parser = argparse.ArgumentParser(PROGRAM, description="Score the mean training mask inside the renders of a run.")
    parser.add_argument("run", help="run folder")
    parser.add_argument("rows", metavar="PATH.npz", help="where the scores go, one row per image")
    options = parser.parse_args(arguments)

    import numpy as np

    from experiments.building import build_data, set_name
    from experiments.evaluation.row_files import write_rows
    from experiments.run_folder import open_run
    from lightning_modules.focus.loading import load_focus

    folder = open_run(options.run)
    data = build_data(folder.composition())
    prior = mean_mask(data.train_dataloader())
    rows = scores(load_focus(folder.weights), data.test_dataloader(), prior)
    write_rows(options.rows, {name: np.asarray(values) for name, values in rows.items()}, set_name(data, "test"))
    print(options.rows, flush=True)
    return 0


if __name__ == "__main__":
    run(main)
