from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.filling import ReferenceSearch, ReferenceSet, Viewpoint, nearest, vector_search
from seethrough.details.filling.viewpoint import rotation_matrices, viewpoint_in_focus_crop
from seethrough.errors import SeethroughError
from seethrough.photos import align
from tests.details.filling.small_references import points, small_set


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> ReferenceSet:
    return small_set(tmp_path_factory.mktemp("sets") / "set", 40)


def pose(*rotation: float) -> Viewpoint:
    return Viewpoint(np.array(rotation), np.array([1.0, -2.0, 30.0]))


def test_angles_are_those_of_the_rotations_between(references: ReferenceSet) -> None:
    found = nearest(references, pose(0.1, -0.2, 0.05), None, k=40)
    one = rotation_matrices(np.array([[0.1, -0.2, 0.05]]))[0]
    for row, angle in zip(found.rows, found.pose_distance, strict=True):
        turn = references.rotation_matrices[row] @ one.T
        assert angle == pytest.approx(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)), abs=1e-7)
    assert (np.diff(found.pose_distance) >= 0).all()
    assert np.isnan(found.similarity).all()


@given(st.lists(st.floats(-0.6, 0.6), min_size=3, max_size=3), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_the_short_list_holds_the_nearest_and_the_most_alike_comes_first(
    references: ReferenceSet, rotation: list[float], k: int
) -> None:
    feature = np.random.default_rng(k).standard_normal(5)
    found = nearest(references, pose(*rotation), feature, k=k)
    every = nearest(references, pose(*rotation), None, k=40)
    assert sorted(found.rows) == sorted(every.rows[:k])
    assert (np.diff(found.similarity) <= 0).all()
    centred = feature - references.feature_centre
    expected = references.feature[found.rows[0]] @ centred / np.linalg.norm(centred)
    assert found.similarity[0] == pytest.approx(expected, abs=1e-6)


def test_the_preset_of_the_paper_takes_translation_and_plain_cosine(references: ReferenceSet) -> None:
    feature = np.random.default_rng(0).standard_normal(5)
    found = nearest(references, pose(0.1, 0.1, 0.0), feature, preset="paper", k=40)
    vectors = np.concatenate([references.rotation, references.translation], 1)
    query = np.array([0.1, 0.1, 0.0, 1.0, -2.0, 30.0])
    expected = np.linalg.norm((vectors - query) / vectors.std(0), axis=1)
    assert np.allclose(found.pose_distance, expected[found.rows])
    assert np.allclose(found.similarity, references.plain_feature[found.rows] @ feature / np.linalg.norm(feature))
    moved = Viewpoint(np.array([0.1, 0.1, 0.0]), np.array([500.0, 0.0, 0.0]))
    assert not np.allclose(nearest(references, moved, None, preset="paper", k=40).pose_distance, found.pose_distance)


def test_a_person_can_be_left_out(references: ReferenceSet) -> None:
    for k in (1, 38):
        found = nearest(references, pose(0, 0, 0), None, k=k, exclude_identity="person-3")
        assert len(found) == k
        assert not {6, 7} & set(found.rows.tolist())
    with pytest.raises(SeethroughError, match="40 references, 38 without person-3, fewer than k=39"):
        nearest(references, pose(0, 0, 0), None, k=39, exclude_identity="person-3")


def test_mistakes_are_one_line(references: ReferenceSet) -> None:
    with pytest.raises(SeethroughError, match="40 references, fewer than k=100; lower k or add references"):
        nearest(references, pose(0, 0, 0), None)
    with pytest.raises(SeethroughError, match="features of 5 numbers from 'dlib', this face has 128"):
        nearest(references, pose(0, 0, 0), np.ones(128), k=3)
    with pytest.raises(SeethroughError, match="not finite"):
        nearest(references, pose(0, 0, 0), np.full(5, np.inf), k=3)
    with pytest.raises(SeethroughError, match="unknown search preset 'best': choose one of default, paper"):
        ReferenceSearch(references, "best")
    with pytest.raises(SeethroughError, match="rotation of the face is not finite"):
        pose(np.nan, 0, 0)


class FlatIndex:
    """As faiss.IndexFlatL2 answers."""

    def __init__(self, size: int) -> None:
        self.size = size

    def add(self, vectors: np.ndarray) -> None:
        assert vectors.dtype == np.float32
        self.vectors = vectors

    def search(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        squared = np.square(self.vectors - queries[0]).sum(1)
        rows = np.argsort(squared)[:count]
        return squared[rows][None], rows[None]


def test_faiss_finds_the_same_where_it_is_installed(references: ReferenceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = ReferenceSearch(references).nearest(pose(0.2, 0.1, 0), None, k=9)
    monkeypatch.setattr(vector_search, "FAISS_FROM", 10)
    assert isinstance(vector_search.vector_search(np.zeros((20, 9))), vector_search.ExactSearch)
    monkeypatch.setitem(sys.modules, "faiss", SimpleNamespace(IndexFlatL2=FlatIndex))  # pyright: ignore
    monkeypatch.setattr(vector_search, "find_spec", lambda name: object())
    assert isinstance(vector_search.vector_search(np.zeros((20, 9))), vector_search.FaissSearch)
    found = ReferenceSearch(references).nearest(pose(0.2, 0.1, 0), None, k=9)
    assert np.array_equal(found.rows, exact.rows)
    assert np.allclose(found.pose_distance, exact.pose_distance, atol=1e-6)


def test_a_longer_lens_farther_away_is_the_same_viewpoint(tmp_path: Path) -> None:
    landmarks = points(200)
    near = viewpoint_in_focus_crop(np.zeros(3), np.array([5.0, -3.0, 0.0]), 800.0, landmarks, 200)
    far = viewpoint_in_focus_crop(np.zeros(3), np.array([5.0, -3.0, 1000.0]), 1600.0, landmarks, 200)
    assert np.allclose(near.translation, far.translation)
    crop = align(landmarks)
    place = near.translation + np.array([0, 0, 1000])
    seen = crop.to_photo(place[:2] / place[2] * 1014.72 + 112)
    assert np.allclose(seen, np.array([5.0, -3.0]) / 1000 * 800 + 100)
