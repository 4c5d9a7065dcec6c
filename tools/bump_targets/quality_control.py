"""Which targets will do, by numbers, where the paper's authors looked at each picture.

Those about the photo were set on a photo and on rendered faces spoilt on purpose: 5 px of blur, an eighth of the light,
threefold contrast, a foundation beside the face are left out; dark glasses and half a face in shadow pass. What shape
from shading leaves unexplained was set on rendered faces whose relief is known, unspoilt and with noise of 45 grey
levels, strands of hair, light through a blind, a foundation beside the face: targets that are farther from the truth
than no target at all are left out. The other limits of the relief are wide enough for every preset of shape from
shading. It is the only quality control; no step before it leaves anything out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from seethrough.details.depth import depth_normals
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail
from seethrough.details.shading.refinement import LUMA

SATURATED = 0.98
FINE = 0.006
"""Of the crop's side, the deviation of the Gaussian whose remainder is what a photo shows of fine detail."""


@dataclass(frozen=True)
class QualityLimits:
    """What a target may be at the worst.

    Attributes:
        upsampling: most pixels of the detail crop for a pixel of the photo; what lies between them is the filter's.
        misfit: largest mean distance between landmarks of foundation and photo, in sides of the crop.
        coverage: least share of the foundation that shows skin.
        overexposed: largest share of that skin that is white.
        brightness: least mean brightness of the skin, of 1.
        fine_contrast: least contrast of fine detail, relative to the brightness; less is a blurred photo.
        residual: largest root mean square of what shape from shading leaves unexplained, relative to the brightness.
        turn: largest mean angle between normals of foundation and target, degrees; more is noise, or hair.
        bump: most mm that 99.5 % of the bumps may have.
        relief: least mm that the highest 0.5 % of the bumps must have; less, and nothing was found.
    """

    upsampling: float = 3.0
    misfit: float = 0.03
    coverage: float = 0.5
    overexposed: float = 0.3
    brightness: float = 0.1
    fine_contrast: float = 0.009
    residual: float = 0.15
    turn: float = 4.5
    bump: float = 3.0
    relief: float = 0.005


@dataclass(frozen=True)
class QualityFault:
    """Why a target will not do.

    Attributes:
        why: the kind, for counting.
        text: with the number and its limit.
    """

    why: str
    text: str


def foundation_fault(face: DetailFoundation, limits: QualityLimits) -> QualityFault | None:
    """Return the first thing that is wrong before shape from shading, None if nothing is."""
    return next(_foundation_faults(face, limits), None)


def target_fault(target: FaceDetail, limits: QualityLimits) -> QualityFault | None:
    """Return the first thing that is wrong with what shape from shading made, None if nothing is."""
    return next(_target_faults(target, limits), None)


def _foundation_faults(face: DetailFoundation, limits: QualityLimits) -> Iterator[QualityFault]:
    side = face.crop.size
    if face.crop.scale > limits.upsampling:
        width, needed = side / face.crop.scale, side / limits.upsampling
        yield QualityFault(
            "the face is too small in its photo",
            f"its detail crop is {width:.0f} px wide in the photo; {needed:.0f} are needed",
        )
    if face.misfit > limits.misfit:
        yield QualityFault(
            "the foundation lies beside the face",
            f"its landmarks lie {face.misfit * side:.0f} px of {side} beside those of the photo, on average; "
            f"{limits.misfit * side:.0f} are allowed",
        )
    coverage = float(face.skin.sum()) / max(float((face.covered > 0.5).sum()), 1.0)
    if coverage < limits.coverage:
        yield QualityFault(
            "too little skin is seen", f"{coverage:.0%} of the face show skin; {limits.coverage:.0%} are needed"
        )
        return  # the rest is about that skin
    brightness = torch.tensordot(face.image.new_tensor(LUMA), face.image, dims=1)
    white = float((brightness[face.skin] > SATURATED).float().mean())
    if white > limits.overexposed:
        yield QualityFault(
            "the face is overexposed", f"{white:.0%} of the skin are white; {limits.overexposed:.0%} are allowed"
        )
    mean = float(brightness[face.skin].mean())
    if mean < limits.brightness:
        yield QualityFault(
            "the face is underexposed", f"its mean brightness is {mean:.2f} of 1; {limits.brightness:.2f} are needed"
        )
    contrast = fine_contrast(brightness, face.skin)
    if contrast < limits.fine_contrast:
        yield QualityFault(
            "the photo is blurred", f"its fine contrast is {contrast:.4f}; {limits.fine_contrast:.4f} are needed"
        )


def _target_faults(target: FaceDetail, limits: QualityLimits) -> Iterator[QualityFault]:
    face, skin, shading = target.face, target.face.skin, target.shading
    if shading is None:
        raise ValueError("only bump maps by shape from shading have the numbers that are checked")
    unexplained, brightness = shading.residual.cpu()[skin], shading.brightness.cpu()[skin]
    residual = float(unexplained.square().mean().sqrt() / brightness.mean().clamp_min(1e-6))
    if not residual <= limits.residual:
        yield QualityFault(
            "shading does not explain the photo",
            f"its residual is {residual:.1%} of the brightness; {limits.residual:.0%} are allowed",
        )
    bump = float(target.bump[skin].abs().double().quantile(0.995)) if skin.sum() < 2**24 else float("inf")
    if not bump <= limits.bump:
        yield QualityFault("the bumps are too large", f"one in 200 exceeds {bump:.1f} mm; {limits.bump:g} are allowed")
    if not bump >= limits.relief:
        yield QualityFault(
            "shape from shading finds no relief",
            f"only one bump in 200 exceeds {bump:.4f} mm; {limits.relief:g} are needed",
        )
    mask, camera = skin.float(), face.foundation.camera
    normals = [depth_normals(depth, mask, camera) for depth in (face.depth, shading.depth.cpu())]
    cosine = (normals[0] * normals[1]).sum(-1)[skin].clamp(-1, 1)
    turn = float(torch.rad2deg(torch.acos(cosine)).mean())
    if not turn <= limits.turn:
        yield QualityFault(
            "the relief is noise or hair", f"it turns the normals by {turn:.1f} degrees; {limits.turn:g} are allowed"
        )


def fine_contrast(brightness: Tensor, skin: Tensor) -> float:
    """Return the root mean square of what a Gaussian of 0.6 % of the side leaves, over the mean; inside ``skin``."""
    weight = skin.to(brightness)
    smooth = _blurred(brightness * weight) / _blurred(weight).clamp_min(1e-3)
    remainder = (brightness - smooth)[skin]
    return float(remainder.square().mean().sqrt() / brightness[skin].mean().clamp_min(1e-6))


def _blurred(values: Tensor) -> Tensor:
    deviation = FINE * values.shape[-1]
    reach = max(1, round(3 * deviation))
    steps = torch.arange(-reach, reach + 1, dtype=values.dtype)
    kernel = torch.exp(-((steps / deviation) ** 2) / 2)
    kernel = (kernel / kernel.sum()).view(1, 1, -1)
    rows = functional.conv1d(values[:, None], kernel, padding=reach)[:, 0]
    return functional.conv1d(rows.T[:, None].contiguous(), kernel, padding=reach)[:, 0].T
