"""Textures of faces: what the photo shows, what it shows across the face, and the face model's colours."""

from seethrough.details.texture.atlas import Atlas
from seethrough.details.texture.face_texture import SOURCES, FaceTexture, PhotoView, face_texture

__all__ = ["SOURCES", "Atlas", "FaceTexture", "PhotoView", "face_texture"]
