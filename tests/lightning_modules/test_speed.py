from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from lightning_modules import speed


def test_images_a_second_and_the_share_of_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(speed.time, "perf_counter", lambda: now[0])
    trainer = SimpleNamespace(world_size=2, strategy=SimpleNamespace(root_device=torch.device("cpu")))
    measured = speed.Speed()
    measured.on_train_start(trainer, None)
    for _ in range(4):
        measured.stopwatch.start("[_TrainingEpochLoop].train_dataloader_next")
        now[0] += 0.5
        measured.stopwatch.stop("[_TrainingEpochLoop].train_dataloader_next")
        measured.on_train_batch_start(trainer, None, {"id": ["a", "b", "c"]}, 0)
        now[0] += 1.5
    measured.on_validation_start()
    now[0] += 70
    measured.on_validation_end()
    measured.stopwatch.start("save_checkpoint")
    now[0] += 9
    measured.stopwatch.stop("save_checkpoint")
    row = measured.measured(trainer)
    assert row == pytest.approx({"speed/images_per_second": 2 * 12 / 8, "speed/data_wait_share": 0.25})
    assert measured.measured(trainer) == {}, "nothing has happened since"
