from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lightning_modules.focus.evaluation import FocusEvaluation
from lightning_modules.focus.evaluation_summary import summarise_subsets
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.mask_columns import MASK_COLUMNS, own_mask
from seethrough.fitting import skin_colour_mask
from seethrough.metrics import mask_scores, scan_to_mesh
from tests.lightning_modules.focus.conftest import synthetic_batch


@pytest.fixture
def focus(focus_config):
    torch.manual_seed(0)
    return FocusModule(focus_config).eval().focus


@pytest.fixture
def evaluation(focus, focus_config) -> FocusEvaluation:
    return FocusEvaluation(focus, focus_config.face_model.source, threshold=0.03)


def twin_batch(source: str) -> dict:
    """Two people, each without and with a square before the face; the second pair is out of distribution."""
    batch = synthetic_batch(4, source=source)
    batch["identity"] = torch.tensor([0, 0, 1, 1])
    batch["truth"]["twin"] = ["0-1", "0-0", "0-3", "0-2"]
    batch["truth"]["subset"] = ["clean", "occluded", "ood_clean", "ood_occluded"]
    return batch


def test_one_row_an_image_with_all_columns(evaluation, focus_config):
    batch = twin_batch(focus_config.face_model.source)
    evaluation.update(batch)
    evaluation.update(batch)  # an image that comes twice counts once
    rows = evaluation.rows()
    assert rows["id"].tolist() == ["0-0", "0-1", "0-2", "0-3"]
    assert rows["twin"].tolist() == batch["truth"]["twin"]
    assert rows["subset"].tolist() == batch["truth"]["subset"]
    assert rows["occluder_name"].tolist() == ["none", "square"] * 2
    assert set(MASK_COLUMNS) <= rows.keys()
    yaw = batch["truth"]["parameters"]["rotation"][:, 1].numpy() * 180 / math.pi
    assert rows["yaw_deg"] == pytest.approx(yaw)
    assert rows["shape_error_mm"] == pytest.approx(rows["vertex_error_mm"].mean(1), rel=1e-5)
    # the zero-initialised head predicts the mean face
    assert rows["shape_error_mm"] == pytest.approx(rows["mean_face_error_mm"], abs=1e-4)
    assert rows["shape_error_rigid_mm"] == pytest.approx(rows["mean_face_error_rigid_mm"], abs=1e-4)
    assert (rows["random_identity_error_mm"] > 0).all()
    assert np.isnan(rows["shape_error_misfit_prior_mm"]).all()
    share = 1 - (batch["mask"].sum((1, 2, 3)) / batch["truth"]["full_face"].sum((1, 2, 3))).numpy()
    assert rows["occluded_share"] == pytest.approx(share, abs=1e-6) and share[1] > 0.05


def test_out_of_distribution_stays_apart(evaluation, focus_config):
    evaluation.update(twin_batch(focus_config.face_model.source))
    summary = evaluation.summary()
    images = {name: subset["images"] for name, subset in summary.items()}
    assert images == {
        "overall": 2,
        "unoccluded": 1,
        "unoccluded_frontal": 1,
        "occluded": 1,
        "square": 1,
        "out_of_distribution": 2,
    }


def test_misfit_prior_is_scored_beside_the_plain_shape(evaluation, focus, focus_config):
    batch = synthetic_batch(4, source=focus_config.face_model.source)
    model = focus.full_model
    error = (model.mean - model.shape(batch["truth"]["parameters"]["identity"])[0]).detach()
    focus.set_misfit_prior(error, None)
    evaluation.update(batch)
    rows = evaluation.rows()
    # the prior is exactly what the mean face lacks of the first person
    assert rows["shape_error_misfit_prior_mm"][0] == pytest.approx(0, abs=1e-3)
    assert rows["shape_error_mm"][0] > 0.1
    overall = evaluation.summary()["overall"]
    gain = (rows["shape_error_mm"] - rows["shape_error_misfit_prior_mm"]).mean()
    assert overall["misfit_prior_gain_mm"] == pytest.approx(gain, rel=1e-5)
    assert overall["shape_error_mean_misfit_prior_mm"] == pytest.approx(
        rows["shape_error_misfit_prior_mm"].mean(), rel=1e-5
    )


