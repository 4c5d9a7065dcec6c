"""Evaluation of runs of the bump translator: millimetres, slopes and degrees inside the face."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.evaluation.method_evaluation import MethodEvaluation, Summary

if TYPE_CHECKING:
    import numpy as np
    from rich.table import Table
    from torch import Tensor

    from experiments.run_folder import RunFolder
    from lightning_modules.bump.lightning_model import BumpModule


class BumpRunEvaluation(MethodEvaluation):
    """Score bump maps beside the bump 0 and a bump made of the image's luminance."""

    @classmethod
    def check_checkpoint(cls, content: dict[str, Any], file: Path) -> None:
        """Raise ``SeethroughError`` where a checkpoint is none of the bump method."""
        from lightning_modules.bump.loading import checkpoint_config

        checkpoint_config(content, file)

    def networks(self, folder: RunFolder) -> BumpModule:
        """Return the run's network."""
        from lightning_modules.bump.loading import load_bump_module

        return load_bump_module(folder.weights)

    def prediction(self, module: BumpModule, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return ``bump`` (B, S, S) mm and, of networks that have one, ``mask`` (B, S, S) in 1/255."""
        translation = module.translate(batch["image"])
        values = {"bump": translation.bump[:, 0]}
        if translation.mask is not None:
            values["mask"] = (translation.mask[:, 0].clamp(0, 1) * 255).round().byte()
        return values

    def summarise(self, rows: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """Return the subsets of the rows; bumps in mm, slopes in mm a mm, angles in degrees."""
        from lightning_modules.bump.evaluation_summary import summarise_subsets

        return summarise_subsets(rows)

    def tables(self, summary: Summary, run: str, pictures: str) -> list[Table]:
        """Return one table: the translator beside its baselines, a column for each subset."""
        from experiments.evaluation.bump_table import evaluation_table

        return [evaluation_table(summary, f"{run}, {pictures}")]

    def sheet(self, module: BumpModule, batch: dict[str, Any]) -> tuple[Tensor, int]:
        """Return image, heat maps and reliefs, one face a row."""
        return module.pictures(batch)["bump"], 1
