"""Training and evaluation of a prepared folder by their commands, without any truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from experiments import evaluate, train
from seethrough.errors import SeethroughError
from tests.datamodules.photos.prepared import prepared_folder

SMALL = ["focus", "preset/small", "study/quick", "data/photos", "model.image_size=48", "data.workers=0"]


@pytest.fixture
def settings(tmp_path: Path) -> list[str]:
    faces = [{"identity": f"person {number // 2}"} for number in range(16)]
    tested = [{"split": "test", "subset": subset} for subset in (*("glasses", "neutral") * 3, "scarf")]
    prepared_folder(tmp_path / "prepared", [*faces, *tested])
    return [f"data.prepared={tmp_path / 'prepared'}", f"out={tmp_path / 'runs'}", "name=tiny"]


@pytest.mark.slow
def test_all_stages_are_trained_and_evaluated_on_photos(tmp_path: Path, settings: list[str], capsys) -> None:
    assert train.main([*SMALL, "data.test_split=test", "trainer.enable_progress_bar=false", *settings]) == 0
    run = tmp_path / "runs" / "tiny"
    assert "finished" in capsys.readouterr().out
    scores, rows = tmp_path / "scores.json", tmp_path / "rows.npz"
    assert evaluate.main([str(run), "--json", str(scores), "--rows", str(rows)]) == 0
    table = json.loads(scores.read_text())
    assert table["overall"]["images"] == 7
    assert {"glasses", "neutral"} <= set(table) and table["glasses"]["images"] == 3
    assert table["overall"]["landmark_error_px"] > 0
    assert not any(key.startswith("shape_error") for key in table["overall"])  # nobody knows the true shape
    columns = np.load(rows, allow_pickle=False)
    assert columns["id"].tolist() == [f"face-{number:03d}" for number in range(16, 23)]
    assert columns["subset"].tolist() == [*["glasses", "neutral"] * 3, "scarf"]
    assert len(set(columns["set"])) == 1 and columns["set"][0].startswith("photos test ")
    assert evaluate.main([str(run), "data.test_split=all", "--json", str(scores)]) == 0
    assert json.loads(scores.read_text())["overall"]["images"] == 23
    assert evaluate.main([str(run), "data.subset=scarf", "--json", str(scores)]) == 0
    assert json.loads(scores.read_text())["overall"]["images"] == 1
    with pytest.raises(SeethroughError, match=r"data\.subset=hat: no face .* there are: glasses, neutral, scarf"):
        evaluate.main([str(run), "data.subset=hat"])


def test_a_preset_for_rendered_faces_serves_photos(settings: list[str], capsys) -> None:
    assert train.main([*SMALL, *settings, "--print-config"]) == 0
    printed = capsys.readouterr().out
    assert "test_identities" not in printed and "batch_size: 4" in printed
    assert train.main([*SMALL, *settings, "--check"]) == 0
    said = capsys.readouterr().out
    assert "PhotoDataModule: fine" in said
    assert "photos: " in said and "23 faces" in said
    with pytest.raises(SeethroughError, match=r"unknown key 'data\.test_identities' in override"):
        train.main([*SMALL, *settings, "data.test_identities=4", "--check"])


def test_a_check_of_photos_that_are_not_prepared_names_the_command(tmp_path: Path, settings: list[str], capsys) -> None:
    absent = f"data.prepared={tmp_path / 'absent'}"
    with pytest.raises(SeethroughError, match=r"no prepared photos; run `python -m tools\.prepare_photos data/photos"):
        train.main([*SMALL, *settings, absent, "--check"])
    assert train.main([*SMALL, *settings, absent, f"data.root={tmp_path}", "--check"]) == 0
    assert "will be prepared" in capsys.readouterr().out
    assert not (tmp_path / "absent").exists()