def test_skin_colour_is_a_row_of_its_own(evaluation, focus_config):
    batch = synthetic_batch(4, source=focus_config.face_model.source)
    evaluation.update(batch)
    expected = mask_scores(skin_colour_mask(batch["image"]), batch["mask"], batch["truth"]["full_face"])["f1"]
    assert evaluation.rows()["skin_fixed_f1"] == pytest.approx(expected.numpy(), abs=1e-6, nan_ok=True)


def test_the_mask_of_a_run_without_a_network(focus, focus_config):
    assert [own_mask(name, False) for name in ("none", "truth", "skin", "preliminary")] == [
        "all_face",
        "all_face",
        "skin",
        "preliminary",
    ]
    assert own_mask("truth", True) == "segmentation"
    for name, same in (("all_face", "all_face"), ("skin", "skin"), ("preliminary", "preliminary")):
        evaluation = FocusEvaluation(focus, focus_config.face_model.source, 0.03, name)
        evaluation.update(synthetic_batch(4, source=focus_config.face_model.source))
        rows = evaluation.rows()
        assert rows["mask_own_f1"] == pytest.approx(rows[f"{same}_own_f1"], nan_ok=True), name


def test_twins_are_compared_where_both_show_the_face(evaluation, focus_config):
    batch = twin_batch(focus_config.face_model.source)
    evaluation.update(batch)
    together = evaluation.rows()["image_rmse_shared_region"]
    evaluation.reset()
    for row in range(4):  # a picture waits for its twin
        evaluation.update(single(batch, row))
    assert np.isfinite(together).all()
    assert evaluation.rows()["image_rmse_shared_region"] == pytest.approx(together, rel=1e-5)


def single(batch: dict, row: int) -> dict:
    return {
        key: single(value, row) if isinstance(value, dict) else value[row : row + 1] for key, value in batch.items()
    }


def photos(subsets: list[str]) -> dict:
    batch = synthetic_batch(len(subsets))
    del batch["truth"], batch["identity"]
    return batch | {"subset": subsets}


def test_photos_without_truth(evaluation):
    batch = photos(["", "", ""])
    del batch["mask"]
    evaluation.update(batch)
    summary = evaluation.summary()
    assert set(summary) == {"overall"}
    assert summary["overall"]["landmark_error_px"] > 0 and math.isnan(summary["overall"]["mask_f1"])
    assert summary["overall"]["landmark_error_mean_face_px"] > 0


def test_landmarks_of_the_mean_face_are_a_yardstick_that_it_meets_itself(evaluation):
    batch = photos(["", ""])
    focus = evaluation._held[0]
    mean = focus.full_model.mean[focus.full_model.landmarks]
    batch["landmarks"] = (
        (0.2 * mean[:, :2] * torch.tensor([1.0, -1.0]) + focus.image_size / 2).expand(2, -1, -1).clone()
    )
    batch["landmarks"][1, :34] += 3
    evaluation.update(batch)
    error = evaluation.rows()["landmark_error_mean_face_px"]
    resting = evaluation.rows()["landmark_error_resting_face_px"]
    assert (resting > error).all(), "nothing turns or moves it"
    assert error[0] < 1e-2 < 1 < error[1] < 3 * 2**0.5 * 224 / focus.image_size


def test_photos_are_parted_as_their_data_set_says(evaluation):
    batch = photos(["occluded", "unoccluded", "", "Sun-glasses"])
    evaluation.update(batch)
    summary = evaluation.summary()
    images = {name: scores["images"] for name, scores in summary.items()}
    assert images == {"overall": 4, "occluded": 1, "unoccluded": 1, "sun_glasses": 1}
    rows = evaluation.rows()
    row = rows["subset"].tolist().index("Sun-glasses")
    assert summary["sun_glasses"]["mask_f1"] == pytest.approx(rows["mask_own_f1"][row], nan_ok=True)
    assert np.isfinite(rows["mask_own_acc"]).all() and np.isnan(rows["mask_fixed_acc"]).all()


