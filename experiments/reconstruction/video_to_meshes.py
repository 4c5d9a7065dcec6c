"""A video from frames to meshes that move smoothly, with its track and a preview beside the frames' own results."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from experiments.command_line import write_json
from experiments.reconstruction.drawing import FaceDrawing
from experiments.reconstruction.manifest import Row, manifest_row, printable
from experiments.reconstruction.photo_to_mesh import PhotoToMesh
from experiments.reconstruction.reconstructed_face import Reconstruction
from experiments.reconstruction.stages import StageClock
from experiments.reconstruction.video_frames import VideoFrames
from experiments.reconstruction.video_track import VideoTrack, track_person
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters

BANDWIDTH = 2.5
PREVIEW_FILE = "preview.gif"
PREVIEW, MOST_PREVIEWED = 256, 150
"""Pixels of a picture of the preview, and frames that it has at most."""


class VideoToMeshes:
    """The stages of a video.

    Args:
        reconstruct: the stages of a photo, of which detection and fit are done for all frames first.
        video: the frames.
        bandwidth: frames over which the track is smoothed (standard deviation); 0: not at all.
    """

    def __init__(self, reconstruct: PhotoToMesh, video: VideoFrames, bandwidth: float = BANDWIDTH) -> None:
        self.reconstruct, self.video, self.bandwidth = reconstruct, video, bandwidth
        self._previewed: list[Image.Image] = []
        self._box: tuple[float, float, float, float] | None = None

    def __call__(self) -> Iterator[Row]:
        """Yield a row a frame, ``ok`` or with the reason why there is no result; then write track and preview.

        Raises:
            SeethroughError: no frame shows a face, or a file cannot be written.
        """
        assert self.reconstruct.detector is not None
        count = len(self.video.paths)
        track = track_person(
            self.video.paths, self.reconstruct.detector, self.reconstruct.estimator, self.reconstruct.refine_steps,
            self.bandwidth, lambda done: _told(done, count),
        )  # fmt: skip
        for index in range(count):
            yield self._row(track, index)
        folder = self.reconstruct.manifest.folder
        write_json(folder / "track.json", _track_told(track, self.bandwidth, self.video.milliseconds))
        if self._previewed:
            self._write_preview(folder / PREVIEW_FILE, count)

    def _row(self, track: VideoTrack, index: int) -> Row:
        frame, clock = track.frames[index], StageClock()
        told = {"frame": index + 1, "found": frame.found, "weight": round(float(track.track.weights[index]), 4)}
        if frame.reason is not None:
            return manifest_row(frame.path, clock.table(), reason=frame.reason) | {"track": told}
        clock.reuse("read", "detect", "align", *(["predict"] if self.reconstruct.estimator.focus is not None else []))
        try:
            result = track.reconstruction(index, self.reconstruct.estimator)
        except Exception as error:
            reason = self.reconstruct.faults.reason(frame.path, error)
            return manifest_row(frame.path, clock.table(), reason=reason, face=1) | {"track": told}
        row = self.reconstruct.written(result, 0, 1, clock)
        try:
            self._preview(result, index)
        except Exception as error:  # the frame itself is done
            reason = self.reconstruct.faults.reason(frame.path, error)
            print(f"warning: {frame.path}: not in {PREVIEW_FILE}: {reason}", file=sys.stderr, flush=True)
        return row | {"track": told}

    def _preview(self, result: Reconstruction, index: int) -> None:
        step = -(-len(self.video.paths) // MOST_PREVIEWED)
        if index % step:
            return
        if self._box is None:  # of the first face, and the same for all frames, so that it is the face that moves
            self._box = _square(result.face.landmarks, result.photo.shape[:2])
        estimator, crop = self.reconstruct.estimator, result.crop
        drawing = FaceDrawing(
            estimator.fitted_model, estimator.renderer.camera, result.estimate.parameters, estimator.ambient
        )
        pictures = [result.photo]
        for draw in (drawing.photo_like, drawing.shape):
            pictures.append(draw(crop.size).over_photo(result.photo, crop))
        tiles = [
            Image.fromarray(picture).resize((PREVIEW, PREVIEW), Image.Resampling.BILINEAR, box=self._box)
            for picture in pictures
        ]
        sheet = Image.new("RGB", (PREVIEW * len(tiles), PREVIEW))
        for place, tile in enumerate(tiles):
            sheet.paste(tile, (place * PREVIEW, 0))
        self._previewed.append(sheet.quantize(128, method=Image.Quantize.FASTOCTREE))

    def _write_preview(self, path: Path, count: int) -> None:
        step = -(-count // MOST_PREVIEWED)
        duration = max(20, round(self.video.milliseconds * step))
        first, *others = self._previewed
        try:
            first.save(path, save_all=True, append_images=others, duration=duration, loop=0, optimize=False)
        except OSError as error:
            raise SeethroughError(f"{path}: cannot be written ({error.strerror}); is the disk full?") from None


def _square(landmarks: np.ndarray, size: tuple[int, int]) -> tuple[float, float, float, float]:
    height, width = size
    side = min(3.2 * float(np.ptp(landmarks, axis=0).max()), height, width)
    x, y = landmarks.mean(0)
    left = float(np.clip(x - side / 2, 0, width - side))
    top = float(np.clip(y - side / 2, 0, height - side))
    return left, top, left + side, top + side


def _track_told(track: VideoTrack, bandwidth: float, milliseconds: float) -> dict[str, Any]:
    parameters = track.track.parameters
    frames = []
    for index, frame in enumerate(track.frames):
        crop, own = frame.crop, frame.own
        told: dict[str, Any] = {
            "path": printable(frame.path),
            "found": frame.found,
            "weight": float(track.track.weights[index]),
            "reason": frame.reason,
        }
        if crop is not None and frame.reason is None:
            told["crop"] = {"scale": crop.scale, "centre_px": crop.centre, "size_px": crop.size}
            told["smoothed"] = _moving(parameters[index : index + 1])
            told["by_itself"] = None if own is None else _moving(own.parameters)
        frames.append(told)
    return {
        "bandwidth_frames": bandwidth,
        "milliseconds_a_frame": milliseconds,
        "identity": parameters.identity[0].tolist(),
        "albedo": parameters.albedo[0].tolist(),
        "units": "as in the parameters.json of each frame; by_itself has an identity of its own beside",
        "frames": frames,
    }


def _moving(parameters: FaceParameters) -> dict[str, list[float]]:
    shared = ("identity", "albedo")
    names = [field.name for field in fields(FaceParameters) if field.name not in shared]
    return {name: getattr(parameters, name)[0].tolist() for name in names}


def _told(done: int, count: int) -> None:
    if done == count or done % 25 == 0:
        print(f"{done} of {count} frames fitted", flush=True)
