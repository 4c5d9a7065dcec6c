"""From a photo to a face crop and back: reading, detection, landmarks, alignment."""

from seethrough.photos.alignment import CropTransform, align
from seethrough.photos.detection import DetectedFace, FaceDetector, choose_faces, load_detector
from seethrough.photos.finding import find_photos
from seethrough.photos.reading import decode_photo, photo_array, photo_tensor, read_photo

__all__ = [
    "CropTransform",
    "DetectedFace",
    "FaceDetector",
    "align",
    "choose_faces",
    "decode_photo",
    "find_photos",
    "load_detector",
    "photo_array",
    "photo_tensor",
    "read_photo",
]
