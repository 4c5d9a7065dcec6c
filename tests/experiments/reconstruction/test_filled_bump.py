"""Who fills which part of a bump map: references what is hidden, a membrane what is merely unknown."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from experiments.reconstruction.estimator import FaceEstimate
from experiments.reconstruction.filled_bump import NO_REFERENCES, HoleFiller
from seethrough.details import Foundation, foundation_depth
from seethrough.details.detail_foundation import DetailFoundation
from seethrough.details.face_detail import FaceDetail
from seethrough.details.filling import ReferenceWriter
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters
from seethrough.photos import CropTransform
from seethrough.rendering import Camera
from tests.details.filling.small_references import FEATURES, SIZE, description, model, new_reference

MODEL = model()
VERTICES = MODEL.mean * torch.tensor([1.0, -1.0, -1.0]) + torch.tensor([0.0, 0.0, 1000.0])
CAMERA = Camera(220.0, SIZE, SIZE)
LANDMARKS = CAMERA.project(VERTICES[MODEL.landmarks][None])[0]
RESULT: Any = SimpleNamespace(estimate=FaceEstimate(FaceParameters.zeros(MODEL.sizes), None))


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets") / "set"
    writer = ReferenceWriter(folder, description(feature_network="identity"), {})
    writer.append([new_reference(number, landmarks=LANDMARKS.double().numpy()) for number in range(8)])
    writer.finish()
    return folder


def face_with(hidden: tuple[slice, slice] | None, unknown: tuple[slice, slice] | None) -> FaceDetail:
    """A bump of 0.3 mm, but where something hides the face, or it is seen and says nothing."""
    foundation = Foundation(VERTICES, MODEL.triangles, CAMERA, LANDMARKS)
    depth, covered = (plane[0] for plane in foundation_depth(foundation))
    visible = covered > 0.5
    if hidden is not None:
        visible[hidden] = False
    known = visible.clone()
    if unknown is not None:
        known[unknown] = False
    face = DetailFoundation(
        CropTransform(1.0, (SIZE / 2, SIZE / 2), SIZE), torch.zeros(3, SIZE, SIZE), foundation, depth, covered,
        visible, known, 0.0,
    )  # fmt: skip
    return FaceDetail(face, torch.where(known, 0.3, 0.0), known)


HIDDEN, UNKNOWN = (slice(22, 30), slice(24, 34)), (slice(42, 46), slice(28, 36))


def test_a_membrane_where_no_set_is_named() -> None:
    detail = face_with(HIDDEN, UNKNOWN)
    filled = HoleFiller()(detail, RESULT, MODEL)
    covered = (detail.face.covered > 0.5).numpy()
    np.testing.assert_allclose(filled.bump, 0.3 * covered, atol=1e-5)
    assert filled.by == NO_REFERENCES and filled.report["sources"] == ()
    assert np.array_equal(filled.trusted, covered & ~filled.hole)  # it only bridges
    assert filled.hole[HIDDEN].all() and filled.hole[UNKNOWN].all()
    surface = filled.surface(detail)
    assert bool((surface.known == (detail.face.covered > 0.5)).all()) and surface.along == detail.along
    np.testing.assert_allclose(surface.depth()[covered], (detail.face.depth - 0.3)[covered], atol=1e-3)


def test_references_fill_what_is_hidden_alone(references: Path) -> None:
    detail = face_with(HIDDEN, UNKNOWN)
    filled = HoleFiller(str(references), nearest=8)(detail, RESULT, MODEL)
    assert "compared by viewpoint and identity coefficients" in filled.by
    assert filled.trusted[HIDDEN].mean() > 0.9 and not filled.trusted[UNKNOWN].any()
    assert filled.bump[HIDDEN].std() > 1e-3  # relief, where a membrane has none
    np.testing.assert_allclose(filled.bump[UNKNOWN], 0.3, atol=1e-5)
    kept = detail.known.numpy() & ~filled.hole
    np.testing.assert_array_equal(filled.bump[kept], np.float32(0.3))
    assert filled.report["bridged_pixels"] == 4 * 8
    assert filled.report["hole_pixels"] == filled.hole.sum() - 4 * 8
    assert sum(source["share"] for source in filled.report["sources"]) <= 1 + 1e-6


def test_nothing_hidden(references: Path) -> None:
    detail = face_with(None, None)
    filled = HoleFiller(str(references), nearest=8)(detail, RESULT, MODEL)
    assert filled.by == "nothing is hidden" and not filled.hole.any()
    np.testing.assert_array_equal(filled.bump, detail.bump.numpy())


def test_mistakes(references: Path, tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match="8 references, fewer than --nearest 100"):
        HoleFiller(str(references))
    with pytest.raises(SeethroughError, match="nowhere"):
        HoleFiller(str(tmp_path / "nowhere"))
    other = model()
    other.name = "another"
    with pytest.raises(SeethroughError, match="face model 'small'"):
        HoleFiller(str(references), nearest=8)(face_with(HIDDEN, None), RESULT, other)
    whole = (slice(0, SIZE), slice(0, SIZE))
    with pytest.raises(SeethroughError, match="the hole covers the face"):
        HoleFiller()(face_with(whole, None), RESULT, MODEL)


def test_the_features_of_the_set_are_the_identity_coefficients(references: Path) -> None:
    filler = HoleFiller(str(references), nearest=8)
    feature, _ = filler._feature(RESULT)
    assert feature is not None and feature.shape == (FEATURES,)
