from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.report.run_reading import ReadRun, read_run
from experiments.report.score_tables import Group, score_tables
from seethrough.metrics import mean_interval
from tests.experiments.report.folders import add_rows, make_run


def read(folder: Path, name: str, *settings: str) -> ReadRun:
    return read_run(folder / name, name)


@pytest.fixture
def runs(tmp_path: Path) -> list[ReadRun]:
    """Two seeds of one method, one of another; four images of two people."""
    errors = {"a0": [1.0, 1.2, 1.4, 1.6], "a1": [1.2, 1.4, 1.6, 1.8], "b0": [0.5, 0.7, 1.3, 1.5]}
    for name, values in errors.items():
        add_rows(make_run(tmp_path / name, f"seed={name[1]}"), values, people=[0, 0, 1, 1])
    return [read(tmp_path, name) for name in errors]


GROUPS = [Group("a", [0, 1]), Group("b", [2])]


def test_means_are_over_images_and_seeds_and_intervals_over_people(runs: list[ReadRun]) -> None:
    (table,) = score_tables(runs, GROUPS)
    assert table["paired"] and table["reference"] == "a"
    assert table["subsets"] == {"overall": {"images": 4, "people": 2}}
    first = table["lines"][0]
    assert first["seeds"] == [0, 1]
    cell = first["cells"]["overall"]["shape_error_mean_mm"]
    assert cell["mean"] == pytest.approx(1.4)
    assert cell["seeds"] == pytest.approx([1.3, 1.5])
    assert cell["deviation"] == pytest.approx(np.std([1.3, 1.5], ddof=1), rel=1e-5)
    expected = mean_interval(np.array([1.1, 1.3, 1.5, 1.7]), np.array([0, 0, 1, 1]))
    assert (cell["low"], cell["high"]) == pytest.approx((expected.low, expected.high), rel=1e-5)
    # People are resampled: with two of them the interval reaches from the one's mean to the other's.
    assert (cell["low"], cell["high"]) == pytest.approx((1.2, 1.6))


def test_differences_are_paired_over_common_seeds(runs: list[ReadRun]) -> None:
    (table,) = score_tables(runs, GROUPS)
    cells = table["lines"][1]["cells"]["overall"]
    difference = cells["shape_error_mean_mm"]["difference"]
    assert difference["mean"] == pytest.approx(-0.3, abs=1e-6)  # to seed 0 alone: -.5, -.5, -.1, -.1
    assert (difference["low"], difference["high"]) == pytest.approx((-0.5, -0.1), abs=1e-6)
    # Skill is 1 - error / 2 mm, so its difference is minus half of that.
    skill = cells["skill_over_mean_face"]
    assert skill["mean"] == pytest.approx(0.5)
    assert skill["difference"]["mean"] == pytest.approx(0.15, abs=1e-6)
    assert skill["difference"]["seeds"] == pytest.approx([0.15], abs=1e-6)
    assert "difference" not in table["lines"][0]["cells"]["overall"]["shape_error_mean_mm"]
    (other,) = score_tables(runs, GROUPS, reference="b")
    assert other["lines"][0]["cells"]["overall"]["shape_error_mean_mm"]["difference"]["mean"] == pytest.approx(0.3)


def test_baselines_know_less_on_the_same_images(runs: list[ReadRun]) -> None:
    (table,) = score_tables(runs, GROUPS)
    (baseline,) = table["baselines"]
    assert baseline["label"] == "mean face"
    assert baseline["cells"]["overall"]["shape_error_mean_mm"]["mean"] == 2


def test_evaluations_of_other_pictures_are_never_in_one_table(tmp_path: Path) -> None:
    for name, data in (("a0", "set A"), ("b0", "set B")):
        add_rows(make_run(tmp_path / name), [1.0, 2.0], data=data)
    tables = score_tables([read(tmp_path, "a0"), read(tmp_path, "b0")], [Group("a", [0]), Group("b", [1])])
    assert [[line["label"] for line in table["lines"]] for table in tables] == [["a"], ["b"]]


def test_summaries_stand_in_where_there_are_no_rows(tmp_path: Path) -> None:
    values = {
        "images": 4,
        "people": 2,
        "mask_f1": 0.9,
        "image_rmse": 20.0,
        "image_rmse_low": 19.0,
        "image_rmse_high": 21.0,
    }
    for seed, f1 in ((0, 0.9), (1, 0.8)):
        run = make_run(tmp_path / f"a{seed}", f"seed={seed}")
        summary = {"data": {"name": "x"}, "overall": {**values, "mask_f1": f1, "mask_iou": None}}
        (run / "report" / "evaluation.json").write_text(json.dumps(summary))
    runs = [read(tmp_path, "a0"), read(tmp_path, "a1")]
    (both,) = score_tables(runs, [Group("a", [0, 1])])
    cell = both["lines"][0]["cells"]["overall"]["mask_f1"]
    assert cell["mean"] == pytest.approx(0.85) and cell["deviation"] == pytest.approx(0.0707107)
    assert "low" not in both["lines"][0]["cells"]["overall"]["image_rmse"]  # of one seed it says nothing of two
    (alone,) = score_tables(runs[:1], [Group("a", [0])])
    assert alone["lines"][0]["cells"]["overall"]["image_rmse"]["low"] == 19
    assert not alone["paired"]


def test_scores_of_an_unknown_method_are_shown_by_their_own_names(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    summary = {"overall": {"images": 3, "rank_one_share": 0.5, "distance_mm": 1.0, "distance_mm_low": 0.9}}
    (run / "report" / "evaluation.json").write_text(json.dumps(summary))
    (table,) = score_tables([read(tmp_path, "a")], [Group("a", [0])])
    assert [(score["label"], score["unit"]) for score in table["scores"]] == [
        ("rank one share", ""),
        ("distance", "mm"),
    ]
