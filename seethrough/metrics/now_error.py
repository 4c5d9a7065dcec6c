"""The NoW error of a whole data set."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from seethrough.metrics.scan_to_mesh import scan_to_mesh
from seethrough.metrics.table import WHOLE, Column, PerImageTable, joined


class ScanToMeshError(PerImageTable):
    """The scan-to-mesh error of :func:`~seethrough.metrics.scan_to_mesh.scan_to_mesh` over all points of all images.

    A scan with more points weighs more, as in the challenge. Every process keeps its distances until the end.

    Args:
        metrical: keep the size of the predictions.
        unit: of the predictions; only counts where ``metrical``.
    """

    column_points: list[Tensor]
    distances: list[Tensor]

    def __init__(self, metrical: bool = False, unit: Literal["mm", "cm", "m"] = "mm") -> None:
        super().__init__({"points": WHOLE})
        self.metrical, self.unit = metrical, unit
        self.add_state("distances", default=[], dist_reduce_fx="cat")

    def update(
        self,
        index: int,
        scan: np.ndarray,
        scan_landmarks: np.ndarray,
        vertices: np.ndarray,
        triangles: np.ndarray,
        landmarks: np.ndarray,
    ) -> None:
        """Add one image, number ``index`` of the data set; the rest as for ``scan_to_mesh``."""
        result = scan_to_mesh(
            scan, scan_landmarks, vertices, triangles, landmarks, metrical=self.metrical, unit=self.unit
        )
        super().update(
            torch.tensor([index], device=self.device), points=torch.tensor([len(result.distances)], device=self.device)
        )
        self.distances.append(torch.from_numpy(result.distances).to(self.device))

    def no_rows(self, device: torch.device) -> None:
        """Take part in a gathering without an image."""
        super().no_rows(device)
        self.distances = [torch.zeros(0, dtype=torch.float64, device=device)]

    def compute(self) -> dict[str, Tensor]:
        """Return median, mean and deviation (ddof 0) of all distances in mm, and the count of images."""
        index, points = joined(self.index, WHOLE), joined(self.column_points, WHOLE)
        distances = joined(self.distances, Column(torch.float64)).cpu().numpy()
        ends = torch.cumsum(points, 0).tolist()
        # An image that came twice has the same distances twice: the last of them stand.
        spans = dict(zip(index.tolist(), zip([0, *ends], ends, strict=False), strict=True))
        pooled = np.concatenate([np.zeros(0), *(distances[start:end] for start, end in spans.values())])
        nan = float("nan")
        return {
            "median_mm": torch.tensor(np.median(pooled) if len(pooled) else nan),
            "mean_mm": torch.tensor(pooled.mean() if len(pooled) else nan),
            "std_mm": torch.tensor(pooled.std() if len(pooled) else nan),
            "images": torch.tensor(len(spans)),
        }
