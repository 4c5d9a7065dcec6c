"""Whole commands in processes of their own."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
FAST = ["trainer.accelerator=cpu", "trainer.log_every_n_steps=1", "trainer.enable_progress_bar=false"]


def start(module: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, text=True, preexec_fn=_hear_ctrl_c,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _hear_ctrl_c() -> None:
    """Undo what shells do to commands in the background, which start with Ctrl-C ignored and pass that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def tiny(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    fixed = ["method=tiny", "dataset=points", f"out={tmp_path}", *FAST]
    return start("tests.experiments.tiny_train", *fixed, *arguments, **environment)


def test_a_mistake_is_one_line_and_code_2() -> None:
    process = start("experiments.train", "focus", "data/synthetc")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == "error: unknown config 'data/synthetc' (did you mean 'data/synthetic'?)\n"


@pytest.mark.slow
def test_two_processes_started_by_lightning(tmp_path: Path) -> None:
    process = tiny(tmp_path, "trainer.devices=2", "model.steps=4")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    runs = list(tmp_path.iterdir())
    assert len(runs) == 1, "the second process made a folder of its own"
    checkpoint = torch.load(runs[0] / "checkpoints/step_00000004.ckpt", weights_only=True)
    assert checkpoint["em_step"] == 4
    with (runs[0] / "metrics.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file) if row["loss"]] == ["1", "2", "3", "4"]
    assert out.count("finished: ") == 1
    assert "Traceback" not in err


@pytest.mark.slow
def test_two_processes_started_by_torchrun(tmp_path: Path) -> None:
    arguments = ["method=tiny", "dataset=points", f"out={tmp_path}", *FAST, "trainer.devices=2", "model.steps=4"]
    launch = ["--nproc-per-node=2", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    process = start("torch.distributed.run", *launch, "-m", "tests.experiments.tiny_train", *arguments, "name=pair")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert [path.name for path in tmp_path.iterdir()] == ["pair"]
    assert (tmp_path / "pair/checkpoints/step_00000004.ckpt").is_file()


@pytest.mark.slow
def test_ctrl_c_leaves_with_130(tmp_path: Path) -> None:
    process = tiny(tmp_path, "name=long", "trainer.devices=1", "model.steps=100000000")
    metrics = tmp_path / "long/metrics.csv"
    waited = time.monotonic() + 120
    while not metrics.is_file() and time.monotonic() < waited:
        time.sleep(0.2)
    assert metrics.is_file()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err


@pytest.mark.slow
def test_focus_on_two_processes(tmp_path: Path) -> None:
    settings = [
        "data.size=96", "data.validation_size=12", "data.batch_size=8", "data.render_processes=1",
        f"data.folder={tmp_path}/pools", "model.schedule.landmark_steps=2", "model.schedule.colour_steps=0",
        "model.schedule.initialisation_steps=2",
        "model.schedule.pretraining_steps=2", "model.schedule.em_steps=4", "model.schedule.cycle_segmentation_steps=1",
        "model.schedule.cycle_reconstruction_steps=2", "model.schedule.final_segmentation_steps=1",
        "trainer.limit_val_batches=1.0", "trainer.devices=2", f"out={tmp_path}/runs", "name=pair", *FAST,
    ]  # fmt: skip
    process = start("tests.experiments.focus_ranks", "focus", "preset/small", "data/synthetic", *settings)
    _, err = process.communicate(timeout=400)
    assert process.returncode == 0, err
    run = tmp_path / "runs/pair"
    first, second = ((run / f"rank{rank}.txt").read_text() for rank in (0, 1))
    assert first == second, "the processes ended with different weights"
    assert first.startswith("11 ")
    with (run / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for score in ("landmark_error_px", "mask_f1_occluded", "skill_over_mean_face_unoccluded"):
        assert any(row.get(f"validation/{score}") for row in rows), score
    terms = "landmarks/landmark", "initialise/pixel", "pretrain/preliminary", "segment/area", "reconstruct/pixel"
    for term in terms:
        assert any(row.get(term) for row in rows), term
