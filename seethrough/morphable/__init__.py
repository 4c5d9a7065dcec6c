"""3D morphable face models."""

from seethrough.morphable.archive import read_face_model, write_face_model
from seethrough.morphable.cropping import crop_to_face, restrict_face_model
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.loading import load_face_model
from seethrough.morphable.parameters import FaceParameters, ParameterSizes

__all__ = [
    "FaceModel",
    "FaceParameters",
    "ParameterSizes",
    "crop_to_face",
    "load_face_model",
    "read_face_model",
    "restrict_face_model",
    "write_face_model",
]
