"""The face crop of Deep3D and FOCUS: where it lies in the photo, and the way there and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from seethrough.errors import SeethroughError
from seethrough.five_points import FIVE_POINTS
from seethrough.photos.resampling import resample

# Five points of the mean face that the released code aligns to (Deep3D's similarity template; x right, y up, about
# 100 mm a unit): the person's right eye (left in the picture), left eye, nose tip, right and left mouth corner.
TEMPLATE = np.array(
    [
        [-0.311, 0.290, 0.134],
        [0.310, 0.290, 0.132],
        [0.003, -0.046, 0.552],
        [-0.252, -0.381, 0.224],
        [0.248, -0.381, 0.222],
    ]
)
RESCALE_FACTOR = 102.0
REFERENCE_SIZE = 224
WIDEST = 16
"""A crop so many times as wide as the photo shows no face that could be seen; damaged landmarks ask for it."""


@dataclass(frozen=True)
class CropTransform:
    """A square crop without rotation: ``crop = scale * (photo - centre) + size / 2``.

    Attributes:
        scale: crop pixels per photo pixel.
        centre: (x, y) in the photo, pixels, of the crop's middle.
        size: width and height of the crop, pixels.
    """

    scale: float
    centre: tuple[float, float]
    size: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the crop in photo pixels."""
        half = self.size / 2 / self.scale
        x, y = self.centre
        return (x - half, y - half, x + half, y + half)

    def resized(self, size: int) -> CropTransform:
        """Return the same part of the photo at another resolution."""
        return replace(self, size=size, scale=self.scale * size / self.size)

    def to_crop(self, points: np.ndarray) -> np.ndarray:
        """Map (..., 2) photo pixels to crop pixels."""
        return (np.asarray(points, dtype=np.float64) - self.centre) * self.scale + self.size / 2

    def to_photo(self, points: np.ndarray) -> np.ndarray:
        """Map (..., 2) crop pixels to photo pixels."""
        return (np.asarray(points, dtype=np.float64) - self.size / 2) / self.scale + self.centre

    def crop(self, photo: np.ndarray) -> np.ndarray:
        """Cut the crop out of an (H, W, 3) uint8 photo: (size, size, 3) float32 in [0, 1], black outside the photo.

        Raises:
            SeethroughError: the crop is many times as wide as the photo, or not finite.
        """
        self._refuse_absurd(photo.shape[0], photo.shape[1])
        return np.clip(resample(photo, self.box, self.size, self.size) / 255, 0, 1)

    def crop_mask(self, mask: np.ndarray) -> np.ndarray:
        """Cut the crop out of an (H, W) mask in [0, 1]: (size, size) float32, 0 outside the photo.

        Raises:
            SeethroughError: as :meth:`crop`.
        """
        self._refuse_absurd(mask.shape[0], mask.shape[1])
        warped = resample(mask, self.box, self.size, self.size, method=Image.Resampling.BILINEAR)
        return np.clip(warped, 0, 1)

    def shown(self, height: int, width: int) -> float:
        """Return the part of the crop's area, 0 to 1, that lies in a photo of height x width."""
        left, top, right, bottom = self.box
        columns, rows = min(right, width) - max(left, 0), min(bottom, height) - max(top, 0)
        return max(columns, 0.0) * max(rows, 0.0) / ((right - left) * (bottom - top))

    def _refuse_absurd(self, height: int, width: int) -> None:
        if not (np.isfinite([self.scale, *self.centre]).all() and self.scale > 0):
            raise SeethroughError(f"the crop has scale {self.scale} and centre {self.centre}; detect the face again")
        side = self.size / self.scale
        if side > WIDEST * max(height, width):
            raise SeethroughError(
                f"the crop is {side:.0f} px wide in a photo of {width} x {height}: the landmarks lie too far apart; "
                "detect the face again"
            )

    def inside(self, height: int, width: int) -> np.ndarray:
        """Return the (size, size) bool map of crop pixels whose centre lies in a photo of height x width."""
        centres = self.to_photo(np.stack([np.arange(self.size) + 0.5] * 2, axis=-1))
        columns = (centres[:, 0] >= 0) & (centres[:, 0] <= width)
        rows = (centres[:, 1] >= 0) & (centres[:, 1] <= height)
        return rows[:, None] & columns[None, :]

    def to_photo_mask(self, mask: np.ndarray, height: int, width: int) -> np.ndarray:
        """Bring a (size, size) mask in [0, 1] back into an (H, W) float32 map of the photo, 0 outside the crop."""
        whole = np.zeros((height, width), dtype=np.float32)
        placed = self._place(mask, height, width, Image.Resampling.BILINEAR)
        if placed is not None:
            rows, columns, values = placed
            whole[rows, columns] = np.clip(values, 0, 1)
        return whole

    def paste(self, picture: np.ndarray, weight: np.ndarray, photo: np.ndarray) -> np.ndarray:
        """Blend a crop-sized picture into the photo.

        Args:
            picture: (size, size, 3) float in [0, 1].
            weight: (size, size) opacity in [0, 1].
            photo: (H, W, 3) uint8.

        Returns:
            (H, W, 3) uint8.
        """
        # Colours are multiplied by their weight before the warp, so that nothing bleeds in from outside the mask.
        layers = np.concatenate([np.clip(picture, 0, 1) * weight[:, :, None], weight[:, :, None]], axis=2)
        result = photo.copy()
        placed = self._place(layers, photo.shape[0], photo.shape[1], Image.Resampling.BILINEAR)
        if placed is not None:
            rows, columns, values = placed
            under = photo[rows, columns].astype(np.float32) / 255
            mixed = under * (1 - values[:, :, 3:]) + values[:, :, :3]
            result[rows, columns] = np.rint(np.clip(mixed, 0, 1) * 255).astype(np.uint8)
        return result

    def _place(
        self, picture: np.ndarray, height: int, width: int, method: Image.Resampling
    ) -> tuple[slice, slice, np.ndarray] | None:
        left, top, right, bottom = self.box
        x0, x1 = max(int(np.floor(left)), 0), min(int(np.ceil(right)), width)
        y0, y1 = max(int(np.floor(top)), 0), min(int(np.ceil(bottom)), height)
        if x0 >= x1 or y0 >= y1:
            return None
        (u0, v0), (u1, v1) = self.to_crop(np.array([[x0, y0], [x1, y1]]))
        values = resample(picture, (u0, v0, u1, v1), y1 - y0, x1 - x0, method=method)
        return slice(y0, y1), slice(x0, x1), values


