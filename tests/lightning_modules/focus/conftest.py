from __future__ import annotations

import pytest
import torch

from lightning_modules.focus.config import (
    EncoderConfig,
    FaceModelConfig,
    FocusConfig,
    LossConfig,
    LossWeights,
    RendererConfig,
    ScheduleConfig,
    SegmentationConfig,
)
from lightning_modules.focus.optimisation import OptimiserConfig
from seethrough.morphable import FaceParameters
from seethrough.morphable.archive import write_face_model
from seethrough.rendering import FaceRenderer, focus_camera
from tests.small_face import small_face_model

SIZE = 32


@pytest.fixture(scope="session")
def small_model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.npz"
    write_face_model(small_face_model(), path)
    return path


@pytest.fixture
def focus_config(small_model_file) -> FocusConfig:
    """All stages in a dozen steps, on the analytic face."""
    return FocusConfig(
        image_size=SIZE,
        face_model=FaceModelConfig(source=str(small_model_file), identity=4, expression=3, albedo=4),
        encoder=EncoderConfig(architecture="narrow", pretrained=False, widths=[8, 8, 16], hidden=32),
        segmentation=SegmentationConfig(widths=[4, 8], convolutions=[1, 1], dropout=0.0),
        renderer=RendererConfig(ambient=1.0),
        schedule=ScheduleConfig(0, 3, 0, 3, 2, 6, 1, 2, 1),
        loss=LossConfig(
            weights=LossWeights(pixel=2.5, landmark=0.02, regulariser=0.1),
            pixel_form="norm",
            initialisation_form="truncated",
            initialisation_weight=0.1,
            threshold=0.03,
            threshold_start=0.5,
            neighbour_squared=False,
            binary_form="absolute",
            area_threshold=0.15,
            identity_free_steps=1,
        ),
        encoder_optimiser=OptimiserConfig(algorithm="adamw", learning_rate=1e-3, shape="cosine", clip_norm=1.0),
        segmentation_optimiser=OptimiserConfig(algorithm="adamw", learning_rate=2e-3, shape="constant"),
    )


def synthetic_batch(count: int = 4, seed: int = 0, source: str = "small") -> dict:
    """Render analytic faces with a grey square before every second one."""
    generator = torch.Generator().manual_seed(seed)
    model = small_face_model()
    renderer = FaceRenderer(model, focus_camera(SIZE), ambient=1.0)
    parameters = FaceParameters.zeros(model.sizes, count)
    parameters = parameters.with_changes(
        **{
            name: torch.randn(getattr(parameters, name).shape, generator=generator) * scale
            for name, scale in (("identity", 1.0), ("expression", 0.5), ("albedo", 1.0), ("rotation", 0.1))
        }
    )
    rendering = renderer(parameters)
    background = torch.rand(count, 3, 1, 1, generator=generator).expand(-1, -1, SIZE, SIZE)
    image = rendering.image.clamp(0, 1) * rendering.mask + background * (1 - rendering.mask)
    occluded = torch.arange(count) % 2
    square = torch.zeros_like(rendering.mask)
    square[:, :, SIZE // 2 :, SIZE // 4 : -SIZE // 4] = 1
    square = square * occluded[:, None, None, None]
    return {
        "image": image * (1 - square) + 0.1 * square,
        "landmarks": rendering.landmarks,
        "mask": rendering.mask * (1 - square),
        "id": [f"{seed}-{n}" for n in range(count)],
        "identity": torch.arange(count),
        "truth": {
            "parameters": dict(
                zip(
                    ("identity", "expression", "albedo", "illumination", "rotation", "translation"),
                    list(parameters),
                    strict=True,
                )
            ),
            "model": [source] * count,
            "landmarks": rendering.landmarks,
            "landmark_visible": torch.ones(count, 68, dtype=torch.bool),
            "full_face": rendering.mask,
            "occluder": occluded,
            "occluder_name": ["square" if o else "none" for o in occluded.tolist()],
            "twin": [""] * count,
        },
    }
