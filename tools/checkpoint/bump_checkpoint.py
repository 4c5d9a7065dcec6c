"""What packing and describing a checkpoint of the bump translator takes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seethrough.errors import SeethroughError
from seethrough.morphable.loading import OPEN
from tools.checkpoint.provenance import provenance

if TYPE_CHECKING:
    from torch import Tensor

OPEN_DATA = "detail"
"""The data set that is rendered from open data, unless another face model is asked for."""

FACES = 3
_SPLIT = 93  # keeps these people apart from those of data/detail


def packed_content(options: argparse.Namespace, file: Path, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the packed file holds; raises ``SeethroughError`` for an option that translators do not have."""
    from lightning_modules.bump.loading import load_bump_module
    from lightning_modules.bump.packing import packed

    if options.misfit_prior:
        raise SeethroughError(f"--misfit-prior is for networks of focus, {file} is a bump translator: leave it out")
    module = load_bump_module(file)
    assert module.view is not None
    steps = int(checkpoint.get("global_step", 0))
    return packed(checkpoint, provenance(options, file, checkpoint, steps, _licensed(checkpoint)), module.view)


def told_difference(file: Path, packed: Path) -> str:
    """Say how far the packed file's bump maps are from the original's, on a few rendered faces."""
    import torch

    from lightning_modules.bump.loading import load_translator

    first, second = load_translator(file), load_translator(packed)
    image, mask = rendered_faces(first.view.size)
    with torch.no_grad():
        change = (first.network(image) - second.network(image)).abs()[mask]
    mean, most = float(change.mean()), float(change.max())
    return f"half precision changes bumps by {mean:.4f} mm on average, {most:.4f} mm at most (rendered faces: {FACES})"


def rendered_faces(size: int) -> tuple[Tensor, Tensor]:
    """Return (N, 3, S, S) images of faces with relief, of no split of data/detail, and the (N, 1, S, S) bool faces."""
    import numpy as np
    import torch

    from datamodules.detail.config import DetailSceneConfig
    from datamodules.detail.generator import DetailRenderer
    from datamodules.synthetic.datamodule import load_generating_model

    config = DetailSceneConfig(image_size=size, level=0)
    renderer = DetailRenderer(load_generating_model(config), config, (0, _SPLIT))
    faces = renderer.render_all([renderer.scenes.scene(0, index) for index in range(FACES)])
    images = np.stack([face.image for face in faces]).astype(np.float32) / 255
    return torch.from_numpy(images), torch.from_numpy(np.stack([face.mask > 0.5 for face in faces]))[:, None]


def description(file: Path, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth knowing of the network, by name."""
    from lightning_modules.bump.loading import checkpoint_config
    from lightning_modules.bump.training_view import view_of

    config, view = checkpoint_config(dict(checkpoint), file).translator, view_of(checkpoint, file)
    count = sum(value.numel() for key, value in checkpoint["state_dict"].items() if key.startswith("translator."))
    return {
        "image_size_px": view.size,
        "crop": "detail crop: left {}, top {}, right {}, bottom {} half sides".format(*view.extents),
        "bump": f"mm towards the camera, along {view.along}",
        "translator": f"width {config.width}, depth {config.depth}, {config.upsampling}, {count:,} numbers",
        "steps": int(checkpoint.get("global_step", 0)),
    }


def _licensed(checkpoint: Mapping[str, Any]) -> str | None:
    """Return what the training images may owe to others, None for faces rendered from open data."""
    config = checkpoint.get("config") or {}
    if config.get("dataset") != OPEN_DATA:
        return f"images of {config.get('dataset') or 'a data set that it does not tell'}"
    model = ((config.get("data") or {}).get("scene") or {}).get("model", OPEN)
    return None if model == OPEN else f"faces of the face model {model}"
