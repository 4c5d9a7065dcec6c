"""insightface's face detector and its 68 landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.photos.detection import MINIMUM_SIDE, DetectedFace


class InsightFaceDetector:
    """insightface's ``FaceAnalysis`` with its 68-point 3D landmark model, of which x and y are used.

    The models (``buffalo_l``) are for non-commercial research only and are never downloaded from here.

    Args:
        root: folder that holds ``models/buffalo_l``.
        size: side of the square that the detector sees, pixels.
        device: number of the GPU that it runs on; None for the CPU.

    Raises:
        SeethroughError: the package or its models are missing.
    """

    def __init__(self, root: str | Path = "~/.insightface", size: int = 640, device: int | None = None) -> None:
        folder = Path(root).expanduser() / "models" / "buffalo_l"
        try:
            from insightface.app import FaceAnalysis  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise SeethroughError(
                "the detector 'insightface' is not installed; pip install insightface onnxruntime, or use dlib"
            ) from error
        if not folder.is_dir():
            raise SeethroughError(
                f"{folder}: insightface's models are missing; get the buffalo_l pack (non-commercial) from the "
                "insightface model zoo and unpack it there, or use dlib"
            )
        self._analysis: Any = FaceAnalysis(
            name="buffalo_l",
            root=str(Path(root).expanduser()),
            allowed_modules=["detection", "landmark_3d_68"],
            providers=["CPUExecutionProvider" if device is None else ("CUDAExecutionProvider", {"device_id": device})],
        )
        self._analysis.prepare(ctx_id=-1 if device is None else device, det_size=(size, size))

    def faces(self, photo: np.ndarray) -> list[DetectedFace]:
        """Return the faces of an (H, W, 3) uint8 photo, surest first."""
        if min(photo.shape[:2]) < MINIMUM_SIDE:
            return []
        found = []
        for face in self._analysis.get(np.ascontiguousarray(photo[:, :, ::-1])):  # it wants blue first
            landmarks = np.asarray(face.landmark_3d_68, dtype=np.float64)[:, :2] + 0.5
            left, top, right, bottom = (float(value) for value in face.bbox)
            found.append(DetectedFace(landmarks, (left, top, right, bottom), float(face.det_score)))
        return sorted(found, key=lambda face: -face.score)
