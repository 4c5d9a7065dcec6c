"""The measure of occlusion on rendered faces, whose true visibility is known with and without an occluder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from datamodules.celeba_hq.face_hull import occlusion
from datamodules.synthetic.config import SceneConfig, SyntheticConfig
from datamodules.synthetic.datamodule import load_generating_model, split_spec
from datamodules.synthetic.generator import SceneRenderer

PAIRS = 48


@pytest.mark.slow
@pytest.mark.parametrize("pose", ["aligned", "wide"])
def test_thresholds_tell_covered_faces_from_others(pose: str) -> None:
    scene = SceneConfig(image_size=128, pose=pose, landmark_noise_px=0)  # pyright: ignore[reportArgumentType]
    spec = replace(split_spec(SyntheticConfig(scene=scene), "validation"), rows=2 * PAIRS)
    renderer = SceneRenderer(load_generating_model(spec.scene), spec.scene, spec.seed)
    faces = renderer.render_all([spec.scene_of(renderer.scenes, row) for row in range(spec.rows)])
    clear, covered, truth = np.zeros((3, PAIRS))
    for pair in range(PAIRS):
        one, other = (np.squeeze(np.asarray(faces[2 * pair + twin].mask)) > 0.5 for twin in (0, 1))
        brows = np.zeros_like(one)
        top = max(int(np.asarray(faces[2 * pair].landmarks)[17:27, 1].min()), 0)
        brows[top, one.shape[1] // 2] = True
        clear[pair] = occlusion(one, {"l_brow": brows}).fraction
        covered[pair] = occlusion(other, {"l_brow": brows}).fraction
        below = one[top:]
        truth[pair] = (below & ~other[top:]).sum() / below.sum()
    # Uncovered faces have next to no hollows between brows and chin, half profiles among them.
    assert (clear < 0.01).mean() >= 0.9 and clear.max() < 0.05
    hidden = truth >= 0.05
    assert hidden.sum() >= PAIRS // 2
    assert (covered[hidden] >= 0.05).mean() >= 0.9
    assert (covered[hidden] < 0.01).mean() <= 0.05
