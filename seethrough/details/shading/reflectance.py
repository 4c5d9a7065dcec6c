"""Albedo and local light of a photo whose shape and light are known: two smooth sparse problems."""

from __future__ import annotations

from torch import Tensor

from seethrough.details.shading.conjugate_gradients import solve
from seethrough.details.shading.neighbours import Neighbours


def fit_albedo(brightness: Tensor, shaded: Tensor, neighbours: Neighbours, known: Tensor, smoothness: float) -> Tensor:
    """Minimise |rho S - I|^2 + smoothness |sum_k w_k (rho - rho_k)|^2 (RGBD-Fusion, albedo step).

    Args:
        brightness: I (H, W).
        shaded: S (H, W), shading of the known shape.
        neighbours: pairs that should agree.
        known: (H, W) 1 where the brightness tells something; elsewhere neighbours decide.
        smoothness: lambda_rho.

    Returns:
        rho (H, W), 1 where no neighbour is known.
    """
    weight = known * shaded.square()
    # Where nothing is lit and no neighbour is alike, a trace of "white" decides.
    weight = weight + 1e-6

    def operator(albedo: Tensor) -> Tensor:
        return weight * albedo + smoothness * neighbours.difference(neighbours.difference(albedo))

    diagonal = weight + smoothness * neighbours.squared_diagonal()
    target = known * shaded * (brightness - shaded)
    return 1 + solve(operator, target, target * 0, diagonal)


def fit_local_light(remainder: Tensor, neighbours: Neighbours, mask: Tensor, smoothness: float, size: float) -> Tensor:
    """Minimise |beta - R|^2 + smoothness |sum_k w_k (beta - beta_k)|^2 + size |beta|^2 (RGBD-Fusion).

    Args:
        remainder: R = I - rho S (H, W).
        neighbours: pairs that should agree.
        mask: (H, W) 1 inside.
        smoothness: lambda_beta1.
        size: lambda_beta2.

    Returns:
        beta (H, W), 0 outside the mask.
    """

    def operator(light: Tensor) -> Tensor:
        return (1 + size) * light + smoothness * neighbours.difference(neighbours.difference(light))

    diagonal = 1 + size + smoothness * neighbours.squared_diagonal()
    target = mask * remainder
    return mask * solve(operator, target, target * 0, diagonal)
