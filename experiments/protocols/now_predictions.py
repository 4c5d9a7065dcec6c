"""Neutral meshes of NoW's photos in the layout of the challenge."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from experiments.config.composition import Composition
from experiments.run_folder import RunFolder
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh, write_mesh
from seethrough.morphable import FaceModel
from seethrough.morphable.loading import OPEN, load_face_model

if TYPE_CHECKING:
    from lightning_modules.focus.lightning_model import FocusModule

PLAIN, CORRECTED = "plain", "misfit_prior"


def write_predictions(run: RunFolder, composition: Composition, folder: Path, level: int) -> dict[str, Path]:
    """Predict the test photos of ``composition`` and write ``SUBJECT/CHALLENGE/NAME.ply`` and ``.npy`` for each.

    The meshes are neutral and complete, as the challenge wants them, in mm; ``.npy`` holds the seven landmarks, (7, 3).

    Args:
        run: whose networks.
        composition: with a data set whose sample ids are those of NoW.
        folder: predictions lie in ``plain`` in it and, of a run with a misfit prior, in ``misfit_prior``; what an
            earlier call left in these two is removed first, so that no mesh of other networks or photos stays.
        level: subdivision of the meshes, for the open face model only.

    Returns:
        The folders, by these two names.

    Raises:
        SeethroughError: a prediction is not finite, or a file cannot be written.
    """
    from tqdm import tqdm

    from datamodules.now.challenge import prediction_stem
    from experiments.building import build_data
    from lightning_modules.focus.loading import load_focus_module

    module = load_focus_module(run.weights)
    model = mesh_model(module, level)
    kinds = {PLAIN: None, CORRECTED: module.focus.misfit_identity}
    places = {name: folder / name for name, error in kinds.items() if name == PLAIN or error is not None}
    for name in kinds:
        _remove(folder / name)
    triangles, marks = model.triangles.numpy(), model.now_landmarks.numpy()
    encoder = module.focus.encoder.to(inference_device(composition.config.trainer.accelerator)).eval()
    for batch in tqdm(build_data(composition).test_dataloader(), desc=run.title, unit="batch", disable=None):
        identity = _identity(encoder, batch)
        for name, place in places.items():
            error = kinds[name]
            shapes = model.shape(identity if error is None else identity - error.cpu()).double().numpy()
            for sample, vertices in zip(batch["id"], shapes, strict=True):
                path = place / prediction_stem(sample)
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_mesh(path.with_name(f"{path.name}.ply"), Mesh(vertices, triangles))
                    np.save(path.with_name(f"{path.name}.npy"), vertices[marks])
                except OSError as reason:
                    raise SeethroughError(f"cannot write predictions to {place}: {reason.strerror}") from None
    return places


def _remove(folder: Path) -> None:
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as reason:
        raise SeethroughError(f"{folder}: earlier predictions cannot be removed ({reason.strerror})") from None


def mesh_model(module: FocusModule, level: int) -> FaceModel:
    """Return the face model that meshes are written with: a network's own, the open one subdivided ``level`` times."""
    source = module.config.face_model.source
    return load_face_model(OPEN, level=level) if source == OPEN else module.focus.full_model.cpu()


@torch.inference_mode()
def _identity(encoder: torch.nn.Module, batch: dict[str, Any]) -> torch.Tensor:
    identity = encoder(batch["image"].to(next(encoder.parameters()).device)).identity.cpu()
    if not torch.isfinite(identity).all():
        raise SeethroughError("the network's predictions are not finite; was its training stable?")
    return identity


def inference_device(accelerator: str) -> torch.device:
    """Return the device that predictions are made on: a GPU where settings allow one and there is one."""
    wanted = accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    return torch.device("cuda" if wanted else "cpu")
