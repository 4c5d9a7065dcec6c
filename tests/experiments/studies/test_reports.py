"""Every study's report, from rows that were made up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFont

from experiments.studies.planning.plan import Plan, make_plan
from experiments.studies.planning.specification import read_catalogue, read_study, study_names
from experiments.studies.reporting.curves import below, by_yaw
from experiments.studies.reporting.galleries import GAP, LABEL_WIDTH, sheet, wrapped
from experiments.studies.reporting.measured import Method
from experiments.studies.reporting.report import report
from experiments.studies.reporting.small_pictures import save_small
from experiments.studies.running.record import RunRecord
from seethrough.errors import SeethroughError
from tests.experiments.studies.fake_rows import fake_rows, write_position_prior, write_rows

CATALOGUE = read_catalogue()
EFFECTS = {
    "focus": {"cost": 0.05, "f1": 0.9, "rmse": 10.0},
    "backbone": {"cost": 0.15, "rmse": 12.0},
    "oracle_mask": {"cost": 0.04, "rmse": 9.9},
    "pretrained": {"f1": 0.84},
    "perceptual": {"f1": 0.91},
    "segmentation_steps_x4": {"f1": 0.93},
    "bump": {"error": 0.3},
    "bump_l1": {"error": 0.35},
    "bump_transposed_3x3": {"error": 0.3, "grid": 0.05},
}


def planned(name: str, root: Path, skip: tuple[str, ...] = ()) -> Plan:
    """Return a study's plan on two seeds whose runs, except some, have been evaluated."""
    plan = make_plan([read_study(name, CATALOGUE)], CATALOGUE, root, seeds=[0, 1])
    for job in plan.jobs:
        if job.run.evaluated and job.name not in skip:
            effects = {"noise": 0.005, "seed": job.seed, **EFFECTS.get(job.name, {})}
            write_rows(job.rows_file, bump=job.name.startswith("bump"), **effects)
            if job.run.plain_faces:
                write_rows(job.plain_rows_file, **{**effects, "pairs": 6, "foreign_pairs": 0, "prior_gain": 0.08})
            if job.run.position_prior:
                write_position_prior(job.position_prior_file)
            for number, step in enumerate(job.rounds):
                write_rows(job.round_file(step), **{**effects, "f1": 0.8 + 0.03 * number})
    return plan


def written(name: str, root: Path, **options) -> str:
    study = read_study(name, CATALOGUE)
    report(study, planned(name, root, **options), root / "out", pictures=False)
    return (root / "out/table.md").read_text()


def line(text: str, start: str) -> list[str]:
    """Return the cells of the first row of a table that begins with a label."""
    found = next(row for row in text.splitlines() if row.startswith(f"| {start} |"))
    return [cell.strip() for cell in found.strip("|").split("|")][1:]


@pytest.mark.parametrize("name", study_names())
def test_every_study_writes_table_and_numbers(name, tmp_path):
    text = written(name, tmp_path)
    study = read_study(name, CATALOGUE)
    assert text.startswith(f"# {study.title}\n") and f"`python -m experiments.studies {name}`" in text
    table = json.loads((tmp_path / "out/table.json").read_text())
    assert table["study"] == name and table["planned"] > table["runs"] == 0 and table["not_run"] == []
    numbers = table["numbers"]
    assert len(numbers) > 10
    for record in numbers:
        assert record["row"] and record["column"] and record["subset"]
        assert record["mean"] is not None and ("sd_over_seeds" in record) != ("low" in record)
    assert "nan" not in text.lower().replace("luminance", "")


@pytest.mark.parametrize("name", ["image_fit", "masks", "misfit_prior", "em_rounds"])
def test_a_report_of_half_the_runs_says_what_is_missing(name, tmp_path):
    study = read_study(name, CATALOGUE)
    others = tuple(row for row in CATALOGUE.runs if row != study.rows[0])
    text = written(name, tmp_path, skip=others)
    assert ("Not run yet" in text) == (len(study.rows) > 1)


