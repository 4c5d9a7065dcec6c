"""One person through the frames of a video: found, fitted frame by frame, then joined to a smooth track."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from experiments.reconstruction.estimator import FaceEstimate, FaceEstimator
from experiments.reconstruction.grey_photos import is_grey, tinted
from experiments.reconstruction.reconstructed_face import Reconstruction
from seethrough.errors import SeethroughError
from seethrough.photos import CropTransform, DetectedFace, FaceDetector, align, choose_faces, read_photo
from seethrough.photos.alignment import REFERENCE_SIZE
from seethrough.tracks import FaceTrack, FrameFace, smooth_crops, track_face

LONGEST_GAP = 12
"""Frames without a face that are bridged; in longer gaps nothing is made up."""

_NEAR, _GROWING = 0.6, 0.15  # of the face's size, by which it moves at most to the next frame, and more in each gap
_GOOD_FIT = 3.0  # px at 224, at which landmarks are off by so much that a frame counts half


@dataclass(frozen=True)
class TrackedFrame:
    """What is known of one frame.

    Attributes:
        path: of the picture.
        found: whether the person was found in it.
        reason: why there is no result; None where there is one.
        crop: in which the track's coefficients of this frame lie.
        own: what the frame by itself says; None where nothing was found.
    """

    path: Path
    found: bool
    reason: str | None
    crop: CropTransform | None = None
    own: FaceEstimate | None = None


@dataclass(frozen=True)
class VideoTrack:
    """A person's track.

    Attributes:
        frames: one a picture.
        track: of all frames.
    """

    frames: list[TrackedFrame]
    track: FaceTrack

    @torch.no_grad()
    def reconstruction(self, index: int, estimator: FaceEstimator) -> Reconstruction:
        """Return the face of one frame as the track has it, with the mask that its picture gives with that face.

        Raises:
            SeethroughError: no result for this frame.
        """
        frame = self.frames[index]
        if frame.reason is not None or frame.crop is None:
            raise SeethroughError(frame.reason or "no face found")
        photo, crop = read_photo(frame.path), frame.crop
        parameters = self.track.parameters[index : index + 1]
        seen = tinted(photo, estimator.skin_tone) if is_grey(photo) else photo
        estimate = FaceEstimate(parameters, estimator.visible_face(seen, crop, parameters))
        landmarks = crop.to_photo(self.track.landmarks[index])
        low, high = landmarks.min(0), landmarks.max(0)
        face = DetectedFace(landmarks, (*low.tolist(), *high.tolist()), float(self.track.weights[index]))
        rendering = estimator.render(estimate)
        fitted = rendering.landmarks[0].numpy().astype(np.float64)
        return Reconstruction(frame.path, photo, face, crop, estimate, fitted, rendering.mask[0, 0].numpy())


def track_person(
    paths: Sequence[Path],
    detector: FaceDetector,
    estimator: FaceEstimator,
    steps: int,
    bandwidth: float,
    tell: Callable[[int], None] = lambda done: None,
) -> VideoTrack:
    """Find one person in all frames, fit each frame, and smooth.

    The person is the largest face of the first frame that shows one, and from then on the face nearest to the last one.

    Args:
        paths: pictures, in order.
        detector: finds faces.
        estimator: fits them.
        steps: of the fit to each frame; 0 takes what the network says.
        bandwidth: frames over which is smoothed.
        tell: is told how many frames are fitted.

    Raises:
        SeethroughError: no frame shows a face.
    """
    faces, reasons = _found(paths, detector)
    known = np.array([face is not None for face in faces])
    if not known.any():
        reason = next((reason for reason in reasons if reason is not None), "is one large, sharp and upright?")
        raise SeethroughError(f"{paths[0].parent}: no face in any of {len(paths)} frames; {reason}")
    aligned = [None if face is None else align(face.landmarks, size=REFERENCE_SIZE) for face in faces]
    crops = smooth_crops(aligned, bandwidth)
    numbers = np.flatnonzero(known)
    frames: list[TrackedFrame] = []
    fitted: list[FrameFace | None] = []
    for index, (path, face, crop) in enumerate(zip(paths, faces, crops, strict=True)):
        reason, own, measured = reasons[index], None, None
        if reason is None and face is None:
            before, after = numbers[numbers < index], numbers[numbers > index]
            bridged = len(before) and len(after) and after[0] - before[-1] - 1 <= LONGEST_GAP
            reason = None if bridged else "no face found, nor in enough of the frames around"
        elif reason is None and face is not None:
            own, measured = _fit(path, face, crop, estimator, steps)
        frames.append(TrackedFrame(path, face is not None, reason, crop, own))
        fitted.append(measured)
        tell(index + 1)
    model, camera = estimator.fitted_model, estimator.renderer.camera
    return VideoTrack(frames, track_face(fitted, model, camera, bandwidth))


def _found(paths: Sequence[Path], detector: FaceDetector) -> tuple[list[DetectedFace | None], list[str | None]]:
    """Return the person's face in each frame, None where there is none, and why a picture cannot be used."""
    faces: list[DetectedFace | None] = []
    reasons: list[str | None] = []
    last, gap = None, 0
    for path in paths:
        face, reason = None, None
        try:
            candidates = detector.faces(read_photo(path))
            face = _nearest(candidates, last, gap)
        except SeethroughError as error:
            reason = " ".join(str(error).removeprefix(f"{path}: ").split())
        last, gap = (last, gap + 1) if face is None else (face, 0)
        faces.append(face)
        reasons.append(reason)
    return faces, reasons


def _nearest(candidates: list[DetectedFace], last: DetectedFace | None, gap: int) -> DetectedFace | None:
    if last is None or gap > LONGEST_GAP:
        return next(iter(choose_faces(candidates, "largest")), None)
    middle, size = last.landmarks.mean(0), float(np.ptp(last.landmarks, axis=0).max())
    near = [(float(np.linalg.norm(face.landmarks.mean(0) - middle)), face) for face in candidates]
    near = [each for each in near if each[0] <= size * (_NEAR + _GROWING * gap)]
    return min(near, key=lambda each: each[0])[1] if near else None


def _fit(
    path: Path, face: DetectedFace, crop: CropTransform, estimator: FaceEstimator, steps: int
) -> tuple[FaceEstimate, FrameFace]:
    photo = read_photo(path)
    seen = tinted(photo, estimator.skin_tone) if is_grey(photo) else photo
    landmarks = crop.to_crop(face.landmarks)
    estimate = estimator.predict(seen, crop)
    if steps > 0:
        estimate = estimator.refine(seen, crop, landmarks, estimate, steps)
    rendering = estimator.render(estimate)
    error = float(np.linalg.norm(rendering.landmarks[0].numpy() - landmarks, axis=1).mean())
    covered = rendering.mask[0, 0]
    shown = covered if estimate.mask is None else covered * estimate.mask[0, 0]
    share = float(shown.sum() / covered.sum()) if bool(covered.any()) else 0.0
    weight = share / (1 + (error / _GOOD_FIT) ** 2)
    if not np.isfinite(weight):
        weight = 0.0
    return estimate, FrameFace(estimate.parameters, landmarks, float(weight))
