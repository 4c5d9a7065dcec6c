"""Textures of faces: what the photo shows, what it shows across the face, and the face model's colours."""

from seethrough.details.texture.atlas import Atlas, atlas_of
from seethrough.details.texture.face_texture import SOURCES, FaceTexture, face_texture
from seethrough.details.texture.photo_view import PhotoView

__all__ = ["SOURCES", "Atlas", "FaceTexture", "PhotoView", "atlas_of", "face_texture"]