def test_a_report_of_nothing(tmp_path):
    study = read_study("ablation", CATALOGUE)
    plan = make_plan([study], CATALOGUE, tmp_path, seeds=[0])
    report(study, plan, tmp_path / "out")
    assert "Not run yet: Pretrained (pretrained)" in (tmp_path / "out/table.md").read_text()
    table = json.loads((tmp_path / "out/table.json").read_text())
    assert table["numbers"] == [] and table["not_run"] == list(study.rows)


def test_where_numbers_come_from_is_told_in_both_forms(tmp_path):
    plan = planned("ablation", tmp_path)
    record = RunRecord()
    record.add("train", 120.0, 90.0, "2026-01-01T00:00:00", commit="abc1234")
    record.write(next(job for job in plan.jobs if job.name == "focus").beside(".json"))
    report(read_study("ablation", CATALOGUE), plan, tmp_path / "out", pictures=False)
    table = json.loads((tmp_path / "out/table.json").read_text())
    assert (table["runs"], table["planned"], table["seeds"], table["commits"]) == (1, 14, [0], ["abc1234"])
    assert table["cpu_minutes"] == 1.5 and table["machines"] == [record.steps["train"].machine]
    text = (tmp_path / "out/table.md").read_text()
    assert "- Runs: 1 of 14; seed 0.\n- Commit: abc1234 (" in text and table["machines"][0] in text


def test_bump_translation(tmp_path):
    text = written("bump_translation", tmp_path)
    rmse, *_ = line(text, "Eq. 5, resizing")
    assert float(rmse.split()[0]) == pytest.approx(0.3, abs=0.02)
    assert line(text, "no bump")[0] == "0.600 ± 0.000"
    errors, noise_and_grids, against = text.split("## ")[1:]
    assert line(noise_and_grids, "Eq. 5, transposed 3x3")[2] == "0.0500 ± 0.0000"
    assert line(noise_and_grids, "true surface") == ["-", "0.0050 ± 0.0000", "0.0120 ± 0.0000"]
    assert line(against, "L1 alone, resizing")[0].startswith("+0.0")
    assert line(against, "Eq. 5, transposed 3x3")[-1].startswith("+0.0400 [")
    assert "luminance" in errors


def test_image_fit(tmp_path):
    text = written("image_fit", tmp_path)
    unoccluded, occluded, overall, foreign, *areas = line(text, "Backbone: no mask")
    assert areas == ["0.970 ± 0.000"] * 2
    assert (unoccluded, occluded, overall, foreign) == ("12.00 ± 0.00", "13.00 ± 0.00", "12.50 ± 0.00", "12.50 ± 0.00")
    against = text.split("minus FOCUS")[1]
    assert line(against, "Backbone: no mask")[1] == "+2.00 [+2.00, +2.00] (2/2)"
    assert line(against.split("What an occluder costs")[1], "FOCUS")[0] == "+0.50 [+0.50, +0.50] (2/2)"


def test_occlusion_shape_has_every_baseline(tmp_path):
    text = written("occlusion_shape", tmp_path)
    assert "(12 pairs" in text
    assert line(text, "mean face")[1] == "2.000 ± 0.000" and line(text, "a random person")[4] == "2.600 ± 0.000"
    corrected, plain = (float(line(text, label)[1].split()[0]) for label in ("FOCUS, MP", "FOCUS"))
    assert plain - corrected == pytest.approx(0.05, abs=2e-3)
    costs = text.split("What an occluder costs")[1]
    row = line(costs, "Backbone: no mask")
    assert float(row[0].split()[0]) == pytest.approx(0.15, abs=0.01)
    assert float(row[2].split()[0]) == pytest.approx(0.10, abs=0.01)
    assert line(costs, "FOCUS")[2] == "-"


