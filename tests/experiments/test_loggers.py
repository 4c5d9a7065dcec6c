"""Metrics, pictures and tables in the run folder, and what other services are given."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger

from experiments.config.schema import ExperimentConfig
from experiments.loggers import build_loggers, remember_wandb_id
from experiments.pictures import grid
from experiments.run_folder import RunFolder
from experiments.run_logger import RunLogger
from experiments.sending import log_checkpoint, log_images, log_masks, log_mesh, log_table
from seethrough.errors import SeethroughError
from seethrough.meshes import Mesh


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def rows(run: RunFolder) -> list[dict[str, str]]:
    with run.metrics.open(newline="") as file:
        return list(csv.DictReader(file))


def test_metrics_that_appear_later_get_a_column(run: RunFolder) -> None:
    logger = RunLogger(run)
    logger.log_metrics({"loss": 1.0}, 0)
    logger.log_metrics({"loss": torch.tensor(0.5), "validation/f1": 0.25}, 1)
    assert rows(run) == [
        {"step": "0", "loss": "1.0", "validation/f1": ""},
        {"step": "1", "loss": "0.5", "validation/f1": "0.25"},
    ]


def test_a_metric_called_step_is_the_step(run: RunFolder) -> None:
    RunLogger(run).log_metrics({"loss": 1.0, "step": 40.0}, 20)
    assert rows(run)[0]["step"] == "40"


def test_a_run_that_goes_on_keeps_its_rows_and_repeats_none(run: RunFolder) -> None:
    first = RunLogger(run)
    for step in (1, 2, 3, 4):
        first.log_metrics({"loss": float(step)}, step)
    again = RunLogger(run)
    again.log_metrics({"loss": 30.0, "other": 1.0}, 3)
    again.log_metrics({"loss": 40.0}, 4)
    assert [(row["step"], row["loss"]) for row in rows(run)] == [
        ("1", "1.0"),
        ("2", "2.0"),
        ("3", "30.0"),
        ("4", "40.0"),
    ]


def test_grid_tiles_and_clamps() -> None:
    images = torch.stack([torch.full((3, 4, 5), value) for value in (-1.0, 0.5, 2.0)])
    picture = grid(images)
    assert picture.shape == (2 * 6 + 2, 2 * 7 + 2, 3)
    assert picture.dtype == np.uint8
    assert [picture[4, 4, 0], picture[4, 11, 0], picture[10, 4, 0]] == [0, 128, 255]


def test_grid_takes_masks() -> None:
    assert grid(torch.ones(1, 1, 4, 4)).min() == 255


def test_pictures_and_tables_lie_in_the_run_folder(run: RunFolder) -> None:
    loggers = [RunLogger(run)]
    log_images(loggers, "validation/overlay", torch.rand(2, 3, 8, 8), 12)
    log_table(loggers, "scores", ["row", "f1"], [["focus", 0.9]], 12)
    assert Image.open(run.images / "validation_overlay_00000012.png").size == (22, 12)
    assert (run.report / "scores.csv").read_text().split() == ["row,f1", "focus,0.9"]


def test_what_wandb_is_given(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("Image", "Object3D", "Table")
    fake = MagicMock(**{kind: lambda *values, kind=kind, **named: (kind, values, named) for kind in kinds})
    monkeypatch.setitem(sys.modules, "wandb", fake)
    logger = MagicMock(spec=WandbLogger)
    logger.experiment = MagicMock()
    log_images([logger], "overlay", torch.rand(2, 3, 8, 8), 12)
    log_masks([logger], "visible", torch.rand(2, 3, 8, 8), torch.ones(2, 1, 8, 8), 12)
    log_mesh([RunLogger(run), logger], "face", Mesh(np.eye(3), np.array([[0, 1, 2]])), 12)
    log_table([logger], "scores", ["row", "f1"], [("focus", 0.9)], 12)
    given = {name: value for call in logger.experiment.log.call_args_list for name, value in call.args[0].items()}
    assert given.pop("trainer/global_step") == 12
    assert given["overlay"][1][0].shape == (12, 22, 3)
    (kind, (picture,), named) = given["visible"][1]
    assert (kind, picture.shape, picture.dtype) == ("Image", (8, 8, 3), np.uint8)
    assert named["masks"]["face"]["mask_data"].tolist() == np.ones((8, 8)).tolist()
    assert given["face"][1] == (str(run.meshes / "face.glb"),) and (run.meshes / "face.glb").stat().st_size > 100
    assert given["scores"][2] == {"columns": ["row", "f1"], "data": [["focus", 0.9]]}
    log_checkpoint([logger], "sweep/lr=0.1", run.path / "step_00000012.ckpt", ["latest"])
    assert fake.Artifact.call_args.args == ("sweep-lr-0.1",)
    assert logger.experiment.log_artifact.call_args.kwargs == {"aliases": ["latest"]}


def test_what_tensorboard_is_given() -> None:
    logger = MagicMock(spec=TensorBoardLogger)
    logger.experiment = MagicMock()
    log_images([logger], "overlay", torch.rand(1, 3, 8, 8), 12)
    log_table([logger], "scores", ["row", "f1"], [["focus", 0.9]], 12)
    log_mesh([logger], "face", Mesh(np.eye(3), np.array([[0, 1, 2]])), 12)
    assert logger.experiment.add_image.call_args.args[2] == 12
    assert logger.experiment.add_text.call_args.args[1] == "| row | f1 |\n| --- | --- |\n| focus | 0.9 |"


@pytest.mark.parametrize("service", ["wandb", "tensorboard"])
def test_a_service_that_is_not_installed(service: str, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    config = ExperimentConfig(logger=service)  # type: ignore[arg-type]
    with pytest.raises(SeethroughError, match=rf"logger={service} needs the package {service}: pip install"):
        build_loggers(config, {}, run)


@pytest.mark.parametrize(
    ("mode", "key", "offline", "said"),
    [("", None, True, 1), ("", "key", False, 0), ("offline", "key", True, 0), ("online", None, False, 0)],
)
def test_wandb_without_a_key_runs_offline_and_says_so_once(
    run: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    mode: str,
    key: str | None,
    offline: bool,
    said: int,
) -> None:
    made = MagicMock()
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(login=lambda prompt, verify: key is not None))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr("experiments.loggers.WandbLogger", made)
    monkeypatch.setenv("WANDB_MODE", mode)
    build_loggers(ExperimentConfig(logger="wandb"), {"seed": 3}, run)
    assert made.call_args.kwargs["mode"] == ("offline" if offline else None)
    assert made.call_args.kwargs["config"] == {"seed": 3}
    assert len(capsys.readouterr().out.splitlines()) == said


@pytest.mark.slow
def test_a_real_wandb_run_without_a_key(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("wandb")
    for name in ("WANDB_MODE", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(run.path / "no_netrc"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(run.path / "no_settings"))
    loggers = build_loggers(ExperimentConfig(logger="wandb"), {"seed": 3}, run)
    assert "logging offline" in capsys.readouterr().out
    for logger in loggers:
        logger.log_metrics({"segment/area": 1.0, "step": 3.0}, 3)
    log_images(loggers, "overlay", torch.rand(2, 3, 8, 8), 3)
    log_masks(loggers, "visible", torch.rand(2, 3, 8, 8), torch.ones(2, 1, 8, 8), 3)
    log_mesh(loggers, "face", Mesh(np.eye(3), np.array([[0, 1, 2]])), 3)
    log_table(loggers, "scores", ["row", "f1"], [["focus", 0.9]], 3)
    (run.path / "step_00000003.ckpt").write_bytes(b"weights")
    log_checkpoint(loggers, "a run", run.path / "step_00000003.ckpt", ["latest"])
    first = loggers[1].experiment
    remember_wandb_id(loggers, run)
    first.finish()
    (folder,) = run.path.glob("wandb/offline-run-*")
    assert list(folder.glob("run-*.wandb"))
    for kind in ("images/overlay_*.png", "images/mask/*.png", "object3D/*.glb", "table/scores_*.json"):
        assert list(folder.glob(f"files/media/{kind}")), kind
    again = build_loggers(ExperimentConfig(logger="wandb"), {"seed": 3}, run, begun=3)[1]
    assert again.version == first.id, "a run that goes on is the same one to W&B"


@pytest.mark.slow
def test_a_real_tensorboard(run: RunFolder) -> None:
    pytest.importorskip("tensorboard")
    loggers = build_loggers(ExperimentConfig(logger="tensorboard"), {"seed": 3}, run)
    log_images(loggers, "overlay", torch.rand(2, 3, 8, 8), 3)
    for logger in loggers:
        logger.log_metrics({"loss": 1.0}, 3)
        logger.finalize("success")
    assert list(run.path.glob("tensorboard/events.out.tfevents.*"))
