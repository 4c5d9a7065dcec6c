"""Errors of neutral shapes, one row per image: of the reconstruction, the mean face and somebody else."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from lightning_modules.focus.now_columns import now_columns
from lightning_modules.focus.torch_model import Focus, FocusPrediction
from seethrough.metrics import align
from seethrough.metrics.table import numbered

SHAPE_COLUMNS = (
    "shape_error_mm",
    "shape_error_median_mm",
    "shape_error_rigid_mm",
    "shape_error_misfit_prior_mm",
    "mean_face_error_mm",
    "mean_face_error_rigid_mm",
    "random_identity_error_mm",
)
VERTEX_COLUMNS = ("vertex_error_mm", "vertex_error_rigid_mm", "vertex_error_misfit_prior_mm")
_IDENTITY_LIMIT = 2.5


def shape_columns(
    focus: Focus, model_source: str, prediction: FocusPrediction, batch: dict[str, Any], *, now: bool = False
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return columns of one value an image, and those of one a vertex, in mm; empty where the true shape is not known.

    Args:
        focus: the networks.
        model_source: name or path of the fitted face model.
        prediction: of the batch.
        batch: with ``truth``, where data know it.
        now: add those of the NoW protocol.
    """
    truth = batch.get("truth")
    if truth is None or any(source != model_source for source in truth["model"]):
        return {}, {}
    model = focus.full_model.to(batch["image"].device)
    true = model.shape(truth["parameters"]["identity"])

    def distances(shape: Tensor, kind: Literal["similarity", "rigid"] = "similarity") -> Tensor:
        return (align(shape, true, kind) - true).norm(dim=-1)

    neutral = focus.neutral(prediction.parameters)
    mean = model.mean.expand_as(true)
    vertices = {"vertex_error_mm": distances(neutral), "vertex_error_rigid_mm": distances(neutral, "rigid")}
    columns = {
        "shape_error_mm": vertices["vertex_error_mm"].mean(1),
        "shape_error_median_mm": vertices["vertex_error_mm"].median(1).values,
        "shape_error_rigid_mm": vertices["vertex_error_rigid_mm"].mean(1),
        "mean_face_error_mm": distances(mean).mean(1),
        "mean_face_error_rigid_mm": distances(mean, "rigid").mean(1),
        "random_identity_error_mm": distances(model.shape(_somebody_else(batch, true))).mean(1),
    }
    corrected = None
    if getattr(focus, "misfit_prior", None) is not None:
        corrected = focus.neutral(prediction.parameters, misfit_prior=True)
        vertices["vertex_error_misfit_prior_mm"] = distances(corrected)
        columns["shape_error_misfit_prior_mm"] = vertices["vertex_error_misfit_prior_mm"].mean(1)
    if now:
        of_images, of_points = now_columns(model, true, neutral, corrected)
        columns, vertices = columns | of_images, vertices | of_points
    return columns, vertices


def _somebody_else(batch: dict[str, Any], like: Tensor) -> Tensor:
    """Return identity coefficients of a random person for each image, always the same one for the same person."""
    true = batch["truth"]["parameters"]["identity"]
    people = batch["identity"].tolist() if "identity" in batch else [-1] * len(true)
    names = [f"person {person}" if person >= 0 else name for person, name in zip(people, batch["id"], strict=True)]
    seeds = numbered(names).tolist()
    drawn = [torch.randn(true.shape[1], generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(drawn).clamp(-_IDENTITY_LIMIT, _IDENTITY_LIMIT).to(like)
