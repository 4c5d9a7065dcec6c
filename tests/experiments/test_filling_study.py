from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from datamodules.detail.config import DetailConfig
from datamodules.detail.datamodule import DetailDataModule
from experiments.command_line import run
from experiments.filling_study import command, measuring
from experiments.filling_study.command import main
from experiments.filling_study.holes import HOLES, hole
from experiments.filling_study.measuring import choices, errors
from experiments.filling_study.summary import OURS, chosen, chosen_cells, compared, compared_cells
from tests.datamodules.detail.faces import scene_config, small_model
from tools.reference_index.building import build_references
from tools.reference_index.features import FeatureReader
from tools.reference_index.rendered_faces import RenderedFaces


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_errors_are_those_inside_the_hole() -> None:
    gap = np.zeros((6, 6), bool)
    gap[1:3, 1:4] = True
    truth = np.zeros((6, 6))
    wrong = np.full((6, 6), 9.0)
    wrong[gap] = 0.5
    wrong[1, 1] = -1.5
    numbers = errors(wrong, truth, gap)
    assert numbers["l1_mm"] == pytest.approx((5 * 0.5 + 1.5) / 6)
    assert numbers["rmse_mm"] == pytest.approx(((5 * 0.25 + 2.25) / 6) ** 0.5)
    assert numbers["step_mm"] == pytest.approx((2.0 + 2.0) / 7)  # of 4 steps to the right and 3 down two are 2 mm


def test_holes_lie_inside_the_face() -> None:
    face = np.zeros((64, 64), bool)
    face[10:60, 12:52] = True
    landmarks = np.random.default_rng(0).uniform(20, 50, (68, 2))
    for kind in HOLES:
        gap = hole(kind, face, landmarks, np.random.default_rng(3))
        assert gap.any() and not (gap & ~face).any()
        assert np.array_equal(gap, hole(kind, face, landmarks, np.random.default_rng(3)))


def rows_of(fills: dict[str, float], faces: int = 4) -> list[dict[str, object]]:
    rng = np.random.default_rng(0)
    return [
        {"bumps": "true", "hole": kind, "fill": name, "face": f"f{face}", "seed": seed,
         **dict.fromkeys(("l1_mm", "rmse_mm", "step_mm", "seconds"), value + 0.01 * shared)}
        for face in range(faces) for seed in (0, 1) for kind in HOLES
        for shared in [rng.standard_normal()] for name, value in fills.items()
    ]  # fmt: skip


def test_ours_is_compared_with_every_other_fill_hole_by_hole() -> None:
    lines = compared(rows_of({OURS: 0.2, "random, mixed": 0.25, "zero": 0.5}))
    assert len(lines) == 3 * len(HOLES)
    for line in lines:
        if line["fill"] == OURS:
            assert "low_mm" not in line
            continue
        expected = -0.05 if line["fill"] == "random, mixed" else -0.3
        # What a hole adds to all fills is no part of a difference.
        assert [line[name] for name in ("difference_mm", "low_mm", "high_mm")] == pytest.approx([expected] * 3)
    assert compared_cells(lines[1])[-1] == "-0.050 (-0.050 to -0.050)"


def test_the_best_setting_is_one_of_the_default_ranking() -> None:
    rows = []
    for ranking, together, value in (("default", 16, 0.3), ("default", 32, 0.2), ("random", 32, 0.1)):
        for row in rows_of({"": value}):
            rows.append({**row, "ranking": ranking, "together": together, "shrinkage": 4.0})
    lines, best = chosen(rows)
    assert (best["ranking"], best["together"], best["shrinkage"]) == ("default", 32, 4.0)
    assert [line.get("difference_mm") for line in lines] == [pytest.approx(-0.1), None, pytest.approx(0.1)]
    assert len({line["square_l1_mm"] for line in lines}) == 3
    assert [len(chosen_cells(line)) for line in lines] == [8, 8, 8]


def test_settings_that_are_compared() -> None:
    every = choices(100)
    assert len({choice for choice in every}) == len(every) == 3 * (1 + 4 * 6)
    assert max(choice.together for choice in choices(40)) == 32


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["set", "--choose", "--split", "test"], "--choose compares settings, which is done on validation people"),
        (["set", "--choose", "--bumps", "default"], "--choose compares settings with true bumps: leave out --bumps"),
        (["set", "--faces", "1"], "--faces 1 must be at least 2"),
        (["set", "--bumps", "runs/nowhere"], "runs/nowhere"),
        (["set", "--table", "no/such/t.md"], "cannot write no/such/t.md: its folder does not exist"),
        (["nothing"], "nothing/references.json: no reference set there"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        run(main, words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.slow
def test_the_command_compares_fills_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("datamodules.synthetic.datamodule", "tools.reference_index.rendered_faces"):
        monkeypatch.setattr(f"{module}.load_generating_model", lambda scene: small_model())
    monkeypatch.setattr(measuring, "NUMBERS", (1, 4))
    sizes = {"size": 6, "validation_size": 2, "test_size": 2, "batch_size": 1}
    data = DetailDataModule(DetailConfig(scene=scene_config(), folder=str(tmp_path), render_processes=1, **sizes))
    features = FeatureReader("identity")
    build_references(RenderedFaces(data), features, tmp_path / "set", say=lambda line: None)
    monkeypatch.setattr(command, "study_source", lambda references, split, pools, settings: RenderedFaces(data, split))
    common = [str(tmp_path / "set"), "--faces", "2", "--seeds", "0", "1"]
    outputs = {name: tmp_path / f"out.{name}" for name in ("json", "md", "png")}
    written = ["--json", str(outputs["json"]), "--table", str(outputs["md"])]
    main([*common, *written, "--picture", str(outputs["png"]), "--bumps", "true", "default"])
    found = json.loads(outputs["json"].read_text())
    assert (found["split"], found["references"], found["short_list"]) == ("test", 6, 6)
    assert len(found["table"]) == 2 * len(HOLES) * 10
    assert all(np.isfinite(line["l1_mm"]) for line in found["table"])
    truths, seen = (
        {(line["hole"], line["fill"]): line["l1_mm"] for line in found["table"] if line["bumps"] == bumps}
        for bumps in ("true", "default")
    )
    assert truths["square", "zero"] == pytest.approx(seen["square", "zero"])  # a hole of zeros, whatever is around
    assert truths["square", "harmonic"] != seen["square", "harmonic"]
    assert f"- commit: {found['commit']}" in outputs["md"].read_text()
    assert np.asarray(Image.open(outputs["png"])).std() > 20
    main([*common, *written, "--choose"])
    found = json.loads(outputs["json"].read_text())
    assert found["split"] == "validation"
    assert len(found["table"]) == 3 * (1 + 6)
    assert found["best"]["ranking"] == "default"
