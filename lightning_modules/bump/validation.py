"""The few numbers of a validation during training that are worth a curve."""

from __future__ import annotations

from typing import Any

import torch

from lightning_modules.bump.evaluation import pixel_millimetres
from seethrough.metrics import BumpGradientError, BumpL1, BumpNormalAngle, BumpRMSE
from seethrough.metrics.table import numbered
from seethrough.networks.bump_translator import BumpTranslator

_NO_BUMP = "zero_"


class ValidationScores:
    """Means over the validation images of all processes, none counted twice, beside those of no bump at all.

    Args:
        translator: scored as it is when :meth:`update` is called.
    """

    def __init__(self, translator: BumpTranslator) -> None:
        # In a list and in dictionaries: neither a second registration of the network, nor states in checkpoints.
        self._held = [translator]
        self._plain = {prefix: (BumpL1(), BumpRMSE()) for prefix in ("", _NO_BUMP)}
        self._of_slopes = {prefix: (BumpGradientError(), BumpNormalAngle()) for prefix in ("", _NO_BUMP)}

    @torch.no_grad()
    def update(self, batch: dict[str, Any]) -> None:
        """Predict a batch and add its images; photos without a true bump map add nothing."""
        if "bump" not in batch or "mask" not in batch:
            return
        true, mask = batch["bump"], batch["mask"]
        index, pixel = numbered(batch["id"], true.device), pixel_millimetres(batch)
        for prefix, bump in (("", self._held[0](batch["image"])), (_NO_BUMP, torch.zeros_like(true))):
            for metric in self._plain[prefix]:
                metric.update(index, bump, true, mask)
            slope, angle = self._of_slopes[prefix]
            slope.update(index, bump, true, mask, pixel)
            angle.update(index, bump, true, mask, pixel, batch.get("depth"))

    def compute(self) -> dict[str, float]:
        """Return the scores of all images, gathered from all processes: each of them has to call this."""
        scores = {}
        for group in (self._plain, self._of_slopes):
            for prefix, metrics in group.items():
                for metric in metrics:
                    scores[prefix + metric.key] = float(metric.compute()[metric.key])
        return scores

    def reset(self) -> None:
        """Forget all images."""
        for group in (self._plain, self._of_slopes):
            for metric in (each for metrics in group.values() for each in metrics):
                metric.reset()
