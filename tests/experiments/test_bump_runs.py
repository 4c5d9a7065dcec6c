"""A second method through the same commands: bump maps of discs, trained, resumed, evaluated, refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.config.registry import DATA_SETS, METHODS, DataSet
from experiments.evaluate import main as evaluate
from experiments.train import main as train
from seethrough.errors import SeethroughError

DISCS = "tests.lightning_modules.bump.small_bumps"
SMALL = (
    "model.translator.width=4", "model.translator.depth=2", "model.schedule.steps=4", "data.batch_size=4",
    "model.baseline_images=4", "trainer.precision=32-true", "trainer.limit_val_batches=0",
    "trainer.enable_progress_bar=false",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _discs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DATA_SETS, "discs", DataSet(f"{DISCS}:SmallBumpsConfig", f"{DISCS}:SmallBumps"))


def trained(folder: Path, *more: str) -> Path:
    words = ["preset/bump_small", "dataset=discs", *SMALL, f"out={folder}", "name=discs", *more]
    assert train(words) == 0
    return folder / "discs"


def test_a_run_is_trained_resumed_and_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path, "checkpoint.every_steps=3")
    whole = torch.load(run / "checkpoints/step_00000004.ckpt", weights_only=True)
    (run / "checkpoints/step_00000004.ckpt").unlink()
    trained(tmp_path, "checkpoint.every_steps=3", "resume=auto")
    again = torch.load(run / "checkpoints/step_00000004.ckpt", weights_only=True)
    weights = {name: value for name, value in whole["state_dict"].items() if isinstance(value, torch.Tensor)}
    assert weights and all(torch.equal(value, again["state_dict"][name]) for name, value in weights.items())
    lines = (run / "metrics.csv").read_text().splitlines()
    assert lines[0].startswith("step,loss") and len(lines) > 2

    capsys.readouterr()
    rows = tmp_path / "rows.npz"
    assert evaluate([str(run), "--rows", str(rows)]) == 0
    shown = capsys.readouterr().out
    assert "RMSE, mm: this run" in shown and "bilateral luminance" in shown and "gain over no bump" in shown
    report = json.loads((run / "report/evaluation.json").read_text())
    assert report["overall"]["images"] == 6 and report["overall"]["zero_rmse_mm"] > 0
    assert (run / "report/evaluation.png").stat().st_size > 1000
    with np.load(rows, allow_pickle=False) as file:
        assert set(file["set"]) == {"discs test"} and len(file["bump_rmse_mm"]) == 6

    checkpoint = run / "checkpoints/step_00000004.ckpt"
    place = tmp_path / "elsewhere"
    place.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert evaluate([str(checkpoint), "dataset=discs", "--json", "scores.json"]) == 0
    scores = json.loads((place / "scores.json").read_text())
    assert scores["overall"]["bump_rmse_mm"] == report["overall"]["bump_rmse_mm"]


def test_what_does_not_fit_a_run_is_refused(tmp_path: Path) -> None:
    run = trained(tmp_path)
    with pytest.raises(SeethroughError, match=r"--soft-masks is for runs of focus, this is one of bump"):
        evaluate([str(run), "--soft-masks"])
    with pytest.raises(SeethroughError, match=r"'model.translator.depth' .* cannot be changed for an evaluation"):
        evaluate([str(run), "model.translator.depth=3"])
    with pytest.raises(SeethroughError, match=r"use model.optimiser.clip_norm"):
        trained(tmp_path, "name=other", "trainer.gradient_clip_val=1")


def test_a_method_without_an_evaluation_says_so(tmp_path: Path) -> None:
    assert METHODS["tiny"].evaluation is None
    words = ["method=tiny", "dataset=points", f"out={tmp_path}", "name=line", "trainer.enable_progress_bar=false"]
    assert train([*words, "trainer.accelerator=cpu", "trainer.devices=1"]) == 0
    with pytest.raises(SeethroughError, match=r"runs of the method 'tiny' cannot be evaluated; .* focus, bump"):
        evaluate([str(tmp_path / "line")])
