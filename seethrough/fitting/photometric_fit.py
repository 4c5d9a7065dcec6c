"""The last refinement: all coefficients at once, by the differentiable renderer."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.fitting.landmark_fit import landmark_confidence
from seethrough.losses import landmark_loss, pixel_loss, regulariser_loss
from seethrough.morphable import FaceParameters
from seethrough.precision import in_full_precision
from seethrough.rendering import FaceRenderer

# Steps that change a picture about equally: standard deviations, light, radians, millimetres.
_RATES = {
    "identity": 0.02,
    "expression": 0.02,
    "albedo": 0.02,
    "illumination": 0.01,
    "rotation": 0.002,
    "translation": 0.3,
}
PIXEL_WEIGHT = 2.5
LANDMARK_WEIGHT = 0.05
PRIOR_WEIGHT = 0.1
MISFIT_SIGMA = 0.12  # colour distance at which a pixel counts half


@in_full_precision
def fit_pixels(
    renderer: FaceRenderer,
    start: FaceParameters,
    image: Tensor,
    landmarks: Tensor,
    mask: Tensor | None,
    *,
    steps: int = 60,
) -> FaceParameters:
    """Minimise masked colour distance (Eq. 5), landmark distance (Eq. 7) and prior (FOCUS Eq. 8) for one batch.

    Pixels that the start leaves far off weigh less, so that what the mask missed does not bend the face.

    Args:
        renderer: face model and camera of the crop.
        start: (B) faces to begin from.
        image: (B, 3, H, W) crop, RGB in [0, 1].
        landmarks: (B, 68, 2) px of the crop; points that are not finite do not count.
        mask: (B, 1, H, W) visible face in [0, 1]; None for all of it.
        steps: Adam steps.

    Returns:
        The refined faces, detached; ``start`` where a result is not finite.
    """
    if steps <= 0:
        return start.detach()
    variables = {name: getattr(start, name).detach().clone().requires_grad_() for name in _RATES}
    optimiser = torch.optim.Adam([{"params": [variables[name]], "lr": rate} for name, rate in _RATES.items()])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=0)
    valid = torch.isfinite(landmarks).all(-1)
    confidence = landmark_confidence(start.rotation.detach())
    size = renderer.camera.width
    with torch.enable_grad():
        for _ in range(steps):
            parameters = FaceParameters(**variables)
            rendering = renderer(parameters)
            weight = rendering.mask.detach() * _pixel_trust(image, rendering.image.detach(), mask)
            loss = (
                PIXEL_WEIGHT * pixel_loss(image, rendering.image, weight, form="norm")
                + LANDMARK_WEIGHT * landmark_loss(landmarks, rendering.landmarks, size, weights=confidence, valid=valid)
                + PRIOR_WEIGHT * regulariser_loss(parameters)
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    result = FaceParameters(**variables).detach()
    return result if all(bool(torch.isfinite(value).all()) for value in result) else start.detach()


def _pixel_trust(image: Tensor, rendered: Tensor, mask: Tensor | None) -> Tensor:
    squared = (image - rendered).square().sum(1, keepdim=True)
    robust = 1 / (1 + squared / MISFIT_SIGMA**2)
    return robust if mask is None else robust * mask
