"""Evaluation of FOCUS' runs: masks, shapes and colours, before or after adaptation to the very photos."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.config.composition import Composition
from experiments.evaluation.method_evaluation import MethodEvaluation, Summary
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    import numpy as np
    from rich.table import Table
    from torch import Tensor

    from datamodules.sampler import ResumableLoader
    from experiments.run_folder import RunFolder
    from lightning_modules.focus.lightning_model import FocusModule


class FocusRunEvaluation(MethodEvaluation):
    """Score reconstructions and masks.

    Args:
        soft_masks: score masks in the form of FOCUS's released code as well.
        now: score shapes by the NoW protocol as well.
        adaptation_steps: training steps of EM on the test photos, without labels, before they are scored.
        save_adapted: checkpoint file for the networks after them.
    """

    def __init__(
        self,
        *,
        soft_masks: bool = False,
        now: bool = False,
        adaptation_steps: int = 0,
        save_adapted: str | Path | None = None,
    ) -> None:
        self.columns = {"soft_masks": soft_masks, "now": now}
        self.adaptation_steps, self.save_adapted = adaptation_steps, save_adapted
        self.variant = "adapted" if adaptation_steps else ""

    @classmethod
    def add_options(cls, parser: argparse._ArgumentGroup) -> None:
        """Add ``--soft-masks``, ``--now``, ``--adapt`` and ``--save-adapted``."""
        parser.add_argument(
            "--soft-masks", action="store_true", help="score masks as FOCUS's released code does, too: not rounded"
        )
        parser.add_argument(
            "--now",
            action="store_true",
            help="score shapes by the NoW protocol too; the true meshes of synthetic faces",
        )
        parser.add_argument(
            "--adapt",
            type=int,
            default=0,
            metavar="STEPS",
            help="first go on with EM on the photos to be scored, without their labels, for so many training steps: of "
            "both networks in turn as in the run's training, or all of the encoder where true masks taught the "
            "segmentation network, which then stays as it is",
        )
        parser.add_argument("--save-adapted", metavar="FILE", help="write the adapted networks to this checkpoint file")

    @classmethod
    def chosen(cls, options: argparse.Namespace) -> FocusRunEvaluation:
        """Return the evaluation that was asked for; raises ``SeethroughError`` for a number of steps below 1."""
        if options.adapt < 0 or (options.save_adapted and not options.adapt):
            raise SeethroughError(f"--adapt {options.adapt}: give the number of steps, at least 1")
        return cls(
            soft_masks=options.soft_masks,
            now=options.now,
            adaptation_steps=options.adapt,
            save_adapted=options.save_adapted,
        )

    @classmethod
    def check_checkpoint(cls, content: dict[str, Any], file: Path) -> None:
        """Raise ``SeethroughError`` where a checkpoint is none of FOCUS."""
        from lightning_modules.focus.loading import checkpoint_config

        checkpoint_config(content, file)

    def networks(self, folder: RunFolder) -> FocusModule:
        """Return the run's networks."""
        from lightning_modules.focus.loading import load_focus_module

        return load_focus_module(folder.weights)

    def load(self, folder: RunFolder, composition: Composition, loader: ResumableLoader, pictures: str) -> FocusModule:
        """Return the run's networks, adapted if that was asked for."""
        from experiments.adapting import load_adapted, shuffled

        if not self.adaptation_steps:
            module = self.networks(folder)
        else:
            module = load_adapted(
                folder.weights,
                shuffled(loader, composition.config.seed),
                steps=self.adaptation_steps,
                save=self.save_adapted,
                told=f"{folder.title}, {pictures}",
                seed=composition.config.seed,
                accelerator=composition.config.trainer.accelerator,
            )
        module.evaluation = module.evaluation.with_columns(**self.columns)
        return module

    def prediction(self, module: FocusModule, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return coefficients, landmarks (B, 68, 2) px and, of runs that segment, ``mask`` (B, H, W) in 1/255."""
        predicted = module.focus.predict(batch["image"])
        kinds = predicted.parameters.__dataclass_fields__
        values = {kind: getattr(predicted.parameters, kind) for kind in kinds}
        values["landmarks"] = predicted.rendering.landmarks
        if module.config.has_segmentation:
            values["mask"] = (predicted.mask[:, 0] * 255).round().byte()
        return values

    def note(self, module: FocusModule) -> str:
        """Return one line on a segmentation network that is not, or only pre-trained."""
        from lightning_modules.focus.mask_training import mask_note

        return mask_note(module.config, module.schedule, module.em_step)

    def summarise(self, rows: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """Return the subsets of FOCUS' rows; lengths in mm, RMSE in 1/255."""
        from lightning_modules.focus.evaluation_summary import summarise_subsets

        return summarise_subsets(rows)

    def tables(self, summary: Summary, run: str, pictures: str) -> list[Table]:
        """Return the headline table, and one by occluder or subset where there are any."""
        from experiments.evaluation.focus_table import evaluation_table, occluder_table

        adapted = self.variant != ""
        title = f"{run}, adapted to its photos, {pictures}" if adapted else f"{run}, {pictures}"
        tables = [evaluation_table(summary, title, adapted=adapted), occluder_table(summary)]
        return [table for table in tables if table is not None]

    def sheet(self, module: FocusModule, batch: dict[str, Any]) -> tuple[Tensor, int]:
        """Return targets, renders and masks, four faces side by side."""
        return module.pictures(batch)["reconstruction"], 4
