from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lightning_modules.focus.loading import load_focus_module
from lightning_modules.focus.misfit_prior import FILE_NAME, MisfitPrior, encoder_fingerprint
from lightning_modules.focus.model_signature import model_signature
from lightning_modules.packing import write_checkpoint
from tests.experiments.reconstruction_photos import save_network
from tools.checkpoint.command import main as checkpoint_tool

SIZE = 64
GAIN = 0.4
"""Identity deviations that the network's misfit prior takes off the first mode."""


@pytest.fixture(scope="session")
def network(tmp_path_factory) -> Path:
    """An untrained network in one file, which sees the mean face everywhere, with a misfit prior."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("network")
    run = save_network(folder / "small")
    module = load_focus_module(run)
    model = module.focus.face_renderer.model
    identity = torch.zeros(model.sizes.identity)
    identity[0] = GAIN
    fingerprint, signature = encoder_fingerprint(module.state_dict()), model_signature(model)
    error = torch.tensordot(identity, model.identity_basis, 1)
    prior = MisfitPrior(error, identity, "open", signature, 8, 0, 0, "step_00000001.ckpt", fingerprint)
    write_checkpoint(prior.as_dict(), run / FILE_NAME)
    packed = folder / "small.pt"
    assert checkpoint_tool(["pack", str(run), "--out", str(packed), "--note", "untrained", "--data", "nothing"]) == 0
    return packed


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