def test_masks_compare_every_kind_of_mask(tmp_path):
    text = written("masks", tmp_path)
    columns = ["unoccluded", "glasses", "cloth", "hand", "occluded", "out of distribution"]
    assert line(text, "")[:6] == columns
    assert [float(line(text, label)[3].split()[0]) for label in ("everything is face", "FOCUS")] == [0.8, 0.9]
    assert line(text, "mean mask of the training pictures")[3] == "0.700 ± 0.000"
    assert line(text.split("All scores")[1], "cloth: mean mask of the training pictures")[1] == "0.700 ± 0.000"
    gains = text.split("gains in F1")[1]
    assert line(gains, "over Pretrained (Sec. 3.3), own region")[3].startswith("+0.060")
    assert line(text.split("All scores")[1], "unoccluded: FOCUS")[4] == "-"
    assert line(text.split("How much of the face")[1], "FOCUS")[0] == "0.970 ± 0.000"


def test_masks_by_how_much_is_hidden_leave_out_what_no_image_shows(tmp_path):
    text = written("masks", tmp_path).split("## F1 by how much of the face is hidden")[1]
    # Twelve pairs hide 2 % of the face and 2.25 % more each: 2.0, 4.25, 6.5, 8.75, 11 ... 26.75.
    assert line(text, "")[:4] == ["up to 5 % (2)", "5 to 10 % (2)", "10 to 20 % (5)", "20 to 30 % (3)"]
    assert line(text, "FOCUS") == ["0.900 ± 0.000"] * 4


def test_a_mean_mask_of_other_pictures_is_left_out(tmp_path):
    plan = planned("masks", tmp_path)
    for job in plan.jobs:
        if job.run.position_prior:
            write_position_prior(job.position_prior_file, pictures="test-80px-9999")
    report(read_study("masks", CATALOGUE), plan, tmp_path / "out", pictures=False)
    text = (tmp_path / "out/table.md").read_text()
    assert line(text, "mean mask of the training pictures")[0] == "-"


def test_ablation(tmp_path):
    text = written("ablation", tmp_path)
    assert line(text, "Perceptual: F1")[2] == "0.910 ± 0.000"
    assert line(text.split("F1 minus FOCUS's")[1], "Perceptual, own region")[2].startswith("+0.010")
    assert line(text, "FOCUS, MP")[0] == "-"
    for label in ("Pretrained", "Baseline", "Neighbour", "Perceptual", "FOCUS"):  # each without and with its prior
        plain, corrected = (float(line(text, name)[1].split()[0]) for name in (label, f"{label}, MP"))
        assert plain - corrected == pytest.approx(0.05, abs=2e-3)


def test_misfit_prior(tmp_path):
    text = written("misfit_prior", tmp_path)
    before, after, gain, *probabilities, improved = line(text, "FOCUS; occluded")
    assert float(before.split()[0]) - float(after.split()[0]) == pytest.approx(0.05, abs=2e-3)
    assert gain.startswith("+0.050 [+0.050") and improved == "100 %"
    assert all(float(p) < 0.01 for p in probabilities)
    assert line(text, "FOCUS; unoccluded, no detail beyond the model")[2].startswith("+0.080 [+0.080")


def test_em_rounds(tmp_path):
    text = written("em_rounds", tmp_path)
    table = [row for row in text.splitlines() if row.startswith("| 0, step") or row.startswith("| 1, step")]
    assert [row.split("|")[2].strip() for row in table[:2]] == ["0.800 ± 0.000", "0.830 ± 0.000"]


def test_segmentation_weights_marks_the_standard(tmp_path):
    text = written("segmentation_weights", tmp_path)
    assert text.count("| **") == 5 and text.count("\n## ") == 5


def test_curves_are_small_pictures(tmp_path):
    from experiments.studies.occlusion_shape.report import pictures
    from experiments.studies.reporting.report import Report

    study = read_study("occlusion_shape", CATALOGUE)
    rows = fake_rows(pairs=60)
    methods = {name: Method(name, name, (0,), (rows,)) for name in ("focus", "backbone")}
    for path in pictures(Report(study, methods, {}, {}, tmp_path)):
        assert path.stat().st_size <= 200_000
        assert np.asarray(Image.open(path).convert("L")).std() > 10


