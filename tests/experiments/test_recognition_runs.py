"""The recogniser through the same commands: trained, evaluated, checked, refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.config.registry import DATA_SETS, METHODS, DataSet
from experiments.evaluate import main as evaluate
from experiments.train import main as train
from lightning_modules.recognition.building import without_download
from lightning_modules.recognition.config import AlexNetConfig, RecognitionConfig
from seethrough.errors import SeethroughError

PEOPLE = "tests.lightning_modules.recognition.small_people"
SMALL = (
    "model.network.image_size=36", "model.network.kernel=5", "model.network.field=1", "model.network.hidden=[12,8]",
    "model.schedule.epochs=null", "model.schedule.steps=3", "data.batch_size=8", "data.size=16",
    "trainer.limit_val_batches=0", "trainer.enable_progress_bar=false",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _people(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = DataSet(f"{PEOPLE}:SmallPeopleConfig", f"{PEOPLE}:SmallPeople")
    monkeypatch.setitem(DATA_SETS, "patterns", patterns)


def words(folder: Path) -> list[str]:
    return ["preset/recognition_small", "dataset=patterns", *SMALL, f"out={folder}", "name=patterns"]


def test_a_run_is_trained_and_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train([*words(tmp_path), "--check"]) == 0
    assert "RecognitionModule" in capsys.readouterr().out
    assert train(words(tmp_path)) == 0
    run = tmp_path / "patterns"
    assert evaluate([str(run), "--json", str(tmp_path / "scores.json")]) == 0
    shown = capsys.readouterr().out
    assert "100 % - EER" in shown and "nAUC" in shown
    scores = json.loads((tmp_path / "scores.json").read_text())["overall"]
    # Four people in two folds: 12 pairs of one person in each, as many of two.
    assert (scores["people"], scores["images"], scores["folds"], scores["pairs"]) == (4, 16, 2, 48)
    assert 0 <= scores["accuracy"] <= 100
    assert (run / "report/evaluation.png").stat().st_size > 500
    with pytest.raises(SeethroughError, match=r"4 faces of 1 people do not make pairs in two folds"):
        evaluate([str(run), "data.tested=4"])


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"use model\.optimiser\.clip_norm"):
        train([*words(tmp_path), "trainer.gradient_clip_val=1"])
    with pytest.raises(SeethroughError, match=r"network\.hidden"):
        train([*words(tmp_path), "model.network.hidden=[3]"])


def test_data_without_people_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    discs = "tests.lightning_modules.bump.small_bumps:SmallBumps"
    monkeypatch.setitem(DATA_SETS, "nameless", DataSet(f"{PEOPLE}:SmallPeopleConfig", discs))
    given = [word for word in words(tmp_path) if not word.startswith("dataset=")]
    with pytest.raises(SeethroughError, match="do not say who is who"):
        train([*given, "dataset=nameless"])


def test_a_check_downloads_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    config = RecognitionConfig(network=AlexNetConfig(weights="imagenet"))
    built, said = without_download(config)
    assert built.network.weights is None and "model.network.weights=null does without" in said
    assert config.network.weights == "imagenet"
    assert without_download(RecognitionConfig()) == (RecognitionConfig(), "")
    assert METHODS["recognition"].without_download == "lightning_modules.recognition.building:without_download"
