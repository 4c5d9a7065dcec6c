"""The depth that explains a photo's shading: its energy, and the steps that lower it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from seethrough.details.shading.blur import blur
from seethrough.details.shading.conjugate_gradients import solve
from seethrough.details.shading.light import shading, shading_gradient
from seethrough.details.shading.pixel_grid import PixelGrid
from seethrough.details.shading.surface_normals import normal_field, slope_coefficients, unit_normals

_TOLERANCE = 0.02  # of one step, which begins where the last one ended: the steps together are as exact as any


@dataclass(frozen=True)
class DepthProblem:
    """f(z) = sum c (rho S(n(z)) + beta - d h - I)^2 + closeness |z - z0|^2 + smoothness P(Lap) (RGBD-Fusion).

    d h is no part of the paper: creases are dark because they see less of the sky, whatever their normals. h is how
    much deeper than its surroundings a pixel has become.

    P is the sum of squares (paper), or Cauchy's b^2 log(1 + (Lap / b)^2): skin is smooth but for few sharp creases,
    which squares would round off as much as they do noise.

    The unknown is the change z - z0 in mm, away from the camera positive: small numbers keep float32 exact enough.

    Attributes:
        brightness: I (H, W).
        albedo: rho (H, W).
        local_light: beta (H, W).
        light: coefficients of S.
        depth: z0 (H, W) mm.
        confidence: c (H, W), 0 outside the mask.
        grid: the pixels.
        closeness: lambda_z1.
        smoothness: lambda_z2.
        bend: b, mm per px2, the Laplacian that weighs half; 0 for squares.
        smooth_depth: the Laplacian is that of z (paper), not that of z - z0.
        darkening: d (H, W), brightness lost per mm of h; 0 outside the mask.
        reach: deviation of the Gaussian that tells the surroundings, px; 0 leaves the term out.
        newton: steps follow the direction of the normal; otherwise they freeze its length (paper).
    """

    brightness: Tensor
    albedo: Tensor
    local_light: Tensor
    light: Tensor
    depth: Tensor
    confidence: Tensor
    grid: PixelGrid
    closeness: float
    smoothness: float
    bend: float
    smooth_depth: bool
    darkening: Tensor
    reach: float
    newton: bool

    def shaded(self, change: Tensor) -> Tensor:
        """Return S(n) (H, W) of the changed depth."""
        normals, _ = unit_normals(normal_field(self.depth + change, self.grid))
        return shading(self.light, normals)

    def residual(self, change: Tensor) -> Tensor:
        """Return predicted minus seen brightness (H, W), 0 outside the mask."""
        predicted = self.albedo * self.shaded(change) + self.local_light - self.darkening * self.hollow(change)
        return self.grid.mask * (predicted - self.brightness)

    def hollow(self, change: Tensor) -> Tensor:
        """Return how many mm (H, W) a pixel lies deeper than its surroundings; its own adjoint."""
        return change - blur(change, self.reach) if self.reach > 0 else torch.zeros_like(change)

    def energy(self, change: Tensor) -> float:
        """Return f of the changed depth."""
        bent = self._bent(change).square()
        if self.bend > 0:
            bent = self.bend**2 * torch.log1p(bent / self.bend**2)
        total = (
            torch.sum(self.confidence * self.residual(change).square())
            + self.closeness * torch.sum(change.square() * self.grid.mask)
            + self.smoothness * torch.sum(bent)
        )
        return float(total)

    def step(self, change: Tensor) -> Tensor:
        """Return the next change (H, W): the minimum of the energy with its normals linearised at ``change``.

        Cauchy's penalty is replaced by the squares, weighed for each pixel, that touch it from above there.
        """
        grid = self.grid
        field = normal_field(self.depth + change, grid)
        normals, length = unit_normals(field)
        sensitivity = shading_gradient(self.light, normals)
        if self.newton:
            # d(N / |N|) = (1 - n n^T) dN / |N|; the linear model is exact at the present change.
            sensitivity = sensitivity - (sensitivity * normals).sum(0) * normals
        sensitivity = self.albedo * sensitivity / length
        # N is linear in z, so a frozen length makes S(n) so too, apart from its constant: exact at the present change.
        toward_x, toward_y, toward_z = slope_coefficients(sensitivity, grid)

        def predicted(values: Tensor) -> Tensor:
            result = toward_z * values
            if self.reach > 0:
                result -= self.darkening * self.hollow(values)
            return result.addcmul_(toward_x, grid.slope_x(values)).addcmul_(toward_y, grid.slope_y(values))

        def predicted_adjoint(values: Tensor) -> Tensor:
            result = toward_z * values
            result += grid.slope_x_adjoint(toward_x * values)
            result += grid.slope_y_adjoint(toward_y * values)
            if self.reach > 0:
                result -= grid.mask * self.hollow(self.darkening * values)
            return result

        def operator(values: Tensor) -> Tensor:
            result = predicted_adjoint(self.confidence * predicted(values)).addcmul_(grid.mask, values, value=closeness)
            return result.add_(grid.laplacian_adjoint(stiffness * grid.laplacian(values)))

        closeness, stiffness = self.closeness, self._stiffness(change)
        target = predicted_adjoint(self.confidence * (predicted(change) - self.residual(change)))
        if self.smooth_depth:
            target -= grid.laplacian_adjoint(stiffness * grid.laplacian(self.depth))
        diagonal = self._diagonal(toward_x, toward_y, stiffness)
        return grid.mask * solve(operator, target * grid.mask, change, diagonal, tolerance=_TOLERANCE)

    def _bent(self, change: Tensor) -> Tensor:
        """Return the Laplacian (H, W) that smoothness is about."""
        return self.grid.laplacian(self.depth + change if self.smooth_depth else change)

    def _stiffness(self, change: Tensor) -> Tensor:
        """Return what a squared Laplacian costs at each pixel (H, W)."""
        if self.bend == 0:
            return torch.full_like(change, self.smoothness)
        return self.smoothness / (1 + (self._bent(change) / self.bend).square())

    def _diagonal(self, toward_x: Tensor, toward_y: Tensor, stiffness: Tensor) -> Tensor:
        """Estimate the diagonal of the step's operator: differences are central almost everywhere."""
        across = self.confidence * toward_x.square() * self.grid.half_x.square()
        along = self.confidence * toward_y.square() * self.grid.half_y.square()
        bending = stiffness * self.grid.interior
        total = self.closeness + bending * 16.0
        total[:, 1:] += bending[:, :-1]
        total[:, :-1] += bending[:, 1:]
        total[1:] += bending[:-1]
        total[:-1] += bending[1:]
        total += self.confidence * self.darkening.square()
        total[:, 1:] += across[:, :-1]
        total[:, :-1] += across[:, 1:]
        total[1:] += along[:-1]
        total[:-1] += along[1:]
        return total


def lower(problem: DepthProblem, steps: int) -> tuple[Tensor, list[float]]:
    """Step as long as the energy falls, and return the best change (H, W) in mm with the energies up to it.

    The last energy is that of the result; a step that raised it is not in the list.
    """
    change = torch.zeros_like(problem.depth)
    energies = [problem.energy(change)]
    for _ in range(steps):
        proposal = problem.step(change)
        energy = problem.energy(proposal)
        if not energy < energies[-1]:
            break
        change = proposal
        energies.append(energy)
    return change, energies
