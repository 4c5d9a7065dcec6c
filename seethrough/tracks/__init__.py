"""One face through the frames of a video: what all frames share, and what moves smoothly."""

from seethrough.tracks.face_track import FaceTrack, FrameFace, smooth_crops, track_face
from seethrough.tracks.local_regression import robust_mean, smoothed, smoothed_rotations

__all__ = ["FaceTrack", "FrameFace", "robust_mean", "smooth_crops", "smoothed", "smoothed_rotations", "track_face"]
