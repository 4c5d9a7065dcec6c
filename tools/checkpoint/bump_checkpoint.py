"""What packing and describing a checkpoint of the bump translator takes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seethrough.errors import SeethroughError
from seethrough.morphable.loading import OPEN
from tools.checkpoint.provenance import provenance

OPEN_DATA = "detail"
"""The data set that is rendered from open data, unless another face model is asked for."""


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
    """Say how far the packed file's bump maps are from the original's, on images of noise."""
    import torch

    from lightning_modules.bump.loading import load_translator

    translators = [load_translator(each) for each in (file, packed)]
    size = translators[0].view.size
    image = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        bumps = [translator.network(image) for translator in translators]
    return f"half precision changes no bump by more than {float((bumps[0] - bumps[1]).abs().max()):.4f} mm"


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
