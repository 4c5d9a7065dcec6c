"""3D morphable face models."""

from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.parameters import FaceParameters, ParameterSizes

__all__ = ["FaceModel", "FaceParameters", "ParameterSizes"]
