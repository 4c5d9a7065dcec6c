"""A whole study at the size of a test: trainings, misfit prior, evaluations, tables, pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from experiments.studies.__main__ import main
from experiments.studies.reporting.measured import read_rows


@pytest.mark.slow
def test_a_quick_study_from_the_first_step_to_the_last_picture(tmp_path, capsys):
    command = ["em_rounds", "masks", "--quick", "--only", "focus", "--jobs", "2", "--runs", str(tmp_path)]
    assert main(command) == 0, capsys.readouterr().out
    seed = tmp_path / "seed0"
    assert sorted(path.name for path in seed.iterdir() if path.is_dir()) == ["focus", "initialised", "warm_start"]
    steps = json.loads((seed / "focus.json").read_text())["steps"]
    assert set(steps) == {"train", "misfit_prior", "plain_faces", "evaluate", "position_prior", "rounds"}
    assert all(step["finished"] and step["cpu_seconds"] > 0 for step in steps.values())
    rows = read_rows(seed / "focus/report/rows.npz")
    assert np.isfinite(rows["shape_error_misfit_prior_mm"]).all()
    assert {"clean", "occluded", "ood_clean", "ood_occluded"} == set(rows["subset"])
    for picture in (tmp_path / "reports").rglob("*.png"):
        assert 0 < picture.stat().st_size <= 200_000 and Image.open(picture).width > 300
    assert len(list((tmp_path / "reports").rglob("*.png"))) == 2
    assert "mean nothing" in (tmp_path / "reports/masks/table.md").read_text()

    # The same command again trains nothing.
    begun = (seed / "focus.log").read_text().count("\n$ ")
    assert main(command) == 0
    assert "3 runs: 3 done before, nothing left" in capsys.readouterr().out
    assert (seed / "focus.log").read_text().count("\n$ ") == begun == 6


def test_a_fault_in_one_report_leaves_the_others_alone(tmp_path, capsys, monkeypatch):
    from experiments.studies.reporting import report as reporting

    honest = reporting.report

    def faulty(study, *arguments, **options):
        if study.name == "ablation":
            raise KeyError("a fault")
        return honest(study, *arguments, **options)

    monkeypatch.setattr(reporting, "report", faulty)
    command = ["ablation", "masks", "--report-only", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert "no complete report of ablation: KeyError: 'a fault'" in capsys.readouterr().out
    assert (tmp_path / "out/masks/table.md").is_file()


def test_a_dry_run_prints_commands_and_writes_nothing(tmp_path, capsys):
    assert main(["ablation", "--dry-run", "--seeds", "5", "--runs", str(tmp_path / "runs")]) == 0
    printed = capsys.readouterr().out
    assert "perceptual, seed 5: about" in printed
    assert "python -m experiments.train ablation/perceptual study/run seed=5 data.seed=6 name=perceptual" in printed
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("arguments", [["ablation", "--jobs", "0"], ["ablation", "--seeds", "-1"], []])
def test_impossible_arguments(arguments):
    with pytest.raises(SystemExit):
        main(arguments)