def test_nothing_is_kept_of_shapes_that_nobody_knows(evaluation, recwarn):
    evaluation.update(photos(["", "selfie"]))
    rows = evaluation.rows()
    assert all(values.ndim == 1 for values in rows.values())
    assert not {"shape_error_mm", "vertex_error_mm", "mean_face_error_mm"} & rows.keys()
    assert not any("shape" in key or "skill" in key for scores in evaluation.summary().values() for key in scores)
    assert all(table.rows()["index"].numel() == 0 for table in evaluation._vertices.values())
    assert not [str(warning.message) for warning in recwarn if "compute" in str(warning.message)]


def test_soft_masks_are_those_of_the_released_code(evaluation, focus_config):
    batch = synthetic_batch(4, source=focus_config.face_model.source)
    evaluation.update(batch)
    plain = evaluation.rows()
    soft = evaluation.with_columns(soft_masks=True)
    prediction = soft.update(batch)
    rows = soft.rows()
    assert {name: rows[name].tolist() for name in ("mask_own_f1", "all_face_own_f1")} == {
        name: plain[name].tolist() for name in ("mask_own_f1", "all_face_own_f1")
    }
    assert not any(name.endswith("_soft") for name in plain)
    mask, true, region = (each[1, 0] for each in (prediction.mask, batch["mask"], prediction.rendering.mask))
    hit, false = float((mask * true).sum()), float((mask * region * (1 - true)).sum())
    missed, right = float(((1 - mask) * true * region).sum()), float(((1 - mask) * (1 - true) * region).sum())
    hit, false, missed, right = (max(area, 1.0) for area in (hit, false, missed, right))
    assert rows["mask_own_acc_soft"][1] == pytest.approx((hit + right) / (hit + right + false + missed), rel=1e-5)
    assert rows["mask_own_f1_soft"][1] == pytest.approx(2 * hit / (2 * hit + false + missed), rel=1e-5)
    overall = soft.summary()["overall"]
    assert overall["mask_f1_soft"] == pytest.approx(np.nanmean(rows["mask_own_f1_soft"]), rel=1e-6)
    assert overall["mask_f1_std_soft"] == pytest.approx(np.nanstd(rows["mask_own_f1_soft"]), rel=1e-5)


def test_now_error_of_true_neutral_meshes(evaluation, focus, focus_config):
    batch = twin_batch(focus_config.face_model.source)
    batch["truth"]["parameters"]["identity"][1] = batch["truth"]["parameters"]["identity"][0]
    now = evaluation.with_columns(now=True)
    now.update(batch)
    rows, model = now.rows(), focus.full_model
    marks, mean = model.now_landmarks.numpy(), model.mean.double().numpy()
    pooled = []
    for row, identity in enumerate(batch["truth"]["parameters"]["identity"]):
        true = model.shape(identity[None])[0].double().numpy()
        # the zero-initialised head predicts the mean face
        result = scan_to_mesh(true, true[marks], mean, model.triangles.numpy(), mean[marks])
        values = (rows["now_error_median_mm"][row], rows["now_error_mean_mm"][row], rows["now_error_std_mm"][row])
        assert values == pytest.approx((result.median, result.mean, result.std), abs=1e-4)
        assert rows["now_error_mean_face_mm"][row] == pytest.approx(result.mean, abs=1e-4)
        pooled += [result.distances] * (row < 2)  # the others are out of distribution
    summary = now.summary()
    points = np.concatenate(pooled)
    for key, value in (("median", np.median(points)), ("mean", points.mean()), ("std", points.std())):
        assert summary["overall"][f"now_error_{key}_mm"] == pytest.approx(value, abs=1e-4)
    assert summary["occluded"]["twin_now_error_mean_mm"] == pytest.approx(0, abs=1e-6)  # one person, one prediction
    assert summary["overall"]["now_skill_over_mean_face"] == pytest.approx(0, abs=1e-5)
    assert math.isnan(summary["overall"]["now_error_mean_misfit_prior_mm"])
    evaluation.update(batch)
    assert not any("now" in key for key in evaluation.summary()["overall"])


