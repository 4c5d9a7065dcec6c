from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from seethrough.metrics.mesh_registration import Similarity
from seethrough.metrics.mesh_registration import _face_normals as face_normals
from seethrough.metrics.scan_to_mesh import beyond_border, crop_ball, crop_scan, scan_to_mesh
from seethrough.metrics.triangle_tree import TriangleTree
from tests.metrics.face_scans import AVERAGE, Prediction, landmarks, mesh_of, scan_of, surface, turned

OTHER = (1.2, -1.0, 0.8, 1.0, -1.1)

# Median, mean, deviation and points that the official tool (github.com/soubhiksanyal/now_evaluation, commit 7bd1498)
# gave for these pairs, written as OBJ files with six digits. mm.
OFFICIAL = {
    "own sampling": (
        AVERAGE,
        Prediction(AVERAGE, (0, 0, 0), 1.0, (0, 0, 0), 0.8, 77),
        (0.008082920114529919, 0.019030954997315695, 0.03305519039564841, 18929),
    ),
    "metres, turned": (
        AVERAGE,
        Prediction((1, 0.5, -1, 0.5, 1), (20, -15, 10), 1e-3, (0.1, -0.2, 1.0), 1.5, 78),
        (0.11842278297280935, 0.23230108490194473, 0.2631493052782511, 18929),
    ),
    "centimetres, the average for somebody": (
        OTHER,
        Prediction(AVERAGE, (5, 5, 5), 0.1, (0, 0, 0), 1.0, 80),
        (0.220944133109866, 0.3036701953685031, 0.3100696992584575, 18615),
    ),
}
UNMEASURED = {
    "odd unit": (AVERAGE, Prediction((-1.5, 1, 1, -2, 0), (-10, 30, -20), 0.013, (5, 6, 7), 2.0, 79)),
    "upside down": (OTHER, Prediction(OTHER, (170, 5, 5), 1.0, (300, 0, 0), 2.0, 81)),
}


def score(person, prediction, **options):
    scan, _, marks = scan_of(person)
    return scan_to_mesh(scan, marks, *mesh_of(prediction), **options)


@pytest.mark.parametrize("case", OFFICIAL)
def test_official_numbers(case):
    person, prediction, (median, mean, std, points) = OFFICIAL[case]
    result = score(person, prediction)
    assert len(result.distances) == points
    assert (result.median, result.mean, result.std) == pytest.approx((median, mean, std), abs=1e-3)
    # Closer than the gate: what is left is where the official optimiser stops.
    assert (result.mean, result.std) == pytest.approx((mean, std), abs=1e-5)
    assert not result.warnings


def test_crop_of_the_official_tool():
    # Centre and radius that it printed for the two scans.
    for person, height, radius in (
        (AVERAGE, 98.6635971069336, 99.01791381835938),
        (OTHER, 97.4231185913086, 99.17495880126953),
    ):
        scan, _, marks = scan_of(person)
        centre, found = crop_ball(marks)
        assert centre == pytest.approx((0, -18, height), abs=1e-5) and found == pytest.approx(radius, abs=1e-5)
        kept = crop_scan(scan, marks)
        assert np.linalg.norm(kept - centre, axis=1).max() <= found < np.linalg.norm(scan - centre, axis=1).max()


@pytest.mark.parametrize("case", [*UNMEASURED, "metres, turned"])
def test_alignment_is_a_minimum(case):
    person, prediction = {**OFFICIAL, **UNMEASURED}[case][:2]
    scan, _, marks = scan_of(person)
    vertices, triangles, own_marks = mesh_of(prediction)
    best = scan_to_mesh(scan, marks, vertices, triangles, own_marks)
    cropped = crop_scan(scan, marks)[::7]
    tree = TriangleTree.of(vertices, triangles)
    whole = (scan_to_mesh(cropped, marks, vertices, triangles, own_marks).distances ** 2).sum()

    def cost(alignment: Similarity) -> float:
        return alignment.scale**2 * tree.closest(alignment.undo(cropped)).squared.sum()

    # Minimised over these points alone nothing is lower, in any direction.
    own = scan_to_mesh(cropped, marks, vertices, triangles, own_marks).alignment
    assert cost(own) == pytest.approx(whole, rel=1e-9) and whole <= cost(best.alignment) * (1 + 1e-9)
    for direction in range(7):
        for amount in (-1e-3, 1e-3):
            rotation, translation, scale = own.rotation, own.translation.copy(), own.scale
            if direction == 0:
                scale *= 1 + amount
            elif direction < 4:
                degrees = np.zeros(3)
                degrees[direction - 1] = 60 * amount
                rotation = turned(tuple(degrees)) @ rotation
            else:
                translation[direction - 4] += 100 * amount
            assert cost(Similarity(scale, rotation, translation)) > whole


def test_a_scan_against_itself_is_zero():
    scan, triangles, marks = scan_of(AVERAGE)
    result = scan_to_mesh(scan, marks, scan, triangles, marks)
    assert result.distances.max() < 1e-9 and result.alignment.scale == pytest.approx(1)
    assert np.isfinite(result.distances).all() and not result.warnings


def test_points_on_the_mesh_have_the_normal_of_their_triangle():
    vertices = np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]])
    tree = TriangleTree.of(vertices, np.array([[0, 1, 2], [0, 2, 3]]))
    placed = Similarity(2.0, turned((90, 0, 0)), np.array([5.0, 6, 7]))
    points = placed.apply(np.array([[1.0, 1, 0], [0, 1, 1], [1, 1, 0.5]]))
    normals = face_normals(tree, placed, tree.closest(placed.undo(points)))
    np.testing.assert_allclose(normals, [[0, -1, 0], [1, 0, 0], [0, 0, 0]], atol=1e-12)


