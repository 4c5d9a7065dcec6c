from __future__ import annotations

import numpy as np
import pytest

from experiments.studies.reporting.cells import Cells
from experiments.studies.reporting.markdown import markdown_table
from experiments.studies.reporting.measured import Method
from tests.experiments.studies.fake_rows import fake_rows


def method(name: str = "focus", first_seed: int = 0, **effects) -> Method:
    errors = enumerate((1.4, 1.5, 1.6))
    rows = tuple(fake_rows(error=error, seed=first_seed + place, **effects) for place, error in errors)
    return Method(name, name.upper(), (0, 1, 2), rows)


def test_the_spread_over_seeds_is_that_of_their_means():
    cells = Cells()
    assert cells.value(method(noise=0.0, cost=0.0), "shape_error_mm", "unoccluded") == "1.500 ± 0.100"
    (record,) = cells.records
    assert record["images"] == 12 and record["seeds"] == 3 and record["sd_over_seeds"] == pytest.approx(0.1)


def test_one_seed_has_no_spread():
    single = Method("focus", "FOCUS", (0,), (fake_rows(),))
    assert Cells().value(single, "mask_own_f1", "occluded", 2) == "0.90"


def test_intervals_hold_the_planted_difference_and_people_are_what_is_resampled():
    cells = Cells()
    focus, backbone = method(noise=0.02), method("backbone", 10, noise=0.02, cost=0.4)
    text = cells.difference(backbone, focus, "twin:shape_error_mm", "occluded")
    assert text.endswith(" (3/3)")
    mean, low, high = (float(part) for part in text[:-6].replace("[", "").replace("]", "").replace(",", "").split())
    assert low < 0.3 < high and high - low < 0.1 and mean == pytest.approx(0.3, abs=0.05)
    (record,) = cells.records
    assert (record["row"], record["column"]) == ("backbone", "twin:shape_error_mm minus focus")


def test_differences_use_the_seeds_that_both_rows_have():
    good, bad = fake_rows(noise=0.0, cost=0.0), fake_rows(noise=0.0, cost=0.0, error=2.5)
    focus = Method("focus", "FOCUS", (0, 1, 2), (bad, good, bad))
    single = Method("backbone", "Backbone", (1,), (good,))
    cells = Cells()
    assert cells.difference(single, focus, "shape_error_mm", "overall") == "+0.000 [+0.000, +0.000] (1/1)"
    assert cells.difference(focus, single, "shape_error_mm", "overall").startswith("+0.000 [")
    assert cells.records[0]["seeds"] == 1
    elsewhere = Method("mofa", "MoFA", (7,), (good,))
    assert cells.difference(elsewhere, focus, "shape_error_mm", "overall") == "-"


def test_a_difference_says_in_how_many_seeds_it_has_its_sign():
    rows = [fake_rows(noise=0.0, cost=0.0, error=error) for error in (1.0, 1.0, 1.6)]
    wavering = Method("backbone", "Backbone", (0, 1, 2), tuple(rows))
    steady = Method("focus", "FOCUS", (0, 1, 2), (fake_rows(noise=0.0, cost=0.0),) * 3)
    cells = Cells()
    assert cells.difference(wavering, steady, "shape_error_mm", "overall").endswith(" (2/3)")
    assert cells.records[0]["seeds_of_same_sign"] == 2


def test_columns_of_two_masks_compare_on_the_same_images():
    cells, one = Cells(), method()
    gain = cells.difference(one, one, "mask_own_f1", "hand", second_column="all_face_own_f1")
    assert gain.startswith("+0.100 [+0.100")


def test_skill_is_relative_to_the_mean_face():
    assert Cells().skill(method(noise=0.0, cost=0.0), "shape_error_mm", "unoccluded").startswith("+0.250 [")


def test_what_is_unknown_is_a_dash_and_no_record():
    cells, one = Cells(), method()
    assert cells.value(None, "image_rmse", "overall") == "-"
    assert cells.value(one, "nothing", "overall") == "-"
    assert cells.value(one, "mask_own_occluder_iou", "unoccluded") == "-"
    assert cells.mean(one, "nothing", "overall") == "-"
    assert cells.difference(one, None, "image_rmse", "overall") == "-"
    assert not cells.records


def test_images_unknown_to_one_seed_are_not_counted():
    rows = fake_rows()
    rows["image_rmse"] = np.where(np.arange(len(rows["id"])) == 0, np.nan, rows["image_rmse"])
    cells = Cells()
    assert cells.value(Method("focus", "FOCUS", (0,), (rows,)), "image_rmse", "unoccluded", 1) == "10.0"
    assert cells.records[0]["images"] == 11


def test_markdown():
    assert markdown_table(["", "a|b"], [["x", "1"]]) == "|  | a\\|b |\n| :-- | --: |\n| x | 1 |\n"
    with pytest.raises(ValueError, match="2 cells, the heading 1"):
        markdown_table(["a"], [["x", "1"]])
