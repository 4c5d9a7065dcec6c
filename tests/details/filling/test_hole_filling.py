from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.details.filling import (
    Filling,
    FillSettings,
    Holed,
    ReferenceSearch,
    ReferenceSet,
    Viewpoint,
    fill_from,
    fill_holes,
    fills_from,
)
from seethrough.details.filling.fills import (
    harmonic_fill,
    mean_fill,
    pose_only_fill,
    random_reference_fill,
    same_identity_fill,
    zero_fill,
)
from seethrough.errors import SeethroughError
from tests.details.filling.small_references import SIZE, face_mask, new_reference, points, small_set, waves

FACE = face_mask()
ALONE = FillSettings(k=6, together=1)


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> ReferenceSet:
    return small_set(tmp_path_factory.mktemp("sets") / "set", 12)


def square(left: int = 24, top: int = 20, side: int = 14) -> np.ndarray:
    hole = np.zeros((SIZE, SIZE), bool)
    hole[top : top + side, left : left + side] = True
    return hole & FACE


def fill(references: Any, number: int, hole: np.ndarray, options: FillSettings = ALONE, **changes: Any) -> Filling:
    """Fill a hole of the face that reference ``number`` was made of, lifted by a constant."""
    own = new_reference(number)
    given = {"bump": (own.bump + 0.7).astype(np.float32), "visible": FACE & ~hole, "mask_face": FACE,
             "landmarks": own.landmarks, "pose": own.viewpoint, "feature": own.feature}  # fmt: skip
    return fill_holes(**{**given, **changes}, references=references, settings=options)


def test_the_same_face_among_the_references_gives_back_what_was_hidden(references: ReferenceSet) -> None:
    filling = fill(references, 5, square())
    assert np.abs(filling.bump - new_reference(5).bump - 0.7)[FACE].max() < 2e-3
    (source,) = filling.report.sources
    assert (source.id, source.share, source.weight, source.landmarks) == (
        "face-005",
        1.0,
        1.0,
        filling.report.landmarks_seen,
    )
    assert source.pose_distance == pytest.approx(0, abs=1e-6)
    assert source.similarity == pytest.approx(1, abs=1e-6)
    assert (filling.report.hole_pixels, filling.report.harmonic_share) == (14 * 14, 0)
    assert json.loads(json.dumps(filling.report.as_row()))["sources"][0]["identity"] == "person-2"


def test_maps_of_torch_and_what_stands_in_the_hole_make_no_difference(references: ReferenceSet) -> None:
    plain, own = fill(references, 5, square()), new_reference(5)
    torn = torch.from_numpy(np.where(square(), np.nan, own.bump + 0.7).astype(np.float32))[None]
    masks = {"visible": torch.from_numpy(FACE & ~square())[None].float(), "mask_face": torch.from_numpy(FACE)[None]}
    again = fill(references, 5, square(), bump=torn, landmarks=torch.from_numpy(own.landmarks), **masks)
    assert np.array_equal(again.bump, plain.bump)


@given(st.integers(0, 10**6), st.sampled_from([ALONE, FillSettings(k=12)]))
@settings(max_examples=12, deadline=None)
def test_nothing_outside_the_hole_changes(references: ReferenceSet, seed: int, options: FillSettings) -> None:
    rng = np.random.default_rng(seed)
    hole = FACE & (rng.random((SIZE, SIZE)) < 0.05)
    hole |= square(*rng.integers(8, 44, 2).tolist(), int(rng.integers(3, 20)))
    bump = waves(seed).astype(np.float32)
    filling = fill(references, 3, hole, options, bump=bump)
    assert np.array_equal(filling.bump[~hole], bump[~hole])
    assert np.isfinite(filling.bump).all()
    report = filling.report
    shares = [source.share for source in report.sources] + [report.harmonic_share, report.adrift_share]
    assert sum(shares) == pytest.approx(1)
    assert sum(source.weight for source in report.sources[: report.mixed]) == pytest.approx(1 if report.mixed else 0)


def test_a_mixture_finds_the_parts_that_the_face_is_made_of(references: ReferenceSet) -> None:
    """The truth is a mean of two references: no single one has it, all of them together come near it."""
    truth = (0.5 * waves(2) + 0.5 * waves(9)).astype(np.float32)
    hole = square(20, 24, 18)
    together, alone = (
        fill(references, 2, hole, options, bump=truth)
        for options in (FillSettings(k=12), FillSettings(k=12, together=1))
    )
    error = [np.abs(each.bump - truth)[hole].mean() for each in (together, alone)]
    membrane = np.abs(harmonic_fill(Holed.of(truth, FACE & ~hole, FACE, points())) - truth)[hole].mean()
    assert error[0] < 0.8 * error[1]
    assert error[0] < 0.85 * membrane
    weights = {source.id: source.weight for source in together.report.sources}
    assert sorted(sorted(weights, key=lambda name: -weights[name])[:2]) == ["face-002", "face-009"]


def test_many_settings_at_once_fill_as_each_alone_does(references: ReferenceSet) -> None:
    own, hole = new_reference(3), square()
    holed = Holed.of(waves(77).astype(np.float32), FACE & ~hole, FACE, own.landmarks)
    ranked = ReferenceSearch(references).nearest(own.viewpoint, own.feature, k=12)
    options = [FillSettings(together=number, shrinkage=shrinkage) for number, shrinkage in ((1, 4), (5, 4), (12, 0.5))]
    for filling, each in zip(fills_from(holed, references, ranked, options), options, strict=True):
        alone = fill_from(holed, references, ranked, each)
        assert np.array_equal(filling.bump, alone.bump)
        assert filling.report == alone.report


