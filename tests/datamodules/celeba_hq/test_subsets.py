"""The occluded and unoccluded test photos: what is measured, who is drawn, and the list as a file."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from datamodules.celeba_hq.face_hull import Occlusion, convex_hull, occlusion
from datamodules.celeba_hq.face_mask import visible_face
from datamodules.celeba_hq.subset_file import read_subsets
from datamodules.celeba_hq.subsets import SEED, Measured, draw, measure, subset_table, table_digest
from seethrough.errors import SeethroughError
from tests.datamodules.celeba_hq.trees import NUMBERS, face_parts, part_mask, whole_tree
from tools.celeba_subsets import main


def measured(**changes: list[tuple[int, int, int, int]] | None) -> Occlusion:
    masks = face_parts(**changes)
    return occlusion(visible_face(masks, "x"), masks)


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=40, unique=True))
def test_convex_hull_is_that_of_scipy(points: list[tuple[int, int]]) -> None:
    mask = np.zeros((31, 31), dtype=bool)
    for x, y in points:
        mask[y, x] = True
    corners = convex_hull(mask)
    if np.linalg.matrix_rank(np.array(points[1:]) - np.array(points[0])) < 2:
        assert len(corners) < 3
        return
    assert set(corners) == {points[k] for k in ConvexHull(points).vertices}


def test_a_bite_out_of_a_square_counts_its_pixels() -> None:
    # 81 x 81 pixels about (50, 50). Nine tenths of the hull are 73 x 73 of them, and the bite lies inside.
    face = np.zeros((101, 101), dtype=bool)
    face[10:91, 10:91] = True
    face[40:50, 30:42] = False
    assert occlusion(face, {}) == Occlusion(hull=73 * 73, occluded=120)
    # From row 50 on: the hull is 41 rows high, its centroid at row 70, and nine tenths reach from row 52 to 88.
    brows = np.zeros_like(face)
    brows[50:53, 40:60] = True
    assert occlusion(face, {"l_brow": brows}) == Occlusion(hull=37 * 73, occluded=0)


def test_an_uncovered_face_has_no_occlusion_whatever_its_hair_line_and_neck() -> None:
    assert measured().occluded == 0
    assert measured(hair=[(8, 2, 56, 18)], neck=[(14, 50, 50, 64)], l_ear=[(8, 24, 16, 40)]).occluded == 0


def test_what_covers_a_face_counts() -> None:
    plain = measured()
    glasses = measured(eye_g=[(17, 23, 30, 34), (34, 23, 47, 34)])
    strand = measured(hair=[(10, 0, 32, 40)])
    assert plain.fraction == 0 and glasses.fraction > 0.1 and strand.fraction > 0.1
    covered = part_mask([(17, 23, 30, 34), (34, 23, 47, 34)])
    assert glasses.hull == plain.hull or glasses.occluded <= covered.sum()


def test_sunglasses_over_brows_and_eyes_do_not_hide_themselves() -> None:
    dark = measured(l_eye=None, r_eye=None, l_brow=None, r_brow=None, eye_g=[(16, 20, 31, 36), (33, 20, 48, 36)])
    assert dark.fraction > 0.15


def test_no_face_is_no_hull() -> None:
    empty = np.zeros((8, 8), dtype=bool)
    assert occlusion(empty, {}) == Occlusion(0, 0)
    line = empty.copy()
    line[3] = True
    assert occlusion(line, {}) == Occlusion(0, 0)
    assert Measured("1", Occlusion(0, 0), True).kind == ""


@pytest.mark.parametrize("times", [2, 3])
def test_a_larger_annotation_measures_the_same_share(times: int) -> None:
    masks = {name: mask.repeat(times, 0).repeat(times, 1) for name, mask in face_parts(hair=[(10, 0, 32, 40)]).items()}
    share = occlusion(visible_face(masks, "x"), masks).fraction
    assert share == pytest.approx(measured(hair=[(10, 0, 32, 40)]).fraction, abs=0.02)


def test_thresholds_are_compared_in_whole_numbers() -> None:
    kinds = {(h, o): Measured("1", Occlusion(h, o), True).kind for h, o in ((200, 10), (200, 9), (200, 2), (200, 1))}
    assert kinds == {(200, 10): "occluded", (200, 9): "", (200, 2): "", (200, 1): "unoccluded"}
    assert Measured("1", Occlusion(200, 1), complete=False).kind == ""
    assert Measured("1", Occlusion(200, 10), complete=False).kind == "occluded"


def sample(kinds: str) -> list[Measured]:
    shares = {"o": 50, "u": 0, "n": 3}
    return [Measured(f"{k:05d}", Occlusion(100, shares[kind]), True) for k, kind in enumerate(kinds)]


def test_the_draw_takes_the_smallest_digests_of_each_kind() -> None:
    faces = sample("oounnuouoouuon")
    drawn = draw(faces, {"occluded": 3, "unoccluded": 2})
    for kind, letter, count in (("occluded", "o", 3), ("unoccluded", "u", 2)):
        candidates = [each.id for each, this in zip(faces, "oounnuouoouuon", strict=True) if this == letter]
        by_digest = sorted(candidates, key=lambda i: hashlib.sha256(f"{SEED} {i}".encode()).hexdigest())
        assert {i for i, subset in drawn.items() if subset == kind} == set(by_digest[:count])


def test_the_draw_depends_on_nothing_but_the_data() -> None:
    faces = sample("ou" * 40)
    drawn = draw(faces, {"occluded": 10, "unoccluded": 10})
    shuffled = faces.copy()
    random.Random(1).shuffle(shuffled)
    assert draw(shuffled, {"occluded": 10, "unoccluded": 10}) == drawn
    assert subset_table(shuffled, drawn) == subset_table(faces, drawn)
    # One photo less: the others that were drawn stay.
    gone = next(iter(drawn))
    fewer = draw([each for each in faces if each.id != gone], {"occluded": 10, "unoccluded": 10})
    assert set(drawn) - set(fewer) == {gone} and len(set(fewer) - set(drawn)) == 1
    assert draw(faces, {"occluded": 10, "unoccluded": 10}, seed="another") != drawn


def test_the_draw_is_the_published_one() -> None:
    # Whoever changes the seed, the digest or the format changes the published lists: then it needs another name.
    drawn = draw(sample("oun" * 200), {"occluded": 75, "unoccluded": 55})
    table = subset_table(sample("oun" * 200), drawn)
    assert table_digest(table) == "608e854b38b686595fcc20033bcb9e55dcd90aa366325c25b52c71fc9588c64e"


def test_fewer_candidates_than_wanted_are_all_taken() -> None:
    assert set(draw(sample("ooun")).values()) == {"occluded", "unoccluded"} and len(draw(sample("ooun"))) == 3


def test_command_writes_the_list_that_the_listing_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = whole_tree(tmp_path)
    assert main([str(tree.root)]) == 0
    path = tree.root / "celeba_hq_subsets.csv"
    said = capsys.readouterr().out
    assert hashlib.sha256(path.read_bytes()).hexdigest() in said
    assert "occluded: 2 of 2 photos, wanted 750" in said and "unoccluded: 1 of 1 photos, wanted 558" in said
    assert "3 test photos, the data set has 2824: the list of the whole data set is another one" in said
    assert read_subsets(path) == ({"00003": "unoccluded", "00004": "occluded", "00005": "occluded"}, [])
    first = path.read_bytes()
    assert main([str(tree.root), "--jobs", "3"]) == 0
    assert path.read_bytes() == first


def test_command_names_damaged_masks_and_goes_on_without_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = whole_tree(tmp_path)
    nose = tree.mask_path(4, "nose")
    nose.write_bytes(nose.read_bytes()[: nose.stat().st_size // 2])
    with pytest.raises(SeethroughError, match=r"00004_nose.png: the image cannot be decoded"):
        main([str(tree.root), "--out", str(tmp_path / "list.csv")])
    with pytest.raises(SeethroughError, match="go on without these samples by --skip-bad"):
        main([str(tree.root), "--out", str(tmp_path / "list.csv")])
    assert not (tmp_path / "list.csv").exists()
    assert main([str(tree.root), "--out", str(tmp_path / "new" / "list.csv"), "--skip-bad"]) == 0
    assert "00004_nose.png" in capsys.readouterr().out
    assert set(read_subsets(tmp_path / "new" / "list.csv")[0]) == {"00003", "00005"}


def test_command_on_a_part_of_the_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = whole_tree(tmp_path)
    for index in (0, 2):  # neither training nor validation photos decide on the list
        (tree.root / f"CelebA-HQ-img/{index}.jpg").unlink()
    tree.mask_path(1, "skin").unlink()
    assert main([str(tree.root), "--out", str(tmp_path / "part.csv")]) == 0
    assert "fault" not in capsys.readouterr().out
    tree.mapping((*NUMBERS, *range(190001, 190031)))
    with pytest.raises(SeethroughError) as wrong:
        main([str(tree.root), "--out", str(tmp_path / "list.csv")])
    said = str(wrong.value)
    assert "30 test photos of the mapping are not there, the first is" in said and "6.jpg; complete" in said
    assert "not the list that others have" in said and "\n" not in said
    assert main([str(tree.root), "--out", str(tmp_path / "list.csv"), "--skip-bad"]) == 0
    assert (tmp_path / "list.csv").read_bytes() == (tmp_path / "part.csv").read_bytes()
    assert "3 test photos, the data set has 2824" in capsys.readouterr().out


def test_measured_from_files_is_measured_from_masks(tmp_path: Path) -> None:
    from datamodules.celeba_hq.layout import index_masks

    tree = whole_tree(tmp_path)
    parts = index_masks(tree.root / tree.masks).parts
    assert measure("00005", parts[5]) == Measured("00005", measured(hair=[(10, 0, 32, 40)]), True)
    assert not measure("00004", parts[4]).complete  # glasses


def test_lists_of_others_are_read_and_their_faults_told(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("# ours\nsubset,id\noccluded,12\nunoccluded,00013\n,14\nhidden,15\noccluded,x\noccluded,12\n")
    subsets, faults = read_subsets(path)
    assert subsets == {"00012": "occluded", "00013": "unoccluded", "00014": ""}
    assert [fault.what for fault in faults] == [
        "unknown subset 'hidden'; choose from occluded, unoccluded, or none",
        "'x' is no number of a photo",
        "photo 12 has an earlier row; keep one of them",
    ]
    path.write_text("00012.jpg\n")
    assert "the columns id and subset are missing" in str(read_subsets(path)[1][0])
    assert "No such file" in str(read_subsets(tmp_path / "none.csv")[1][0])
