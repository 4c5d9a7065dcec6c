"""What packing and describing a checkpoint of FOCUS takes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.checkpoint.provenance import provenance


def packed_content(options: argparse.Namespace, file: Path, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the packed file holds."""
    from lightning_modules.focus.loading import load_focus_module
    from lightning_modules.focus.misfit_prior import misfit_prior_of, read_misfit_prior, refuse_stale
    from lightning_modules.focus.model_signature import model_signature
    from lightning_modules.focus.packing import packed
    from seethrough.morphable.loading import OPEN

    module = load_focus_module(file, misfit_prior=False)
    if options.misfit_prior:
        prior = read_misfit_prior(Path(options.misfit_prior))
        refuse_stale(prior, module, file, Path(options.misfit_prior))
    else:
        prior = misfit_prior_of(module, file, checkpoint, named=Path(options.run).is_file())
    source = module.config.face_model.source
    licensed = None if source == OPEN else f"the face model {source}"
    told = provenance(options, file, checkpoint, int(checkpoint["em_step"]), licensed)
    signature = model_signature(module.focus.face_renderer.model)
    return packed(checkpoint, told, signature, None if prior is None else prior.as_dict())


def told_difference(file: Path, packed: Path) -> str:
    """Say how far the packed file's faces are from the original's."""
    from lightning_modules.focus.loading import load_focus_module

    moved = largest_movement(load_focus_module(file, misfit_prior=False), load_focus_module(packed))
    return f"half precision moves no vertex by more than {moved:.4f} mm"


def largest_movement(first, second) -> float:
    """Return the largest distance in mm between the vertices that two modules predict for the same eight pictures."""
    import torch

    from lightning_modules.focus.misfit_faces import FaceSpread, MisfitFaces

    faces = MisfitFaces(first.focus.face_renderer, FaceSpread(), seed=0)
    image = faces.batch(range(8))["image"]
    with torch.no_grad():
        shapes = [
            module.focus.face_renderer.geometry(module.focus.encoder(image)).vertices for module in (first, second)
        ]
    return float((shapes[0] - shapes[1]).norm(dim=-1).max())


def told_misfit_prior(file: Path, checkpoint: Mapping[str, Any]) -> str | None:
    """Say which misfit prior lies in or beside a checkpoint, and whether it was measured for these weights."""
    from lightning_modules.focus.misfit_prior import encoder_fingerprint, misfit_prior_file, read_misfit_prior

    prior = checkpoint.get("misfit_prior")
    if prior is None:
        beside = misfit_prior_file(file)
        if not beside.is_file():
            return None
        found = read_misfit_prior(beside)
        # The weights alone tell: the face model may not lie on this machine.
        if found.fingerprint != encoder_fingerprint(checkpoint["state_dict"]):
            return f"none: the one in {beside} was measured for {found.checkpoint}, which has other weights"
        prior = found.as_dict()
    size = float(prior["error"].norm(dim=-1).mean())
    return f"{size:.3f} mm a vertex on average, over {prior['faces']} faces"


def description(file: Path, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth knowing of the networks, by name."""
    from lightning_modules.focus.loading import checkpoint_config

    config = checkpoint_config(dict(checkpoint), file)
    weights = checkpoint["state_dict"]
    count = {
        name: sum(value.numel() for key, value in weights.items() if key.startswith(f"focus.{name}."))
        for name in ("encoder", "segmentation")
    }
    model = {key: value for key, value in asdict(config.face_model).items() if value is not None}
    return {
        "image_size_px": config.image_size,
        "face_model": ", ".join(f"{key}={value}" for key, value in model.items()),
        "encoder": f"{config.encoder.architecture}, {count['encoder']:,} numbers",
        "segmentation": f"{count['segmentation']:,} numbers",
        "mask": config.mask,
        "steps": int(checkpoint["em_step"]),
        "misfit_prior": told_misfit_prior(file, checkpoint),
    }