def test_what_the_best_reference_lacks_the_next_ones_and_a_membrane_fill(tmp_path: Path) -> None:
    from seethrough.details.filling import ReferenceWriter
    from tests.details.filling.small_references import description

    x = np.mgrid[:SIZE, :SIZE][1]
    cuts = [FACE & (x < 30), FACE & (x >= 30) & (x < 36), FACE & (x < 20)]
    writer = ReferenceWriter(tmp_path / "set", description(), {})
    writer.append([replace(new_reference(0), id=f"part-{n}", mask=cut) for n, cut in enumerate(cuts)])
    writer.finish()
    own = new_reference(0)
    holed = Holed.of(own.bump, FACE & ~square(), FACE, own.landmarks)
    filling = fill_from(holed, ReferenceSet(tmp_path / "set"), [2, 0, 1], FillSettings(together=1))
    assert [source.id for source in filling.report.sources] == ["part-0", "part-1"]
    shares = [source.share for source in filling.report.sources] + [filling.report.harmonic_share]
    assert shares == pytest.approx([6 / 14, 6 / 14, 2 / 14])
    one = fill_from(holed, ReferenceSet(tmp_path / "set"), [2, 0, 1], FillSettings(together=1, references_at_most=1))
    assert one.report.harmonic_share == pytest.approx(8 / 14)
    membrane = fill_from(holed, ReferenceSet(tmp_path / "set"), [])
    assert np.array_equal(membrane.bump, harmonic_fill(holed))
    assert (membrane.report.harmonic_share, membrane.report.sources) == (1.0, ())


def test_a_face_without_hole_is_left_as_it_is_and_a_hole_can_be_widened(references: ReferenceSet) -> None:
    filling = fill(references, 1, np.zeros_like(FACE))
    assert np.array_equal(filling.bump, (new_reference(1).bump + 0.7).astype(np.float32))
    assert (filling.report.hole_pixels, filling.report.sources) == (0, ())
    wide = fill(references, 1, square(), replace(ALONE, widen=2 / SIZE))
    assert wide.report.hole_pixels == 14 * 14 + 4 * 14 * 2 + 4
    assert not fill(references, 1, square()).report.harmonic_share


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"visible": np.ones((80, 80), bool)}, "mask of what is visible is 80 x 80 px, the bump map 64 x 64"),
        ({"mask_face": np.ones((64, 60), bool)}, "mask of the face is 60 x 64 px, the bump map 64 x 64"),
        ({"visible": np.zeros((64, 64), bool)}, "0.0% of the face are seen: the hole covers the face"),
        ({"mask_face": np.zeros((64, 64), bool)}, "mask of the face is empty"),
        ({"bump": np.full((64, 64), np.nan)}, "not finite on the visible face"),
        ({"landmarks": np.full((68, 2), np.inf)}, "landmarks hold values that are not finite"),
        ({"feature": np.ones(7)}, "features of 5 numbers from 'dlib', this face has 7"),
        ({"options": FillSettings()}, "12 references, fewer than k=100"),
    ],
)
def test_mistakes_are_one_line(references: ReferenceSet, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SeethroughError, match=message) as caught:
        fill(references, 1, square(), **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"preset": "mine"}, "preset 'mine'"), ({"k": 0}, "k=0"), ({"together": 0}, "together=0"),
     ({"shrinkage": -1.0}, "shrinkage=-1.0"), ({"shrinkage": float("nan")}, "shrinkage=nan"),
     ({"least_share": 2.0}, "least_share=2.0"), ({"widen": -0.1}, "widen=-0.1")],
)  # fmt: skip
def test_impossible_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SeethroughError, match=message):
        FillSettings(**changes)


def test_other_fills(references: ReferenceSet) -> None:
    own, hole = new_reference(4), square()
    bump = (own.bump + 0.7).astype(np.float32)
    holed, search = Holed.of(bump, FACE & ~hole, FACE, own.landmarks), ReferenceSearch(references)
    assert (zero_fill(holed)[hole] == 0).all()
    assert np.allclose(mean_fill(holed)[hole], bump[FACE & ~hole].mean())
    for filled in (zero_fill(holed), mean_fill(holed)):
        assert np.array_equal(filled[~hole], bump[~hole])
    generator = np.random.default_rng(0)
    drawn = {random_reference_fill(holed, references, generator, ALONE).report.sources[0].row for _ in range(12)}
    assert len(drawn) > 3
    assert random_reference_fill(holed, references, generator, ALONE, among=np.array([7])).report.sources[0].row == 7
    nearest = pose_only_fill(holed, search, own.viewpoint, ALONE).report.sources[0]
    assert (nearest.row, nearest.similarity) == (4, None)
    twin = same_identity_fill(holed, search, own.viewpoint, "person-2", ALONE, exclude_ids=["face-004"])
    assert [source.row for source in twin.report.sources] == [5]
    with pytest.raises(SeethroughError, match="no other picture of nobody"):
        same_identity_fill(holed, search, own.viewpoint, "nobody")


def test_a_face_may_not_fill_itself(references: ReferenceSet) -> None:
    own = new_reference(4)
    filling = fill_holes(
        own.bump, FACE & ~square(), FACE, own.landmarks, Viewpoint(own.viewpoint.rotation, np.zeros(3)), own.feature,
        references, ALONE, exclude_identity="person-2",
    )  # fmt: skip
    assert {4, 5}.isdisjoint(source.row for source in filling.report.sources)
