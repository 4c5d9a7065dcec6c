"""The texture of a face: the photo where it shows the face, its mirror image relit, and the model's colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from seethrough.details.texture.atlas import Atlas
from seethrough.details.texture.bilinear import sampled
from seethrough.details.texture.photo_view import PhotoView
from seethrough.details.texture.smooth_extension import Extension

SOURCES = ("photo", "mirrored", "model")
"""What a texel's colour is from; the numbers of ``FaceTexture.source``."""

_LIFTED = 0.45  # most by which a shadow's brightness, as a logarithm, is taken back
_LIKE, _UNLIKE, _LEAST_TEXELS = 0.25, 0.5, 500  # tones, as logarithms of ratios of channels
_RELIT = 3.0  # most by which light differs between the sides
_GAIN_LEVEL, _SHADOW_LEVEL = 5, 3  # means over 32 texels tell how photo and model differ, over 8 what a shadow is


@dataclass(frozen=True)
class FaceTexture:
    """A texture.

    Attributes:
        image: (S, S, 3) float32 RGB in [0, 1]; row 0 is at v = 1.
        source: (S, S) int8, numbers of :data:`SOURCES`, what has the largest share in a texel; -1 beside the charts.
    """

    image: np.ndarray
    source: np.ndarray

    def shares(self) -> dict[str, float]:
        """Return the share of the charts' texels that each source has."""
        charts = self.source[self.source >= 0]
        return {name: float((charts == number).mean()) for number, name in enumerate(SOURCES)}

    def at(self, uv: np.ndarray) -> np.ndarray:
        """Return the (N, 3) RGB of (N, 2) texture coordinates."""
        return sampled(self.image, np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1) * len(self.image))


def face_texture(
    atlas: Atlas,
    view: PhotoView,
    vertices: np.ndarray,
    normals: np.ndarray,
    albedo: np.ndarray,
    light: np.ndarray,
) -> FaceTexture:
    """Make the texture of a face that a photo shows a part of.

    Texels that the photo shows take its pixels. Of the others, those whose counterpart across the face it shows take
    that one's, times the ratio of the light here to the light there. What neither side shows takes the model's albedo
    in the model's light, times how the photo's colours differ from the model's in the nearest places where they are
    known. Next to what hides the face the photo keeps its fine structure, while its brightness and tone, means over
    8 texels, are those that the skin farther away leads to: else the shadow of a fringe would stay without the fringe.

    Args:
        atlas: of the face model.
        view: the photo.
        vertices: (V, 3) mm, camera frame, of the completed face.
        normals: (V, 3) unit, of the same.
        albedo: (V, 3) RGB of the face model.
        light: (V, 3) what each channel is multiplied with at a vertex.
    """
    points, directions, shading, skin = (atlas.of_vertices(values) for values in (vertices, normals, light, albedo))
    seen = view.read(points)
    weight = view.weights(points, directions, seen.shown)[:, None]
    shading = np.maximum(shading, 1e-3)
    model = np.clip(skin, 0.01, 1) * shading
    weight = weight * _skin_share(seen.colours, model, weight, seen.rim)
    photo, gain = _without_shadows(atlas, seen.colours, model, weight, seen.apart)

    other = atlas.across(np.concatenate([weight * photo / shading, weight, shading], axis=1))
    there = other[:, 3:4]
    flat = other[:, :3] / np.maximum(there, 1e-6)
    bright = flat * np.maximum(other[:, 4:], 1e-3)
    relit = np.clip(flat * shading, bright / _RELIT, bright * _RELIT)

    own, mirrored = weight, (1 - weight) * np.clip(there, 0, 1)
    shares = np.concatenate([own, mirrored, 1 - own - mirrored], axis=1)
    colours = own * photo + mirrored * relit + shares[:, 2:] * model * np.exp(gain)
    best = np.where(
        shares[:, 0] >= np.maximum(shares[:, 1], shares[:, 2]), 0, np.where(shares[:, 1] >= shares[:, 2], 1, 2)
    )
    source = np.full((atlas.size, atlas.size), -1, dtype=np.int8)
    source[atlas.covered] = best
    return FaceTexture(atlas.picture(np.clip(colours, 0, 1)), source)


def _skin_share(photo: np.ndarray, model: np.ndarray, weight: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Return (N, 1) in [0, 1], 0 where a texel near the outline has the tone of the ground beside the face.

    A foundation is a few mm wider than the face in places. Tones are compared with what the model says, by the
    logarithms of the channels less their mean, so that shade does not matter; away from the outline all are skin.
    """
    tone = np.log(np.clip(photo, 0.02, 1) / np.clip(model, 0.02, None))
    tone -= tone.mean(1, keepdims=True)
    certain = (weight[:, 0] > 0.5) & (rim[:, 0] < 0.01)
    if certain.sum() < _LEAST_TEXELS:
        return np.ones_like(weight)
    unlike = np.linalg.norm(tone - np.median(tone[certain][::7], axis=0), axis=1, keepdims=True)
    return 1 - rim * np.clip((unlike - _LIKE) / (_UNLIKE - _LIKE), 0, 1)


def _without_shadows(
    atlas: Atlas, photo: np.ndarray, model: np.ndarray, weight: np.ndarray, apart: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 3) the photo's colours without the shadow of what hides the face, and how they differ from a model's.

    Args:
        atlas: of the texels.
        photo: (N, 3) RGB.
        model: (N, 3) RGB.
        weight: (N, 1) how far the photo tells the colour.
        apart: (N, 1) 0 beside what hides the face, 1 away from it.

    Returns:
        The colours, and (N, 3) natural logarithms of photo over model, smooth, known everywhere.
    """
    gain = np.log(np.clip(photo, 0.02, 1) / np.clip(model, 0.02, None))
    planes = torch.from_numpy(atlas.planes(gain))
    whole = Extension(planes, torch.from_numpy(atlas.planes(weight)[0]))
    found = atlas.enlarged(whole.at(_GAIN_LEVEL))
    far = weight * apart
    if not 0 < far.sum() < weight.sum():
        return photo, found
    near = atlas.enlarged(whole.at(_SHADOW_LEVEL))
    expected = atlas.enlarged(Extension(planes, torch.from_numpy(atlas.planes(far)[0])).at(_GAIN_LEVEL))
    lift = np.clip(expected - near, -_LIFTED, _LIFTED) * (1 - apart)
    return np.clip(photo * np.exp(lift), 0, 1), apart * found + (1 - apart) * expected