def test_blind_to_reflections_and_says_so():
    person, prediction, (_, mean, std, _) = OFFICIAL["own sampling"]
    scan, _, marks = scan_of(person)
    vertices, triangles, own_marks = mesh_of(prediction)
    for mirror in ([-1, 1, 1], [1, 1, -1]):
        result = scan_to_mesh(scan, marks, vertices * mirror, triangles, own_marks * mirror)
        assert (result.mean, result.std) == pytest.approx((mean, std), abs=1e-5)
        assert "mirrored" in result.warnings["mirrored"]
    turned_inside_out = scan_to_mesh(scan, marks, vertices, triangles[:, ::-1], own_marks)
    assert turned_inside_out.mean == pytest.approx(mean, abs=1e-5) and not turned_inside_out.warnings


def test_coarse_landmarks_do_not_matter():
    # One known release writes them as whole millimetres.
    person, prediction, (_, mean, _, _) = OFFICIAL["own sampling"]
    scan, _, marks = scan_of(person)
    vertices, triangles, own_marks = mesh_of(prediction)
    assert scan_to_mesh(scan, marks, vertices, triangles, np.trunc(own_marks)).mean == pytest.approx(mean, abs=1e-5)


def test_half_a_face_is_punished_and_named():
    scan, _, marks = scan_of(AVERAGE)
    vertices, triangles = surface(71, 83, AVERAGE, warp=0.6)
    half = triangles[(vertices[triangles][..., 0] > 0).all(1)]
    result = scan_to_mesh(scan, marks, vertices, half, marks)
    assert result.mean > 3
    assert "covered" in result.warnings["partial"] and result.coverage < 0.7


@pytest.mark.parametrize(("axis", "least"), [(1, -45), (0, -30)])
def test_coverage_counts_every_point_beyond_a_border(axis, least):
    scan, marks = surface(51, 61, AVERAGE)[0], landmarks(AVERAGE)
    vertices, triangles = surface(71, 83, AVERAGE, warp=0.6)
    cut = triangles[(vertices[triangles][..., axis] > least).all(1)]
    # The landmarks are exact: the mesh is where they put it. All points are asked, and all edges are counted.
    cropped = crop_scan(scan, marks)
    closest = TriangleTree.of(vertices, cut).closest(cropped)
    times = Counter(tuple(sorted(edge)) for row in cut.tolist() for edge in combinations(row, 2))
    beyond = np.zeros(len(cropped), dtype=bool)
    for n, corners in enumerate(cut[closest.triangles].tolist()):
        edges = [sorted(corners[:k] + corners[k + 1 :]) for k in range(3) if closest.barycentric[n, k] < 1e-9]
        beyond[n] = any(times[tuple(edge)] == 1 for edge in edges)
    np.testing.assert_array_equal(beyond_border(closest, cut), beyond)
    covered = 1 - (beyond & (closest.squared > 2.0**2)).mean()
    assert 0.5 < covered < 0.95
    # A point whose closest one is a corner at the border may be found on either triangle there.
    assert scan_to_mesh(scan, marks, vertices, cut, marks).coverage == pytest.approx(covered, abs=1e-2)


def test_metrical_keeps_the_size():
    scan, marks = surface(51, 61, AVERAGE)[0], landmarks(AVERAGE)
    vertices, triangles = surface(31, 37, AVERAGE, warp=0.6)
    larger = 1.05 * vertices
    free = scan_to_mesh(scan, marks, larger, triangles, 1.05 * marks)
    kept = scan_to_mesh(scan, marks, larger, triangles, 1.05 * marks, metrical=True)
    assert free.mean < 0.2 and kept.mean > 0.5 and kept.alignment.scale == 1
    for unit, factor in (("cm", 0.1), ("m", 0.001)):
        same = scan_to_mesh(scan, marks, factor * larger, triangles, factor * 1.05 * marks, metrical=True, unit=unit)
        assert same.mean == pytest.approx(kept.mean, abs=1e-6) and not same.warnings
    wrong = scan_to_mesh(scan, marks, 0.1 * larger, triangles, 0.105 * marks, metrical=True)
    assert "is it cm?" in wrong.warnings["unit"]


def test_what_cannot_be_scored():
    scan, _, marks = scan_of(AVERAGE)
    vertices, triangles = surface(21, 25, AVERAGE)
    with pytest.raises(ValueError, match=r"landmarks has shape \(6, 3\)"):
        scan_to_mesh(scan, marks, vertices, triangles, marks[:6])
    with pytest.raises(ValueError, match="another scan or unit"):
        scan_to_mesh(scan + 1000, marks, vertices, triangles, marks)
    with pytest.raises(ValueError, match="in one place"):
        scan_to_mesh(scan, marks, vertices, triangles, np.zeros((7, 3)))
    with pytest.raises(ValueError, match="not finite"):
        scan_to_mesh(scan, marks, vertices * np.nan, triangles, marks)
    with pytest.raises(ValueError, match="expected one of mm, cm, m"):
        scan_to_mesh(scan, marks, vertices, triangles, marks, metrical=True, unit="inch")
    assert scan_to_mesh(scan, marks, vertices, triangles, marks[None]).mean > 0  # (1, 7, 3) is a layout in use
