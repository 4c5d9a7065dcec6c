"""The embedded open face model: what it must hold, and that its geometry is sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel
from seethrough.morphable.open_model import load_open_model, open_model_path

LEVELS = (0, 1)
# The landmark on the other side, written out: jaw, brows, nose bridge, nostrils, eyes, outer and inner lips.
JAW_TO_NOSE = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31]
EYES = [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
MOUTH = [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
OTHER_SIDE = JAW_TO_NOSE + EYES + MOUTH
FLIP = torch.tensor([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def models() -> dict[int, FaceModel]:
    return {level: load_open_model(level) for level in LEVELS}


@pytest.fixture(scope="module", params=LEVELS)
def model(request, models) -> FaceModel:
    return models[request.param]


def triangle_normals(vertices: torch.Tensor, triangles: torch.Tensor) -> torch.Tensor:
    a, b, c = (vertices[..., triangles[:, k].long(), :] for k in range(3))
    return torch.linalg.cross(b - a, c - a) / 2


def test_it_is_as_large_as_promised(models):
    default = load_open_model()
    assert default.vertex_count >= 10_000
    sizes = default.sizes
    assert sizes.identity >= 80 and sizes.expression >= 50 and sizes.albedo >= 30
    assert models[0].vertex_count < 3_500 and models[0].sizes == sizes
    assert open_model_path().stat().st_size <= 12_000_000
    names = {"face", "skin", "lips", "eyes", "brows", "nose", "cheeks", "forehead", "chin"}
    assert names <= set(default.regions)


def test_levels_share_their_first_vertices(models):
    coarse, fine = models[0], models[1]
    count = coarse.vertex_count
    assert torch.allclose(fine.mean[:count], coarse.mean, atol=1e-4)
    assert torch.allclose(fine.identity_basis[:, :count], coarse.identity_basis, atol=1e-4)
    assert torch.allclose(fine.expression_basis[:, :count], coarse.expression_basis, atol=1e-4)
    assert torch.equal(fine.albedo_basis[:, :count], coarse.albedo_basis)
    assert torch.equal(fine.landmarks, coarse.landmarks)
    assert torch.equal(fine.mirror[:count], coarse.mirror)


def test_mean_face_has_human_measures(model):
    points = model.mean[model.landmarks]
    assert 60 < float((points[42:48].mean(0) - points[36:42].mean(0)).norm()) < 65
    low, high = model.mean.amin(0), model.mean.amax(0)
    assert torch.allclose(low[0], -high[0], atol=1e-3) and 135 < float(high[0] - low[0]) < 160
    assert float(points[36:48, 2].mean().abs()) < 8
    assert points[30, 2] == points[:, 2].max()  # the tip of the nose is in front


def test_mirror_map_is_an_involution_that_mirrors(model):
    everyone = torch.arange(model.vertex_count)
    assert torch.equal(model.mirror[model.mirror], everyone)
    assert float((model.mean[model.mirror] * FLIP - model.mean).norm(dim=1).max()) < 0.05
    assert float((model.albedo_mean[model.mirror] - model.albedo_mean).abs().max()) < 0.02
    assert torch.allclose(
        model.uv[model.mirror], model.uv * torch.tensor([-1.0, 1]) + torch.tensor([1.0, 0]), atol=1e-4
    )
    for weights in model.regions.values():
        assert torch.allclose(weights[model.mirror], weights, atol=0.02)


def test_landmarks_are_distinct_symmetric_and_in_order(model):
    assert len(set(model.landmarks.tolist())) == 68
    assert torch.equal(model.mirror[model.landmarks], model.landmarks[torch.tensor(OTHER_SIDE)])
    assert torch.equal(model.now_landmarks, model.landmarks[torch.tensor([36, 39, 42, 45, 33, 48, 54])])
    x, y = model.mean[model.landmarks, 0], model.mean[model.landmarks, 1]
    assert (x[1:16].diff() > 0).all() and y[8] == y.min()
    assert (x[17:27].diff() > 0).all() and (y[27:31].diff() < 0).all() and (x[31:36].diff() > 0).all()
    assert x[36] < x[37] < x[38] < x[39] < x[42] < x[43] < x[44] < x[45]
    assert (y[37:39] > y[40:42].flip(0)).all() and (x[48:55].diff() > 0).all() and (x[60:65].diff() > 0).all()
    assert y[51] > y[62] > y[66] > y[57] > y[8]


def test_triangles_make_a_clean_surface(model):
    triangles = model.triangles.long()
    areas = triangle_normals(model.mean, triangles).norm(dim=1)
    assert float(areas.min()) > 1e-4
    assert len(torch.unique(triangles.sort(dim=1).values, dim=0)) == len(triangles)
    assert len(torch.unique(triangles)) == model.vertex_count
    sides = torch.cat([triangles[:, [k, (k + 1) % 3]] for k in range(3)])
    assert len(torch.unique(sides, dim=0)) == len(
        sides
    )  # each edge runs once in each direction: two triangles, one winding
    _, uses = torch.unique(sides.sort(dim=1).values, dim=0, return_counts=True)
    assert set(uses.tolist()) == {1, 2}


def test_borders_are_the_rim_and_the_hidden_edges_at_the_eyes(model):
    triangles = model.triangles.long()
    sides = torch.cat([triangles[:, [k, (k + 1) % 3]] for k in range(3)])
    known = {tuple(side) for side in sides.tolist()}
    following = {a: b for b, a in known if (a, b) not in known}
    loops = []
    while following:
        start, loop = next(iter(following)), []
        while start in following:
            loop.append(start)
            start = following.pop(start)
        loops.append(model.mean[torch.tensor(loop)])
    assert len(loops) == 5  # the rim, two eye openings, two eyeballs
    rim = max(loops, key=len)
    turns = torch.nn.functional.cosine_similarity(rim - rim.roll(1, 0), rim.roll(-1, 0) - rim, dim=1)
    assert float(turns.min()) > 0.75  # a smooth line, without stairs


def test_triangles_face_outwards(model):
    normals = triangle_normals(model.mean, model.triangles)
    corners = model.triangles.long()
    outward = model.mean[corners].mean(1) - torch.tensor([0.0, 0.0, -90.0])
    for region in ("forehead", "cheeks", "chin"):
        inside = (model.regions[region] > 0.5)[corners].all(1)
        assert int(inside.sum()) > 50 and ((normals * outward).sum(1)[inside] > 0).all(), region
    eyeball = ((model.regions["eyes"] == 1) & (model.regions["face"] == 0))[corners].all(1)
    for side in (eyeball & (outward[:, 0] > 0), eyeball & (outward[:, 0] < 0)):
        centre = model.mean[corners[side]].mean((0, 1)) - torch.tensor([0.0, 0.0, 12.0])
        assert (((model.mean[corners[side]].mean(1) - centre) * normals[side]).sum(1) > 0).all()


def test_random_faces_do_not_fold(model):
    generator = torch.Generator().manual_seed(1)
    identity = torch.randn(64, model.sizes.identity, generator=generator)
    with torch.no_grad():
        faces = model.shape(identity)
    mean = triangle_normals(model.mean, model.triangles)
    skin = (model.regions["skin"] > 0.5)[model.triangles.long()].all(1)
    cosine = torch.nn.functional.cosine_similarity(triangle_normals(faces, model.triangles), mean[None], dim=2)[:, skin]
    assert float((cosine < 0).float().mean()) < 0.002
    assert float((cosine < 0.7).float().mean()) < 0.02
    offset = (faces - model.mean).norm(dim=2)
    assert 1.8 < float(offset.square().mean().sqrt()) < 3.5 and float(offset.max()) < 20


def test_identity_modes_are_ordered_and_nearly_free_of_rigid_motion(models):
    model = models[0]
    normals = triangle_normals(model.mean, model.triangles).norm(dim=1) / 3
    area = torch.zeros(model.vertex_count).index_add_(
        0, model.triangles.long().reshape(-1), normals.repeat_interleave(3)
    )
    # The builder orders them by a surface whose mouth cavity has no teeth yet; the rest of it is the same.
    area = area * (model.regions["mouth"] < 0.5)
    variance = (model.identity_basis.square().sum(2) * area).sum(1) / area.sum()
    assert (variance[1:] <= variance[:-1] * 1.12).all()
    shift = (model.identity_basis * area[:, None]).sum(1) / area.sum()
    assert float(shift.norm(dim=1).max()) < 0.25


def test_random_colours_are_colours(model):
    generator = torch.Generator().manual_seed(2)
    skin = model.regions["skin"] > 0.5
    assert float(model.albedo_mean.amin()) > 0 and float(model.albedo_mean.amax()) < 1
    colours = model.albedo(torch.randn(256, model.sizes.albedo, generator=generator))[:, skin]
    assert float(((colours < 0) | (colours > 1)).float().mean()) < 0.02
    red, green, blue = colours.mean((0, 1)).tolist()
    assert red > green > blue
    size = model.albedo_basis.square().sum((1, 2))
    assert size[0] > 5 * size[1]  # light and dark skin is the first axis


def test_parts_have_their_colours(model):
    def colour(region: str) -> torch.Tensor:
        return model.albedo_mean[model.regions[region] > 0.9].mean(0)

    skin, lips, brows = colour("skin"), colour("lips"), colour("brows")
    assert lips[0] / lips[1] > 1.2 * skin[0] / skin[1] and brows.mean() < 0.6 * skin.mean()
    inside = model.albedo_mean[model.regions["mouth"] > 0.9].mean(1)
    assert inside.median() < 0.3 * skin.mean() and inside.max() > 1.1 * skin.mean()  # a dark cavity with teeth in it


def test_teeth_stay_with_skull_and_jaw(model):
    teeth = (model.regions["mouth"] > 0.9) & (model.albedo_mean.mean(1) > 0.5)
    opened = torch.einsum("e,evk->vk", model.expression_units["jawOpen"], model.expression_basis)
    upper, lower = (teeth & (opened[:, 1] > -2), teeth & (opened[:, 1] <= -2))
    assert int(upper.sum()) >= 10 and int(lower.sum()) >= 6
    assert float(opened[upper].norm(dim=1).max()) < 0.3 and float(opened[lower, 1].max()) < -15
    assert float(model.mean[upper, 1].mean()) > float(model.mean[lower, 1].mean())
    smile = torch.einsum("e,evk->vk", model.expression_units["mouthSmileLeft"], model.expression_basis)
    assert float(smile[teeth].norm(dim=1).max()) < 0.5
    # Behind the lips of the resting face: nothing of them can poke through.
    lips = model.mean[model.regions["lips"] > 0.9]
    assert float(model.mean[teeth, 2].max()) < float(lips[lips[:, 0].abs() < 8, 2].min())


def test_a_full_smile_leaves_no_fold_beside_the_mouth(models):
    model = models[1]
    units = model.expression_units
    smile = (units["mouthSmileLeft"] + units["mouthSmileRight"])[None]
    smiling = triangle_normals(model.shape(torch.zeros(1, 1), 1.2 * smile)[0], model.triangles)
    cosine = torch.nn.functional.cosine_similarity(smiling, triangle_normals(model.mean, model.triangles), dim=1)
    cheek = (model.regions["cheeks"] > 0.5)[model.triangles.long()].all(1)
    assert float(cosine[cheek].min()) > 0.8


def test_units_do_what_their_names_say(model):
    units = model.expression_units
    assert len(units) >= 50 and "tongueOut" not in units

    def moved(name: str) -> torch.Tensor:
        vertices = model.shape(torch.zeros(1, 1), units[name][None])[0]
        return vertices[model.landmarks] - model.mean[model.landmarks]

    assert float(moved("jawOpen")[8, 1]) < -15 and float(moved("jawOpen")[27].norm()) < 0.5
    assert float(moved("mouthSmileLeft")[54, 1]) > 3 and float(moved("mouthSmileLeft")[36].norm()) < 0.5
    assert float(moved("eyeBlinkLeft")[43:45, 1].mean()) < -5  # the person's left is the viewer's right
    assert float(moved("eyeBlinkLeft")[37:39].norm()) < 0.1
    assert float(moved("browInnerUp")[21, 1]) > 1


def test_left_and_right_units_mirror_each_other(models):
    model = models[0]
    for name, left in model.expression_units.items():
        if not name.endswith("Left") or name in ("jawLeft", "mouthLeft"):
            continue
        right = model.expression_units[name[:-4] + "Right"]
        one, two = (torch.einsum("e,evk->vk", unit, model.expression_basis) for unit in (left, right))
        assert float((two[model.mirror] * FLIP - one).norm(dim=1).max()) < 1.5, name


def test_texture_map_lies_in_the_unit_square_without_folds(model):
    assert float(model.uv.min()) >= 0 and float(model.uv.max()) <= 1
    corners = model.uv[model.triangles.long()]
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    skin = (model.regions["skin"] > 0.5)[model.triangles.long()].all(1)
    assert float((area[skin] > 0).float().mean()) > 0.995


@pytest.mark.parametrize("level", [-1, 4, 9])
def test_levels_that_do_not_exist_are_refused(level):
    with pytest.raises(SeethroughError, match=f"levels 0 to 3, not {level}"):
        load_open_model(level)


def test_bad_files_get_one_line(tmp_path):
    missing, broken, other = tmp_path / "none.npz", tmp_path / "broken.npz", tmp_path / "other.npz"
    broken.write_bytes(open_model_path().read_bytes()[:5000])
    np.savez(other, mean=np.zeros((3, 3)))
    for path, message in ((missing, "missing"), (broken, "not a readable"), (other, "lacks format_version")):
        with pytest.raises(SeethroughError, match=message) as error:
            load_open_model(path=path)
        assert "\n" not in str(error.value)
