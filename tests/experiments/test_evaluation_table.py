from __future__ import annotations

import io

import torch
from rich.console import Console

from experiments.evaluation_table import evaluation_table, occluder_table
from lightning_modules.focus.evaluation import MASK_SCORES, MASKS, REGIONS, summarise

NAN = float("nan")


def rows(count: int, **changes: float) -> dict[str, torch.Tensor]:
    columns = {f"{mask}_{region}_{score}": 0.5 for mask in MASKS for region in REGIONS for score in MASK_SCORES}
    columns |= {
        "image_rmse": 12.0,
        "landmark_error_px": 3.0,
        "rigid_error": 1.5,
        "mean_face_error": 2.0,
        "mean_face_rigid_error": 3.0,
    }
    table = {name: torch.full((count,), changes.get(name, value)) for name, value in columns.items()}
    table["shape_error"] = torch.full((count, 7), changes.get("shape_error", 1.6))
    return table


def text(table) -> str:
    console = Console(file=io.StringIO(), width=110)
    console.print(table)
    return console.file.getvalue()


def test_skill_and_gain_come_from_the_rows():
    summary = summarise(rows(20, mask_own_f1=0.9, all_face_own_f1=0.8))
    assert abs(summary["skill_over_mean_face"] - 0.2) < 1e-6
    assert abs(summary["skill_over_mean_face_rigid"] - 0.5) < 1e-6
    assert abs(summary["mask_f1_gain"] - 0.1) < 1e-6
    assert abs(summary["shape_error_median_mm"] - 1.6) < 1e-6
    assert summary["images"] == 20


def test_table_shows_baselines_beside_the_result():
    summary = {name: summarise(rows(4, mask_own_f1=0.9)) for name in ("overall", "unoccluded", "occluded", "hand")}
    printed = text(evaluation_table(summary, "a run"))
    for expected in ("unoccluded (4 images)", "everything is face", "0.900", "mean face", "+0.200"):
        assert expected in printed, expected
    classes = text(occluder_table(summary))
    assert "hand" in classes and "unoccluded" not in classes


def test_what_data_do_not_know_is_left_out():
    unknown = rows(4, shape_error=NAN, mean_face_error=NAN, rigid_error=NAN, mean_face_rigid_error=NAN)
    summary = {"overall": summarise(unknown)}
    printed = text(evaluation_table(summary, "photos"))
    assert "skill" not in printed and "landmark error" in printed
    assert occluder_table(summary) is None
