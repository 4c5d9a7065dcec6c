from __future__ import annotations

import numpy as np
import pytest

from seethrough.photos import DetectedFace, FaceDetector, load_detector


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    import skimage.data

    return skimage.data.astronaut()


@pytest.fixture(scope="session")
def detector() -> FaceDetector:
    return load_detector("dlib")


@pytest.fixture(scope="session")
def astronaut_face(astronaut: np.ndarray, detector: FaceDetector) -> DetectedFace:
    return detector.faces(astronaut)[0]
