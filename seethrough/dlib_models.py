"""dlib's model files, as the PyPI package ``face_recognition_models`` brings them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from seethrough.errors import SeethroughError

PACKAGE = "face_recognition_models"
LANDMARK_PREDICTOR = "shape_predictor_68_face_landmarks.dat"
HIDDEN_FACE_NETWORK = "mmod_human_face_detector.dat"
RECOGNITION_NETWORK = "dlib_face_recognition_resnet_model_v1.dat"


def find_dlib_model(file_name: str, purpose: str, instead: str = "") -> Path:
    """Return the path of one installed model file.

    The package is not imported for it: it wants pkg_resources, which setuptools no longer brings.

    Args:
        file_name: for instance ``LANDMARK_PREDICTOR``.
        purpose: what the file is for, the subject of the message when it is missing.
        instead: how to do without it, the end of that message.

    Raises:
        SeethroughError: the package, or the file in it, is missing.
    """
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for entry in listed:
        path = Path(str(entry.locate()))
        if entry.name == file_name and path.is_file():
            return path
    raise SeethroughError(f"{purpose} needs {file_name}: pip install {PACKAGE}{', or ' if instead else ''}{instead}")