def five_points(landmarks: np.ndarray) -> np.ndarray:
    """Reduce (68, 2) iBUG landmarks to (5, 2): both eyes (mean of their corners), nose tip, both mouth corners."""
    points = np.asarray(landmarks, dtype=np.float64)
    return np.stack([points[list(indices)].mean(0) for indices in FIVE_POINTS])


def align(
    landmarks: np.ndarray, *, size: int = REFERENCE_SIZE, rescale_factor: float = RESCALE_FACTOR
) -> CropTransform:
    """Find the crop of Deep3D and FOCUS for one face.

    A weak-perspective camera is fitted to five points and the 3D template ("POS": eight unknowns, linear least squares;
    the scale is the mean norm of the two rows). The crop is centred where the template's origin lands and scaled by
    ``rescale_factor`` over that scale; it is never rotated. The released code rounds the resized image and the crop to
    whole pixels; here the same crop is one exact affine warp.

    Args:
        landmarks: (68, 2) iBUG landmarks or the five points themselves, pixels, half-integer pixel centres.
        size: pixels of the crop's side; the factor counts for 224 and scales along.
        rescale_factor: size of the template's unit in a 224-pixel crop.

    Returns:
        The crop; deterministic, float64.

    Raises:
        SeethroughError: landmarks that are not finite or coincide.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape == (68, 2):
        points = five_points(points)
    if points.shape != (5, 2):
        raise ValueError(f"expected (68, 2) or (5, 2) landmarks, got {points.shape}")
    if not np.isfinite(points).all():
        raise SeethroughError("the landmarks hold values that are not finite; detect the face again")
    design = np.concatenate([TEMPLATE * [1, -1, 1], np.ones((5, 1))], axis=1)  # y down, as in the picture
    solution = np.linalg.lstsq(design, points, rcond=None)[0]
    scale = np.linalg.norm(solution[:3], axis=0).mean()
    if not scale > 1e-6:
        raise SeethroughError("the landmarks lie on one point, so the face has no size; detect the face again")
    centre = (float(solution[3, 0]), float(solution[3, 1]))
    return CropTransform(rescale_factor / float(scale) * size / REFERENCE_SIZE, centre, size)
