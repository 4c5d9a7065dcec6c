"""Shape errors of a whole data set whose vertices correspond to the truth."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from seethrough.metrics.shapes import vertex_errors
from seethrough.metrics.table import Column, PerImageTable


class VertexError(PerImageTable):
    """Distance of each vertex from its true place after alignment, over the vertices of all images of all processes.

    Args:
        vertices: number of vertices of a shape.
        kind: alignment, see :func:`~seethrough.metrics.shapes.align`.
    """

    def __init__(self, vertices: int, kind: Literal["similarity", "rigid"] = "similarity") -> None:
        super().__init__({"errors": Column(shape=(vertices,))})
        self.kind: Literal["similarity", "rigid"] = kind

    def update(self, index: Tensor, predicted: Tensor, truth: Tensor) -> None:
        """Add shapes: ``index`` (B,) numbers them in the data set; both are (B, V, 3) in mm."""
        super().update(index, errors=vertex_errors(predicted, truth, self.kind))

    def compute(self) -> dict[str, Tensor]:
        """Return median, mean and deviation (ddof 0) of all vertices of all shapes in mm, and the count of shapes."""
        errors = self.rows()["errors"].double()
        if not errors.numel():
            nan = torch.tensor(torch.nan)
            return {"median_mm": nan, "mean_mm": nan, "std_mm": nan, "images": torch.tensor(0)}
        return {
            "median_mm": torch.from_numpy(np.median(errors.cpu().numpy(), keepdims=True))[0],
            "mean_mm": errors.mean(),
            "std_mm": errors.std(unbiased=False),
            "images": torch.tensor(len(errors)),
        }


class SkillOverMeanFace(PerImageTable):
    """How much of the mean face's error a method removes: 1 - its error / the mean face's, over all processes.

    0 means that nothing was learned about the people in the photos, 1 that their shapes are right.

    Args:
        mean: (V, 3) the mean face, mm.
        kind: alignment, see :func:`~seethrough.metrics.shapes.align`.
    """

    mean: Tensor

    def __init__(self, mean: Tensor, kind: Literal["similarity", "rigid"] = "similarity") -> None:
        super().__init__(["error", "mean_face_error"])
        self.register_buffer("mean", mean.detach().clone(), persistent=False)
        self.kind: Literal["similarity", "rigid"] = kind

    def update(self, index: Tensor, predicted: Tensor, truth: Tensor) -> None:
        """Add shapes: ``index`` (B,) numbers them in the data set; both are (B, V, 3) in mm."""
        mean = self.mean.to(truth).expand_as(truth)
        super().update(
            index,
            error=vertex_errors(predicted, truth, self.kind).mean(1),
            mean_face_error=vertex_errors(mean, truth, self.kind).mean(1),
        )

    def compute(self) -> dict[str, Tensor]:
        """Return ``skill``, both mean errors in mm, and the count of shapes."""
        rows = self.rows()
        error, reference = rows["error"].double().mean(), rows["mean_face_error"].double().mean()
        return {
            "skill": 1 - error / reference,
            "error_mm": error,
            "mean_face_error_mm": reference,
            "images": torch.tensor(len(rows["index"])),
        }
