from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lightning_modules.finite_losses import FiniteLosses
from seethrough.errors import SeethroughError

ROOT = Path(__file__).resolve().parents[2]
_PROCESS = """
import sys
import torch
from torch import distributed
from lightning_modules.finite_losses import FiniteLosses
from seethrough.errors import SeethroughError

rank = int(sys.argv[1])
distributed.init_process_group("gloo", init_method="file://" + sys.argv[2], rank=rank, world_size=2)
losses = FiniteLosses()
for step in range(4):
    bad = rank == 1 and step == 2
    losses.add(step, {"pixel": torch.tensor(float("nan") if bad else 1.0)}, [f"face{rank}{step}"])
    if step % 2:
        try:
            losses.check()
        except SeethroughError as error:
            print(step, error)
            break
distributed.barrier()
distributed.destroy_process_group()  # left to the interpreter's end, its threads sometimes abort
"""


def terms(**values: float) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}


def test_the_first_bad_step_is_named_with_its_term_and_samples():
    losses = FiniteLosses()
    losses.check()
    losses.add(7, terms(pixel=1.0, landmark=2.0), ["a", "b"])
    losses.check()
    losses.add(8, terms(pixel=1.0, landmark=2.0), ["c", "d"])
    losses.add(9, terms(pixel=1.0, landmark=float("inf")), ["e", "f"])
    losses.add(10, terms(pixel=float("nan")), ["g"])
    with pytest.raises(SeethroughError, match=r"'landmark' is not finite at step 9 \(samples e, f\)"):
        losses.check()
    losses.check()


def test_weights_that_a_gradient_has_spoilt_are_not_saved():
    losses, networks = FiniteLosses(), torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    losses.check_saved(networks, 4)
    root = networks(torch.zeros(1, 2)) * 0
    loss = root.square().sum().sqrt()  # 0, with a slope of 0 / 0
    losses.add(4, {"pixel": loss}, ["a"])
    loss.backward()
    torch.optim.SGD(networks.parameters(), lr=0.1).step()
    with pytest.raises(SeethroughError, match=r"weights '0\.weight' are not finite after 5 steps"):
        losses.check_saved(networks, 5)
    losses.add(5, terms(pixel=float("nan")), ["b"])
    with pytest.raises(SeethroughError, match="loss term 'pixel' is not finite at step 5"):
        losses.check_saved(networks, 6)


@pytest.mark.slow
def test_all_processes_stop_at_the_same_step(tmp_path):
    command = [sys.executable, "-c", _PROCESS]
    running = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "meet")], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1]
    assert said[0].startswith("3 loss term 'pixel' is not finite at step 2 (samples face12): ")
