"""From batches of bump maps to descriptors of all faces, and to how well they tell people apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from seethrough.errors import SeethroughError
from seethrough.metrics.identity_pairs import identity_pairs
from seethrough.metrics.table import TEXT, WHOLE, Column, PerImageTable, numbered, text_rows, words_of
from seethrough.metrics.verification import VerificationScores, verify_descriptors
from seethrough.networks.bump_recogniser import BumpRecogniser

MOST_FOLDS = 10
PAIRS_OF_EACH = 300
"""In a fold, as in LFW's."""
NEEDED = ("bump", "mask", "identity")


class RecognitionEvaluation:
    """Collect one row a face, from all processes: its person, and how the network describes it.

    Args:
        recogniser: as it is when :meth:`update` is called.
    """

    def __init__(self, recogniser: BumpRecogniser) -> None:
        # In a list, so that the network is not registered a second time and the metric stays out of checkpoints.
        self._held = [recogniser]
        size = recogniser.network.descriptor_size
        self._table = PerImageTable({"id": TEXT, "identity": WHOLE, "descriptor": Column(shape=(size,))})

    @torch.no_grad()
    def update(self, batch: dict[str, Any]) -> None:
        """Describe a batch; raises ``SeethroughError`` for data without bump maps or people."""
        refuse_without(batch)
        device = batch["bump"].device
        self._table.update(
            numbered(batch["id"], device),
            id=text_rows(batch["id"], device),
            identity=batch["identity"],
            descriptor=self._held[0](batch["bump"], batch["mask"]),
        )

    def rows(self) -> dict[str, np.ndarray]:
        """Return ``id`` (N,), ``identity`` (N,) and ``descriptor`` (N, D) of all faces, sorted by ``id``."""
        table = self._table.gathered()
        names = np.array(words_of(table["id"]))
        order = np.argsort(names, kind="stable")
        rest = {name: table[name].cpu().numpy()[order] for name in ("identity", "descriptor")}
        return {"id": names[order], **rest}

    def reset(self) -> None:
        """Forget all rows."""
        self._table.reset()


def refuse_without(batch: dict[str, Any]) -> None:
    """Raise ``SeethroughError`` for a batch that no recogniser of bump maps can learn from."""
    for name in NEEDED:
        if name not in batch:
            raise SeethroughError(
                f"the data have no '{name}': recognition takes bump maps of people whose names are known, such as "
                "data/people, or data/bump made of photos in a folder a person"
            )


def verification_scores(rows: dict[str, np.ndarray]) -> VerificationScores | None:
    """Verify pairs of the faces of some rows by the cosine of their descriptors; None for too few people.

    People are dealt out to at most ten folds; see :func:`~seethrough.metrics.identity_pairs.identity_pairs`.
    """
    people = np.unique(rows["identity"][rows["identity"] >= 0])
    folds = min(MOST_FOLDS, len(people) // 2)
    if folds < 2:
        return None
    try:
        pairs = identity_pairs(rows["identity"], folds, PAIRS_OF_EACH)
    except ValueError:  # people with a single picture
        return None
    return verify_descriptors(rows["descriptor"], pairs.first, pairs.second, pairs.same, pairs.folds)
