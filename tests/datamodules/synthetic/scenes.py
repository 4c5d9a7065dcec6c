"""A small face model and small scenes for the tests of synthetic faces."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from datamodules.synthetic.config import SceneConfig
from datamodules.synthetic.generator import SceneRenderer
from seethrough.morphable import FaceModel
from tests.small_face import small_face_model

SIZE = 40


def small_model() -> FaceModel:
    """Importable by name, so that other processes can call it."""
    return small_face_model(17)


def scene_config(**changes: Any) -> SceneConfig:
    return SceneConfig(**{"image_size": SIZE, **changes})


@lru_cache(maxsize=4)
def renderer(seed: int = 3) -> SceneRenderer:
    return SceneRenderer(small_model(), scene_config(), seed)
