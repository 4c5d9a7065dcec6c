"""How the work of a training on several devices is told on a machine that has none."""

from __future__ import annotations

import pytest

from experiments.building import build_data
from experiments.config.composition import compose
from experiments.scale import scale_lines


def lines(*overrides: str) -> list[str]:
    fixed = ["data.size=1000", "data.validation_size=22", "data.batch_size=10", "trainer.limit_val_batches=1.0"]
    composition = compose(["focus", "preset/small", "data/synthetic", "trainer/gpu"], [*fixed, *overrides])
    return scale_lines(composition, build_data(composition))


def test_sixteen_processes():
    assert lines("trainer.devices=8", "trainer.num_nodes=2", "data.workers=3") == [
        "16 processes (2 machines of 8), strategy ddp_find_unused_parameters_true, bf16-mixed; "
        "started by srun or torchrun it needs a name=NAME",
        "batches of 10 in each process, 160 together",
        # 6 * 160 = 960
        "an epoch: 1,000 training samples, 6 batches in each process, 60 samples; 40 left out, others in every epoch",
        # two full batches of 10 and one of 2 for 16 processes
        "validation: 22 samples, 0 to 10 in a process; each counts once",
        "loader processes: 3 of each process, 24 a machine",
    ]


def test_two_of_one_machine_by_their_indices():
    assert lines("trainer.devices='1,3'", "trainer.limit_train_batches=0.5", "data.validation_size=40")[:4] == [
        "2 processes (1 machine), strategy ddp_find_unused_parameters_true, bf16-mixed",
        "batches of 10 in each process, 20 together",
        "an epoch: 1,000 training samples, 50 batches in each process, 500 samples; "
        "trainer.limit_train_batches=0.5 ends it after 25",
        "validation: 40 samples, 20 in each process",
    ]


def test_one_process():
    found = lines("trainer.accelerator=cpu", "trainer.limit_val_batches=0")
    assert found == ["1 process, bf16-mixed", "batches of 10", "an epoch: 1,000 training samples, 100 batches"]


def test_methods_with_one_optimiser_take_plain_ddp_and_count_accumulated_batches():
    settings = ["trainer.devices=4", "trainer.accumulate_grad_batches=2", "data.batch_size=8"]
    composition = compose(["preset/bump_small", "data/detail"], settings)
    found = scale_lines(composition, build_data(composition))
    assert found[0].startswith("4 processes (1 machine), strategy ddp, ")
    assert found[1] == "batches of 8 in each process, 32 together; 2 of them a step, 64 samples"


@pytest.mark.parametrize("device", ["auto", "-1"])
def test_all_devices_of_this_machine(device, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert lines(f"trainer.devices={device}")[0].startswith("1 process (as this machine has no more; trainer.devices=")
