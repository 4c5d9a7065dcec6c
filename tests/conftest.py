"""Settings that every test shares: one thread, fixed seeds, nothing that looks at the network or at an account."""

from __future__ import annotations

import os

# Read by the libraries when they are first imported, so before any of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["WANDB_MODE"] = "offline"

import random

import hypothesis
import numpy as np
import pytest
import torch

torch.set_num_threads(1)

# A slow shared core must not fail a property; the examples of one run are those of the next.
hypothesis.settings.register_profile("seethrough", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("seethrough")


@pytest.fixture(autouse=True)
def _fixed_seeds() -> None:
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  (libraries that draw from the global generator)
    torch.manual_seed(0)