def test_cumulative_errors_are_shares_of_images():
    grid = np.array([0.5, 1.0, 2.0, 9.0])
    assert below(np.array([3.0, 1.0, 2.0, 1.0]), grid).tolist() == [0, 50, 75, 100]
    assert np.isnan(below(np.array([]), grid)).all()


def test_the_band_against_yaw_is_the_interval_of_the_mean():
    rows = fake_rows(pairs=40, foreign_pairs=0, cost=0.0)
    rows["yaw_deg"] = np.where(np.arange(80) < 72, 11.0, 38.0)  # 36 and 4 unoccluded ones
    rows["shape_error_mm"] = np.tile([1.0, 1.0, 2.0, 2.0], 20)
    yaw, mean, half = by_yaw(Method("focus", "FOCUS", (0,), (rows,)), "shape_error_mm", "unoccluded")
    assert yaw.tolist() == [10.0] and mean.tolist() == [1.5]
    assert half[0] == pytest.approx(1.96 * 0.5 * np.sqrt(36 / 35) / 6)


def test_a_gallery_names_its_rows_and_columns():
    pictures = torch.zeros(2, 1, 60, 60)
    plain = sheet(
        "a title", ["one", "out of distribution"], [("target", pictures), ("a long label of a row", pictures)]
    )
    other = sheet("a title", ["one", "two"], [("target", pictures), ("a long label of a row", pictures)])
    assert plain.size[0] == other.size[0] == LABEL_WIDTH + 2 * (60 + GAP)
    assert plain.height > other.height  # a name in several lines above its column
    dark = np.asarray(plain.convert("L")) < 128
    first = plain.height - 2 * (60 + GAP)
    assert dark[:20].any() and dark[20:first, LABEL_WIDTH + 62 :].any()  # the title, and a column's name
    assert dark[first:, :LABEL_WIDTH].any() and not dark[first:, LABEL_WIDTH - 8 : LABEL_WIDTH].any()
    assert dark[first : first + 60, LABEL_WIDTH : LABEL_WIDTH + 60].all()  # no label lies on a picture


def test_wrapping_keeps_words_and_width():
    font = ImageFont.load_default(size=12)
    lines = wrapped("threshold on the residual (Eq. 10)", 90, font).split("\n")
    assert " ".join(lines) == "threshold on the residual (Eq. 10)"
    assert len(lines) > 1 and all(font.getlength(line) <= 90 for line in lines)


def test_few_colours_keep_the_ends_of_a_scale(tmp_path):
    """A picture that is nearly grey, with noise so that it must shrink, and a little deep red."""
    values = np.random.default_rng(0).normal(200, 8, (160, 160, 3)).clip(0, 255).astype(np.uint8)
    values[:6, :6] = (190, 30, 30)
    written = save_small(Image.fromarray(values), tmp_path / "a.png", limit=40_000)
    assert np.abs(np.asarray(Image.open(written).convert("RGB"))[:6, :6].astype(int) - (190, 30, 30)).max() < 12


def test_noise_is_made_to_fit(tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (150, 150, 3), dtype=np.uint8))
    assert save_small(noise, tmp_path / "a.png", limit=10_000).stat().st_size <= 10_000
    flat = Image.new("RGB", (600, 600), "red")
    assert Image.open(save_small(flat, tmp_path / "b.png")).mode == "RGB"


def test_a_face_that_is_in_no_test_set_is_told_in_one_line(monkeypatch):
    from types import SimpleNamespace

    from experiments import building
    from experiments.studies.reporting.faces import batch_of

    job = SimpleNamespace(composition=None, title="focus, seed 0")
    batches = [{"id": ["a"], "image": np.zeros((1, 3, 2, 2)), "mask": np.zeros((1, 1, 2, 2))}]
    monkeypatch.setattr(building, "build_data", lambda _: SimpleNamespace(test_dataloader=lambda: batches))
    with pytest.raises(SeethroughError, match=r"b is not in the test set of focus, seed 0: .* evaluate again"):
        batch_of(job, ["a", "b"])
