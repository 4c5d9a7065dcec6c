"""The frames of a video as picture files: of a folder as they are, of a video file cut into one."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from experiments.reconstruction.manifest import printable
from seethrough.errors import SeethroughError
from seethrough.photos.reading import PHOTO_SUFFIXES

MARK = ".cut_from_video"
"""A file of this name says that the frames beside it were cut by this command, so that it may replace them."""

_CUT = re.compile(r"\d{5,}\.png")
_MILLISECONDS = 40.0  # of a frame, where nothing says: 25 a second
_ANIMATED = (".gif", ".webp", ".png", ".apng")


@dataclass(frozen=True)
class VideoFrames:
    """The frames of one video.

    Attributes:
        paths: picture files, in order.
        milliseconds: from one to the next.
    """

    paths: list[Path]
    milliseconds: float


def video_frames(source: str | Path, cut_into: Path, every: int = 1) -> VideoFrames:
    """List the frames of a folder of pictures, or cut a video file into pictures.

    Numbers in names count as numbers: ``frame9.png`` comes before ``frame10.png``. Animations (GIF, WebP, PNG) are read
    by Pillow, other videos by OpenCV where it is installed.

    Args:
        source: a folder or a file.
        cut_into: folder for the frames of a file; it is made, frames that an earlier run has cut into it are replaced.
        every: of so many frames the first one.

    Raises:
        SeethroughError: missing, a folder without pictures, no video, one that nothing here can read, or
            ``cut_into`` holds files that were not cut by this command.
    """
    path = Path(source)
    if path.is_dir():
        found = [p for p in path.iterdir() if p.suffix.lower() in PHOTO_SUFFIXES and not p.name.startswith(".")]
        if not found:
            raise SeethroughError(f"{path}: no frames in this folder; looked for {' '.join(PHOTO_SUFFIXES)}")
        return VideoFrames(sorted(found, key=_by_number)[::every], _MILLISECONDS * every)
    if not path.is_file():
        raise SeethroughError(f"{path}: no such video; name a video file or a folder of frames")
    partial = cut_into.with_name(f"{cut_into.name}.partial")
    for folder in (cut_into, partial):
        _refuse_foreign(folder)
    if path.suffix.lower() in (*_ANIMATED, *PHOTO_SUFFIXES):
        frames, milliseconds = _animation(path)
    else:
        frames, milliseconds = _video(path)
    try:
        names = _cut(frames, partial, path, every)
        if names:
            _swap(partial, cut_into, path)
    except OSError as error:
        raise SeethroughError(f"{path}: its frames cannot be written to {cut_into} ({error})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if not names:
        raise SeethroughError(f"{path}: not one frame can be read; is the file a complete video?")
    return VideoFrames([cut_into / name for name in names], milliseconds * every)


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise SeethroughError(
            f"{folder}: this command did not cut what is in there, and frames of the video are to go there; give "
            f"another --out, or name the folder itself with --video {folder}"
        )


def _cut(frames: Iterator[np.ndarray], folder: Path, source: Path, every: int) -> list[str]:
    """Write frames and the mark into a new folder; returns their names."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _mark(folder, source)
    names = []
    for number, frame in enumerate(frames):
        if number % every == 0:
            names.append(f"{number + 1:05d}.png")
            Image.fromarray(frame).save(folder / names[-1], compress_level=1)
    return names


def _swap(partial: Path, folder: Path, source: Path) -> None:
    """Put the frames of a complete folder in place of those that an earlier run has cut."""
    folder.mkdir(exist_ok=True)
    _mark(folder, source)
    for old in folder.iterdir():
        if _CUT.fullmatch(old.name):
            old.unlink()
    for new in partial.glob("*.png"):
        os.replace(new, folder / new.name)


def _mark(folder: Path, source: Path) -> None:
    (folder / MARK).write_text(f"cut by experiments.reconstruct from {printable(source)}\n", encoding="utf-8")


def _by_number(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name.lower())]


def _animation(path: Path) -> tuple[Iterator[np.ndarray], float]:
    try:
        with Image.open(path) as picture:
            count, told = getattr(picture, "n_frames", 1), picture.info.get("duration")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        raise SeethroughError(f"{path}: cannot be read as an animation; is the file complete?") from None
    if count < 2:
        raise SeethroughError(f"{path}: one picture is no video; leave --video out, or name a folder of frames")

    def frames() -> Iterator[np.ndarray]:
        with Image.open(path) as picture:
            for frame in ImageSequence.Iterator(picture):
                yield np.asarray(frame.convert("RGB"))

    return frames(), float(told) if told else _MILLISECONDS


def _video(path: Path) -> tuple[Iterator[np.ndarray], float]:
    # Our own line says what is wrong.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    try:
        import cv2
    except ImportError:
        raise SeethroughError(
            f"{path}: reading videos needs OpenCV (pip install opencv-python-headless); or make frames by "
            f"`ffmpeg -i {path.name} frames/%05d.png` and name the folder"
        ) from None
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise SeethroughError(f"{path}: cannot be read as a video; is the file complete, and its codec a usual one?")
    rate = capture.get(cv2.CAP_PROP_FPS)

    def frames() -> Iterator[np.ndarray]:
        while True:
            good, frame = capture.read()
            if not good:
                capture.release()
                return
            yield np.ascontiguousarray(frame[..., ::-1])

    return frames(), 1000 / rate if 1 <= rate <= 1000 else _MILLISECONDS
