"""The NoW error of faces whose true shape is known: their neutral meshes are the scans."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from seethrough.metrics.scan_to_mesh import crop_ball, scan_to_mesh
from seethrough.morphable import FaceModel

_ERRORS = ("now_error_median_mm", "now_error_mean_mm", "now_error_std_mm")
NOW_COLUMNS = (*_ERRORS, "now_error_misfit_prior_mm", "now_error_mean_face_mm")
NOW_POINT_COLUMNS = ("now_distance_mm", "now_distance_misfit_prior_mm")


def now_columns(
    model: FaceModel, true: Tensor, predicted: Tensor, corrected: Tensor | None
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Measure neutral shapes by the NoW protocol (Sanyal et al. 2019), some 0.05 CPU-seconds for 2,600 vertices.

    Args:
        model: whose mesh and seven landmarks all shapes share.
        true: (B, V, 3) mm, the scans.
        predicted: (B, V, 3) mm.
        corrected: (B, V, 3) mm, the same with the misfit prior, or None.

    Returns:
        ``now_error_median_mm``, ``now_error_mean_mm`` and ``now_error_std_mm`` (B,) over the points of each scan, the
        mean with the misfit prior (NaN without one) and that of the mean face; and ``now_distance_mm`` (B, V), with
        the misfit prior too where there is one, NaN at vertices that the protocol cuts off the scan.
    """
    count, device = len(true), true.device
    marks, triangles = model.now_landmarks.cpu().numpy(), model.triangles.cpu().numpy()
    scans = true.double().cpu().numpy()

    def distances(shapes: Tensor) -> Tensor:
        measured = np.full(true.shape[:2], np.nan)
        for row, (scan, shape) in enumerate(zip(scans, shapes.double().cpu().numpy(), strict=True)):
            if np.isfinite(shape).all():
                centre, radius = crop_ball(scan[marks])
                inside = np.linalg.norm(scan - centre, axis=1) <= radius
                measured[row, inside] = scan_to_mesh(scan, scan[marks], shape, triangles, shape[marks]).distances
        return torch.from_numpy(measured).to(device)

    points = {"now_distance_mm": distances(predicted)}
    means = {"mean_face": distances(model.mean.expand_as(true)).nanmean(1)}
    if corrected is not None:
        points["now_distance_misfit_prior_mm"] = distances(corrected)
        means["misfit_prior"] = points["now_distance_misfit_prior_mm"].nanmean(1)
    known = [row[np.isfinite(row)] for row in points["now_distance_mm"].cpu().numpy()]
    nothing = [math.nan] * len(_ERRORS)
    values = [[np.median(row), row.mean(), row.std()] if len(row) else nothing for row in known]
    columns = dict(zip(_ERRORS, torch.tensor(np.array(values), device=device).unbind(1), strict=True))
    columns |= {f"now_error_{name}_mm": value for name, value in means.items()}
    columns.setdefault("now_error_misfit_prior_mm", torch.full((count,), torch.nan, device=device))
    return columns, points
