from __future__ import annotations

import io

import numpy as np
from rich.console import Console

from experiments.evaluation.focus_table import evaluation_table, occluder_table
from lightning_modules.focus.evaluation_summary import summarise
from lightning_modules.focus.mask_columns import MASK_COLUMNS

NAN = float("nan")


def rows(count: int, **changes: float) -> dict[str, np.ndarray]:
    columns = dict.fromkeys(MASK_COLUMNS, 0.5) | {
        "identity": 1,
        "image_rmse": 12.0,
        "landmark_error_px": 3.0,
        "landmark_error_mean_face_px": 6.25,
        "landmark_error_resting_face_px": 9.75,
        "occluded_share": 0.1,
        "rendered_area_ratio": 1.0,
        "shape_error_mm": 1.6,
        "shape_error_rigid_mm": 1.5,
        "shape_error_misfit_prior_mm": NAN,
        "mean_face_error_mm": 2.0,
        "mean_face_error_rigid_mm": 3.0,
        "random_identity_error_mm": 2.5,
    }
    table = {name: np.full(count, changes.get(name, value)) for name, value in columns.items()}
    table["identity"] = np.arange(count) // 2
    for name in ("error", "error_rigid", "error_misfit_prior"):
        table[f"vertex_{name}_mm"] = np.repeat(table[f"shape_{name}_mm"][:, None], 7, axis=1)
    return table


def text(table) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(table)
    return console.file.getvalue()


def test_skill_and_gain_come_from_the_rows():
    summary = summarise(rows(20, mask_own_f1=0.9, all_face_own_f1=0.8))
    assert abs(summary["skill_over_mean_face"] - 0.2) < 1e-6
    assert abs(summary["skill_over_mean_face_rigid"] - 0.5) < 1e-6
    assert abs(summary["mask_f1_gain"] - 0.1) < 1e-6
    assert abs(summary["shape_error_median_mm"] - 1.6) < 1e-6
    assert summary["images"] == 20 and summary["people"] == 10


def test_table_shows_baselines_beside_the_result():
    names = ("overall", "unoccluded", "unoccluded_frontal", "occluded", "hand", "out_of_distribution")
    summary = {name: summarise(rows(4, mask_own_f1=0.9)) for name in names}
    printed = text(evaluation_table(summary, "a run"))
    expected = ("unoccluded ", "out of distribution ", "(4 images)", "everything is face", "0.900", "+0.200", "skin")
    for part in expected:
        assert part in printed, part
    assert "misfit prior" not in printed  # this run has none
    assert max(map(len, printed.splitlines())) <= 120 and "…" not in printed
    assert "twins" not in printed
    adapted = " ".join(text(evaluation_table(summary, "a run", adapted=True)).split())
    assert "unoccluded twins" in adapted and "out of distribution, where there are any" in adapted
    classes = text(occluder_table(summary))
    assert "hand" in classes and "unoccluded" not in classes and "distribution" not in classes


def test_what_data_do_not_know_is_left_out():
    unknown = dict.fromkeys(("shape_error_mm", "shape_error_rigid_mm", "mean_face_error_mm"), NAN)
    unknown |= dict.fromkeys(("mean_face_error_rigid_mm", "random_identity_error_mm"), NAN)
    summary = {"overall": summarise(rows(4, **unknown))}
    printed = text(evaluation_table(summary, "photos"))
    assert "skill" not in printed and "landmark error" in printed
    assert "mean face, posed by the landmarks" in printed and "6.25" in printed  # the yardsticks of photos
    assert "mean face, straight ahead" in printed and "9.75" in printed
    assert occluder_table(summary) is None


def photo_rows(count: int) -> dict[str, np.ndarray]:
    return {name: values for name, values in rows(count).items() if "shape" not in name and "face_error" not in name}


def test_columns_are_the_subsets_that_photos_have():
    summary = {name: summarise(photo_rows(3)) for name in ("overall", "glasses", "scarf")}
    printed = text(evaluation_table(summary, "AR"))
    assert all(name in printed for name in ("overall", "glasses", "scarf")) and "shape error" not in printed
    assert occluder_table(summary) is None
    # those of CelebA-HQ have the names of synthetic ones, and the whole test set holds more than the two
    summary = {name: summarise(photo_rows(3)) for name in ("overall", "unoccluded", "occluded")}
    assert "overall" in text(evaluation_table(summary, "CelebA-HQ"))
    challenges = ("multiview_neutral", "multiview_expressions", "multiview_occlusions", "selfie")
    summary = {name: summarise(photo_rows(3)) for name in ("overall", *challenges)}
    assert "selfie" not in text(evaluation_table(summary, "NoW"))
    classes = text(occluder_table(summary))
    assert "By subset" in classes and all(name in classes for name in challenges) and "overall" not in classes


def test_what_was_asked_for_is_in_the_table():
    columns = rows(4) | {
        "now_error_mean_mm": np.full(4, 1.1),
        "now_error_mean_face_mm": np.full(4, 1.4),
        "now_error_misfit_prior_mm": np.full(4, NAN),
        "now_distance_mm": np.array([[1.0, 2.0, 3.0, NAN]] * 4),
        "now_distance_misfit_prior_mm": np.zeros((4, 0)),
    }
    for name in ("mask", "all_face"):
        columns |= {f"{name}_own_{score}_soft": np.full(4, 0.77) for score in ("acc", "ppv", "tpr", "f1")}
    printed = text(evaluation_table({"overall": summarise(columns)}, "a run"))
    assert "2.000 2.000 0.816" in printed and "1.400" in printed and "0.770" in printed
    cost = {"twin_now_error_mean_mm": 0.1, "twin_now_error_mean_mm_low": -0.2, "twin_now_error_mean_mm_high": 0.4}
    names = ("unoccluded", "occluded", "out_of_distribution")
    printed = text(evaluation_table({name: summarise(columns) | cost for name in names}, "a run"))
    assert printed.count("+0.100 [-0.200, +0.400]") == 3 and "…" not in printed  # no bound is cut off
