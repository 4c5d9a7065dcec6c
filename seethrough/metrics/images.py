"""How well a rendered face explains the picture."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.metrics.table import PerImageTable

SMALLEST_AREA = 25


def image_rmse(target: Tensor, rendered: Tensor, visible: Tensor) -> Tensor:
    """Return the root mean square colour difference in the visible face (FOCUS Table 1), in units of 1/255.

    Args:
        target: (B, 3, H, W) photo, [0, 1].
        rendered: (B, 3, H, W) rendered face; clamped to [0, 1] because a viewer sees it so.
        visible: (B, 1, H, W) pixels that count: true visible face and rendered.

    Returns:
        (B,) 255 * sqrt(sum ||target - rendered||^2 / (3 * area)); NaN where fewer than 25 pixels count.
    """
    weight = (visible > 0.5).to(target.dtype)
    area = weight.flatten(1).sum(1)
    squared = ((target - rendered.clamp(0, 1)) ** 2 * weight).flatten(1).sum(1)
    rmse = 255 * torch.sqrt(squared / (3 * area))
    return torch.where(area < SMALLEST_AREA, torch.full_like(rmse, torch.nan), rmse)


class ImageRMSE(PerImageTable):
    """Colour error of :func:`image_rmse`, averaged over the images of all processes."""

    def __init__(self) -> None:
        super().__init__(["image_rmse"])

    def update(self, index: Tensor, target: Tensor, rendered: Tensor, visible: Tensor) -> None:
        """Add images: ``index`` (B,) numbers them in the data set; the rest as for :func:`image_rmse`."""
        super().update(index, image_rmse=image_rmse(target, rendered, visible))

    def compute(self) -> dict[str, Tensor]:
        """Return mean and deviation over images (ddof 0) in units of 1/255, and the counts."""
        values = self.rows()["image_rmse"].double()
        known = values[torch.isfinite(values)]
        nan = torch.tensor(torch.nan)
        return {
            "image_rmse": known.mean() if len(known) else nan,
            "image_rmse_std": known.std(unbiased=False) if len(known) else nan,
            "images": torch.tensor(len(values)),
            "excluded": torch.tensor(len(values) - len(known)),
        }
