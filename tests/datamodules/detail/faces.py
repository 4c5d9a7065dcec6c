"""A small face model and small scenes for the tests of faces with relief."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from datamodules.detail.config import DetailSceneConfig
from datamodules.detail.generator import DetailRenderer
from seethrough.morphable import FaceModel
from tests.small_face import small_face_model

SIZE = 64


def small_model() -> FaceModel:
    """Importable by name, so that other processes can call it."""
    return small_face_model(33)


def scene_config(**changes: Any) -> DetailSceneConfig:
    return DetailSceneConfig(**{"image_size": SIZE, **changes})


@lru_cache(maxsize=2)
def renderer(size: int = SIZE) -> DetailRenderer:
    return DetailRenderer(small_model(), scene_config(image_size=size), 3)
