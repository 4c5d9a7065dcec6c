"""Fitting the coefficients of a face model to one photo."""

from seethrough.fitting.colour_fit import fit_colours
from seethrough.fitting.explained_skin import explained_mask
from seethrough.fitting.face_fit import fit_face
from seethrough.fitting.landmark_fit import fit_landmarks, landmark_confidence
from seethrough.fitting.photometric_fit import fit_pixels
from seethrough.fitting.skin_colour import skin_colour_mask

__all__ = [
    "explained_mask",
    "fit_colours",
    "fit_face",
    "fit_landmarks",
    "fit_pixels",
    "landmark_confidence",
    "skin_colour_mask",
]