def rows_of(count: int) -> dict[str, np.ndarray]:
    """Occluded and clean pictures of ``count`` people, one pair each; the occluder costs 0.1 mm and 0.5 of RMSE."""
    rng = np.random.default_rng(0)
    rows = {name: np.full(2 * count, 0.5) for name in MASK_COLUMNS}
    pairs = np.arange(count).repeat(2)
    occluder = np.tile([0, 2], count)
    base = rng.normal(1.5, 0.3, count).repeat(2)
    rows |= {
        "id": np.array([f"a-{n}" for n in range(2 * count)]),
        "twin": np.array([f"a-{n ^ 1}" for n in range(2 * count)]),
        "subset": np.where(occluder > 0, "occluded", "clean"),
        "occluder": occluder,
        "occluder_name": np.where(occluder > 0, "hand", "none"),
        "identity": pairs // 2,
        "yaw_deg": np.linspace(-60, 60, 2 * count),
        "shape_error_mm": base + 0.1 * (occluder > 0),
        "image_rmse_shared_region": 10 + 0.5 * (occluder > 0),
    }
    zero = ("image_rmse", "landmark_error_px", "occluded_share", "rendered_area_ratio", "shape_error_rigid_mm")
    zero += ("shape_error_misfit_prior_mm", "random_identity_error_mm")
    rows |= dict.fromkeys(zero, np.zeros(2 * count))
    rows |= {"mean_face_error_mm": np.full(2 * count, 2.0), "mean_face_error_rigid_mm": np.full(2 * count, 2.0)}
    vertices = ("vertex_error_mm", "vertex_error_rigid_mm", "vertex_error_misfit_prior_mm")
    return rows | {name: np.ones((2 * count, 3)) for name in vertices}


def test_what_an_occluder_costs():
    summary = summarise_subsets(rows_of(40))
    for subset in ("overall", "occluded", "hand"):
        assert summary[subset]["twin_pairs"] == 40
        for key, cost in (("twin_shape_error_mm", 0.1), ("twin_image_rmse", 0.5)):
            values = [summary[subset][f"{key}{suffix}"] for suffix in ("", "_low", "_high")]
            assert values == pytest.approx([cost] * 3, abs=1e-6)
    assert summary["unoccluded"]["twin_pairs"] == 0
    assert summary["overall"]["people"] == 20
    assert summary["unoccluded_frontal"]["images"] == 20


def test_rows_file_holds_one_value_an_image_and_no_pickles(tmp_path):
    from experiments.evaluation.row_files import write_rows

    rows = rows_of(5)
    write_rows(tmp_path / "deep" / "rows.npz", rows, "pool-a")
    with np.load(tmp_path / "deep" / "rows.npz", allow_pickle=False) as written:
        assert set(written.files) == {name for name, values in rows.items() if values.ndim == 1} | {"set"}
        assert set(written["set"].tolist()) == {"pool-a"}
        assert written["twin"].tolist() == rows["twin"].tolist()
        assert written["shape_error_mm"] == pytest.approx(rows["shape_error_mm"])


def test_pictures_of_a_run_that_learned_from_true_masks_need_none(focus_config):
    focus_config.mask = "truth"
    module = FocusModule(focus_config).eval()
    batch = photos([""])
    del batch["mask"]
    rendered = module.focus.predict(batch["image"]).rendering.mask
    strip = module.pictures(batch)["reconstruction"]
    assert torch.equal(strip[:, :, :, -rendered.shape[3] :], rendered.expand(-1, 3, -1, -1))
