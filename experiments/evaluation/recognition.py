"""Evaluation of runs of the recogniser: pairs of faces of people that it has never seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.evaluation.method_evaluation import MethodEvaluation, Summary
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    import numpy as np
    from rich.table import Table
    from torch import Tensor

    from experiments.run_folder import RunFolder
    from lightning_modules.recognition.lightning_model import RecognitionModule

_SHOWN = {"accuracy": "accuracy", "eer_complement": "100 % - EER", "nauc": "nAUC"}
_FOOTNOTE = (
    "Cosine of descriptors, %, mean ± deviation over folds that share no person; the threshold of a fold is the best "
    "of the other ones."
)


class RecognitionRunEvaluation(MethodEvaluation):
    """Verify pairs of the faces of a split."""

    @classmethod
    def check_checkpoint(cls, content: dict[str, Any], file: Path) -> None:
        """Raise ``SeethroughError`` where a checkpoint is none of a recogniser."""
        from lightning_modules.recognition.loading import checkpoint_config

        checkpoint_config(content, file)

    def networks(self, folder: RunFolder) -> RecognitionModule:
        """Return the run's network."""
        from lightning_modules.recognition.loading import load_recogniser

        return load_recogniser(folder.weights)

    def prediction(self, module: RecognitionModule, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Return ``descriptor`` (B, D)."""
        return {"descriptor": module(batch["bump"], batch["mask"])}

    def summarise(self, rows: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """Return the scores of all pairs, percent; raises ``SeethroughError`` for too few people."""
        from lightning_modules.recognition.evaluation import verification_scores

        scores = verification_scores(dict(rows))
        if scores is None:
            people = len(set(rows["identity"].tolist()))
            raise SeethroughError(
                f"{len(rows['id'])} faces of {people} people do not make pairs in two folds: it takes four people in "
                "two pictures each"
            )
        people, faces = float(len(set(rows["identity"].tolist()))), float(len(rows["id"]))
        return {"overall": {"images": faces, "people": people, **scores.as_dict()}}

    def tables(self, summary: Summary, run: str, pictures: str) -> list[Table]:
        """Return one table of one row."""
        from rich.table import Table

        scores = summary["overall"]
        table = Table(title=f"{run}, {pictures}", title_justify="left", caption=_FOOTNOTE, caption_justify="left")
        for heading in ("people", "pairs", "folds", *_SHOWN.values()):
            table.add_column(heading, justify="right")
        cells = [f"{scores[key]:.1f} ± {scores[f'{key}_std']:.1f}" for key in _SHOWN]
        table.add_row(*(f"{scores[key]:.0f}" for key in ("people", "pairs", "folds")), *cells)
        return [table]

    def sheet(self, module: RecognitionModule, batch: dict[str, Any]) -> tuple[Tensor, int]:
        """Return what the network sees of each face, as a heat map."""
        import torch

        from seethrough.details.bump_encoding import CODES_PER_MM
        from seethrough.details.bump_pictures import heat_map
        from seethrough.networks.bump_recogniser import BRIGHTEST

        with torch.no_grad():
            view = module.recogniser.middle(module.recogniser.view(batch["bump"], batch["mask"]))
        return heat_map(view * BRIGHTEST / CODES_PER_MM, torch.ones_like(view)), 6
