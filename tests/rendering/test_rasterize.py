"""Coverage: known answers, conservation, the brute-force oracle, metamorphic relations."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seethrough.rendering.backends.cpu import CpuBackend
from tests.rendering.meshes import grid_mesh, pixels_to_clip, random_triangles
from tests.rendering.oracle import barycentrics, visible_ids

CPU = CpuBackend(threads=1)
ONE = torch.tensor([[0, 1, 2]], dtype=torch.int32)


def ids_of(clip: torch.Tensor, triangles: torch.Tensor, height: int, width: int, cull: bool = False) -> torch.Tensor:
    return CPU.rasterize(clip, triangles, height, width, cull)[..., 3].long() - 1


def test_one_triangle_on_an_eight_pixel_grid() -> None:
    # right angle at (1, 1), legs of 5 px: pixel (x, y) is inside if x, y >= 1 and (x + .5 - 1) + (y + .5 - 1) < 5;
    # on the hypotenuse, x + y = 6, the edge is half open
    clip = pixels_to_clip(torch.tensor([[1.0, 1.0], [6.0, 1.0], [1.0, 6.0]]), 8, 8)
    rows = ["........", ".#####..", ".####...", ".###....", ".##.....", ".#......", "........", "........"]
    exact = torch.tensor([[c == "#" for c in row] for row in rows])
    seen = ids_of(clip, ONE, 8, 8)[0] == 0
    diagonal = torch.tensor([[x + y == 6 and 1 <= x <= 5 for x in range(8)] for y in range(8)])
    assert torch.equal(seen & ~diagonal, exact & ~diagonal)
    assert len(set(seen[diagonal].tolist())) == 1  # all centres on one edge share one answer
    # the triangle on the other side of the hypotenuse owns exactly the rest of the square
    both = torch.cat([clip, pixels_to_clip(torch.tensor([[6.0, 6.0]]), 8, 8)], 1)
    other = ids_of(both, torch.tensor([[1, 3, 2]]), 8, 8)[0] == 0
    assert not (seen & other).any()
    assert (seen | other).sum() == 25


def test_row_zero_is_y_minus_one() -> None:
    clip = torch.tensor([[[-1.0, -1.0, 0.0, 1.0], [1.0, -1.0, 0.0, 1.0], [-1.0, -0.5, 0.0, 1.0]]])
    rows = (ids_of(clip, ONE, 8, 8)[0] >= 0).any(1)
    assert rows.tolist() == [True, True] + [False] * 6


def test_perspective_correct_weights_at_one_pixel() -> None:
    # The edge from (0, 2) with w = 1 to (4, 2) with w = 3 passes the centre of pixel (1, 1) + the third corner's share.
    # At screen fractions s_i the weights are s_i / w_i, normalised: s = (.375, .375, .25) at the centre (1.5, 1.5).
    points = torch.tensor([[0.0, 2.0], [4.0, 2.0], [0.0, 0.0]])
    clip = pixels_to_clip(points, 4, 4, w=torch.tensor([1.0, 3.0, 2.0]))
    rast = CPU.rasterize(clip, ONE, 4, 4)
    screen = torch.tensor([0.375, 0.375, 0.25])
    weights = screen / torch.tensor([1.0, 3.0, 2.0])
    weights = weights / weights.sum()
    assert rast[0, 1, 1, 3] == 1
    torch.testing.assert_close(rast[0, 1, 1, :2], weights[:2])


def test_depth_decides_and_the_later_triangle_wins_a_tie() -> None:
    points = torch.tensor([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]]).repeat(3, 1)
    triangles = torch.arange(9).view(3, 3)
    for depths, winner in (([0.5, 0.1, 0.3], 1), ([0.1, 0.1, 0.3], 1), ([0.2, 0.2, 0.2], 2)):
        clip = pixels_to_clip(points, 8, 8, torch.tensor(depths).repeat_interleave(3))
        assert ids_of(clip, triangles, 8, 8)[0, 1, 1] == winner


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("behind", [[0.0, 0.0, 0.0, -1.0], [1.0, 0.0, 0.0, -1.0], [0.0, 1.0, 0.0, -1.0]]),
        ("left", [[-3.0, 0.0, 0.0, 1.0], [-2.0, 0.0, 0.0, 1.0], [-2.0, 1.0, 0.0, 1.0]]),
        ("too near", [[0.0, 0.0, -2.0, 1.0], [1.0, 0.0, -2.0, 1.0], [0.0, 1.0, -2.0, 1.0]]),
        ("too far", [[0.0, 0.0, 2.0, 1.0], [1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 2.0, 1.0]]),
        ("no area", [[0.0, 0.0, 0.0, 1.0], [0.5, 0.5, 0.0, 1.0], [1.0, 1.0, 0.0, 1.0]]),
        ("nan", [[0.0, 0.0, 0.0, 1.0], [1.0, float("nan"), 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]]),
        ("infinite", [[0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0], [0.0, float("inf"), 0.0, 1.0]]),
        ("no depth", [[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]),
    ],
)
def test_triangles_that_no_pixel_sees(name: str, points: list[list[float]]) -> None:
    clip = torch.tensor([points], requires_grad=True)
    rast = CPU.rasterize(clip, ONE, 8, 8)
    assert not rast.any()
    rast.sum().backward()
    assert not clip.grad.any()


def test_culling_keeps_what_runs_counter_clockwise_as_shown() -> None:
    clip = pixels_to_clip(torch.tensor([[1.0, 1.0], [1.0, 7.0], [7.0, 7.0]]), 8, 8)  # down, then right: to the viewer
    assert torch.equal(ids_of(clip, ONE, 8, 8, cull=True), ids_of(clip, ONE, 8, 8))
    assert (ids_of(clip, ONE[:, [0, 2, 1]], 8, 8, cull=True) == -1).all()
    assert torch.equal(ids_of(clip, ONE[:, [0, 2, 1]], 8, 8), ids_of(clip, ONE, 8, 8))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), snapped=st.booleans(), backwards=st.booleans())
def test_every_pixel_of_a_plane_is_covered_exactly_once(seed: int, snapped: bool, backwards: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    size = 24
    points, triangles = grid_mesh(7, 7)
    jitter = (torch.rand(points.shape, generator=generator) - 0.5) * 0.6 / 7
    inner = ((points > 0.01) & (points < 0.99)).all(1, keepdim=True)
    points = (points + jitter * inner) * (size + 8) - 4
    if snapped:
        points = (points * 2).round() / 2  # pixel centres on corners and edges all over
    clip = pixels_to_clip(points, size, size, w=1 + torch.rand(len(points), generator=generator))
    if backwards:
        triangles = triangles[:, [0, 2, 1]]
    ids = ids_of(clip, triangles, size, size)
    assert (ids >= 0).all()
    # each pixel belongs to one triangle only: drawn alone, the areas add up, and the order of drawing means nothing
    alone = torch.stack([ids_of(clip, t[None], size, size)[0] == 0 for t in triangles])
    assert (alone.sum(0) == 1).all()
    flipped = ids_of(clip, triangles.flip(0), size, size)
    assert torch.equal(len(triangles) - 1 - flipped, ids)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 200),
    cull=st.booleans(),
    size=st.sampled_from([(32, 32), (17, 29)]),
)
def test_equals_the_brute_force_oracle(seed: int, count: int, cull: bool, size: tuple[int, int]) -> None:
    clip, triangles = random_triangles(count, *size, seed)
    rast = CPU.rasterize(clip, triangles, *size, cull)[0]
    expected = visible_ids(clip[0], triangles, *size, cull)
    ids = rast[..., 3].long() - 1
    # two sheets at the same depth up to rounding may swap; nothing else may differ
    assert (ids != expected).sum() <= 1
    u, v, z = barycentrics(clip[0].double(), triangles, ids)
    inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (ids >= 0)
    for channel, value in enumerate((u, v, z)):
        torch.testing.assert_close(rast[..., channel][inside].double(), value[inside], atol=2e-6, rtol=0)
    assert (rast[..., :2] >= 0).all()
    assert (rast[..., :2].sum(-1) <= 1 + 1e-6).all()


def test_a_triangle_through_the_near_plane_is_cut_not_lost() -> None:
    # A ground plane from under the camera to far ahead: everything below the horizon is covered, nothing above.
    from seethrough.rendering import Camera

    camera = Camera(focal=16.0, height=32, width=32, near=10.0, far=1e6)
    ground = torch.tensor([[[-1e5, 20.0, -500.0], [1e5, 20.0, -500.0], [1e5, 20.0, 1e5], [-1e5, 20.0, 1e5]]])
    clip = camera.clip(ground)
    rast = CPU.rasterize(clip, torch.tensor([[0, 1, 2], [0, 2, 3]]), 32, 32)[0]
    seen = rast[..., 3] > 0
    assert not seen[:16].any()
    assert seen[17:].all()
    # depth of a ground point seen at row y is f * 20 / (y + .5 - 16), wherever its triangle was cut
    z = CPU.interpolate(ground[..., 2:].contiguous(), rast[None], torch.tensor([[0, 1, 2], [0, 2, 3]]))[0, ..., 0]
    rows = torch.arange(17, 32)
    torch.testing.assert_close(z[17:], (16 * 20 / (rows + 0.5 - 16))[:, None].expand(15, 32), rtol=1e-2, atol=0.0)


@given(seed=st.integers(0, 10**6), dx=st.integers(-5, 5), dy=st.integers(-5, 5))
@settings(max_examples=20)
def test_moving_by_whole_pixels_moves_the_picture(seed: int, dx: int, dy: int) -> None:
    points = torch.rand(30, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 20 + 6
    points = (points * 64).round() / 64
    triangles = torch.arange(30).view(10, 3)
    depth = torch.linspace(-0.5, 0.5, 30, dtype=torch.float64)
    first = ids_of(pixels_to_clip(points, 32, 32, depth).float(), triangles, 32, 32)[0]
    moved = points + torch.tensor([dx, dy])
    second = ids_of(pixels_to_clip(moved, 32, 32, depth).float(), triangles, 32, 32)[0]
    assert torch.equal(first.roll((dy, dx), (0, 1)), second)


@given(seed=st.integers(0, 10**6), power=st.integers(-8, 8))
@settings(max_examples=20)
def test_homogeneous_scale_and_triangle_order_mean_nothing(seed: int, power: int) -> None:
    clip, triangles = random_triangles(40, 24, 24, seed)
    rast = CPU.rasterize(clip, triangles, 24, 24)
    torch.testing.assert_close(CPU.rasterize(clip * 2.0**power, triangles, 24, 24), rast, rtol=0, atol=0)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(seed))
    shuffled = ids_of(clip, triangles[order], 24, 24)
    back = torch.where(shuffled >= 0, order[shuffled.clamp_min(0)], -1)
    # one triangle may come twice in the list, with equal depth: compare what is seen, not its number
    ids = rast[..., 3].long() - 1
    same = (back == ids) | (triangles[back.clamp_min(0)].sort(-1)[0] == triangles[ids.clamp_min(0)].sort(-1)[0]).all(-1)
    assert same.all()


def test_mirroring_the_scene_mirrors_the_picture() -> None:
    clip, triangles = random_triangles(60, 32, 32, seed=3)
    mirrored = clip * torch.tensor([-1.0, 1.0, 1.0, 1.0])
    agree = ids_of(clip, triangles, 32, 32).flip(2) == ids_of(mirrored, triangles, 32, 32)
    assert agree.float().mean() > 0.97  # the fill rule and the rounding to 1/16 px are one-sided
