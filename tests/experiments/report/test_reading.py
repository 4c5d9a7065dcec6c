from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.report.faces import faces_in
from experiments.report.metric_curves import read_curves, thinned
from experiments.report.run_reading import read_run
from experiments.report.settings import differences, seed_groups
from experiments.report.sources import find_sources, short_names
from experiments.report.sweeps import failed_runs, sweep_tables
from tests.experiments.report.folders import METRICS, ROWS, make_faces, make_run


def test_arguments_are_told_apart_and_one_that_is_nothing_stops_no_other(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs" / "seed0" / "focus")
    make_run(tmp_path / "runs" / "seed1" / "focus")
    faces = make_faces(tmp_path / "out")
    (tmp_path / "empty").mkdir()
    (tmp_path / "runs" / "table.json").write_text("{}")
    names = [run, tmp_path / "nowhere", tmp_path / "runs", faces, faces / "anna", tmp_path / "empty"]
    found = find_sources([str(name) for name in names])
    assert [path.parent.name for path in found.runs] == ["seed0", "seed1"]
    assert found.faces == [faces, faces / "anna"]
    assert found.sweeps == [tmp_path / "runs"]
    assert found.failures[0] == f"{tmp_path / 'nowhere'}: there is no such folder"
    assert len(found.failures) == 2 and "config.yaml" in found.failures[1]
    assert short_names(found.runs) == ["seed0/focus", "seed1/focus"]


def test_curves_leave_out_what_is_broken_and_say_so(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text(METRICS + ROWS + "80,nan,,,\n100,0.5,,x,\n120,0.1")
    curves = read_curves(file)
    assert {name: steps.tolist() for name, (steps, _) in curves.series.items()} == {
        "segment/area": [60],
        "reconstruct/pixel": [20, 40],
        "validation/mask_f1_occluded": [60],
        "validation/mask_f1_all_face_occluded": [60],
    }
    assert curves.series["reconstruct/pixel"][1].tolist() == [0.5, 0.25]
    assert curves.problems == [
        "metrics.csv: 2 broken row(s) left out (line 7, 8)",
        "metrics.csv: 1 value(s) that are not finite left out",
    ]
    assert "nothing has been logged" in read_curves(tmp_path / "none.csv").problems[0]


def test_thinned_curves_keep_means_and_the_last_point() -> None:
    steps, values = thinned(np.arange(10.0), np.arange(10.0) ** 2, 4)
    assert steps.tolist() == [1, 4, 7, 9]
    assert values.tolist() == pytest.approx([5 / 3, 50 / 3, 149 / 3, 81])
    assert thinned(np.arange(3.0), np.arange(3.0), 4)[0].tolist() == [0, 1, 2]


def test_a_run_is_running_then_interrupted_then_finished(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    state = read_run(run, "a").state
    assert (state.state, state.steps) == ("running", 60) and state.planned is not None and state.planned > 60
    hours = time.time() - 7200
    os.utime(run / "metrics.csv", (hours, hours))
    os.utime(run / "config.yaml", (hours - 600, hours - 600))
    state = read_run(run, "a").state
    assert state.state == "interrupted"
    assert state.seconds == pytest.approx(600, abs=1) and not state.exact
    torch.save({"commit": "abc1234"}, run / "checkpoints" / f"step_{state.planned:08d}.ckpt")
    finished = read_run(run, "a").state
    assert (finished.state, finished.commit) == ("finished", "abc1234")


def test_a_run_that_ended_at_a_limit_is_finished(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    (run / "ended.json").write_text(json.dumps({"step": 60, "limits": {}}))
    assert read_run(run, "a").state.state == "finished"


def test_a_study_notes_time_and_commit_beside_a_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    record = {
        "finished": "2026-01-01T00:00:00",
        "wall_seconds": 12.5,
        "cpu_seconds": 9.0,
        "commit": "f00",
        "machine": "m",
    }
    (tmp_path / "a.json").write_text(json.dumps({"steps": {"train": record}}))
    state = read_run(run, "a").state
    assert (state.state, state.seconds, state.exact, state.commit) == ("finished", 12.5, True, "f00")


def test_missing_and_broken_parts_become_lines(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", metrics="")
    (run / "config.yaml").write_text("method: [")
    (run / "report" / "rows.npz").write_bytes(b"PK broken")
    (run / "report" / "evaluation.json").write_text("{")
    (run / "checkpoints" / "step_00000010.ckpt").write_bytes(b"half")
    read = read_run(run, "a")
    told = "\n".join(read.problems)
    for part in ("config.yaml cannot be read", "no column 'step'", "rows.npz", "evaluation.json", "step_00000010.ckpt"):
        assert part in told
    assert read.config == {} and read.state.steps == 10


def test_settings_that_differ_stand_beside_what_is_usual() -> None:
    configs = [{"model": {"rate": rate}, "seed": seed, "name": name} for rate, seed, name in
               ((0.1, 0, "a"), (0.1, 1, "b"), (0.2, 0, "c"))]  # fmt: skip
    table = differences([*configs, {}])
    assert table == {
        "model.rate": {"usual": "0.1", "values": ["0.1", "0.1", "0.2", None]},
        "seed": {"usual": "0", "values": ["0", "1", "0", None]},
    }


def test_runs_that_differ_in_seeds_only_are_one_group() -> None:
    def config(rate: float, seed: int) -> dict:
        return {
            "model": {"rate": rate},
            "seed": seed,
            "data": {"seed": seed + 1, "workers": seed},
            "out": f"runs/{seed}",
        }

    names = ["seed0/focus", "seed1/focus", "other", "fast-seed2", "broken"]
    configs = [config(0.1, 0), config(0.1, 1), config(0.2, 0), config(0.2, 1), {}]
    assert seed_groups(names, configs) == [("focus", [0, 1]), ("other", [2, 3]), ("broken", [4])]


def test_faces_of_a_manifest_wherever_its_folder_is_now(tmp_path: Path) -> None:
    problems: list[str] = []
    anna, wall = faces_in(make_faces(tmp_path / "moved"), problems)
    assert list(anna.meshes) == ["foundation", "bump", "complete"]
    assert anna.facts == {
        "photo": "anna.jpg", "landmark error": "1.25 px at 224", "hidden": "20 % of the face", "time": "2 s",
        "note": "membrane",
    }  # fmt: skip
    assert wall.failed == "no face was found" and not wall.meshes
    assert problems == [f"{tmp_path / 'moved' / 'manifest.jsonl'}: 1 broken row(s) left out"]
    (alone,) = faces_in(tmp_path / "moved" / "anna", [])
    assert alone.facts["photo"] == "anna.jpg"


def test_a_sweep_has_its_table_and_a_broken_one_is_told(tmp_path: Path) -> None:
    metrics = {"validation/x": {"mean": 1.0, "sd": None, "n": 1}}
    variant = {"variant": "a", "settings": {"model.rate": 0.1}, "runs": 2, "finished": 1, "metrics": metrics}
    run = {"name": "a-seed0", "variant": "a", "seed": 0, "status": "failed", "reason": "NaN", "minutes": None}
    content = {"command": "python", "columns": ["validation/x"], "variants": [variant], "runs": [run]}
    for name, text in (("good", json.dumps(content)), ("bad", "[]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "table.json").write_text(text)
    problems: list[str] = []
    (table,) = sweep_tables([tmp_path / "good", tmp_path / "bad"], problems)
    assert table["variants"][0]["metrics"] == {"validation/x": {"mean": 1.0, "deviation": None, "seeds": 1}}
    assert table["runs"] == [run]
    assert failed_runs([table]) == {tmp_path.resolve() / "good" / "a-seed0": ("NaN", table["written"])}
    assert len(problems) == 1 and "bad" in problems[0]
