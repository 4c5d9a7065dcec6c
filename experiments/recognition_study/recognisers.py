"""The recognisers of the study: trained here, one a seed, or named by the user."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from experiments.command_line import write_json
from experiments.config.composition import compose
from experiments.provenance import commit
from lightning_modules.recognition.lightning_model import RecognitionModule
from lightning_modules.recognition.loading import load_recogniser
from tools.reference_index.face_source import SourceFace

TRAINED = "trained.json"
PRESET = "preset/recognition_small"


def trained_recognisers(
    folder: Path, preset: str, seeds: Sequence[int], settings: Sequence[str]
) -> tuple[list[Path], float]:
    """Train what is not trained yet; a training that was stopped goes on.

    Args:
        folder: of the runs.
        preset: config of the recogniser.
        seeds: of the runs.
        settings: of ``data/people`` and of the training, ``key=value``.

    Returns:
        The runs, and the CPU seconds that they took.
    """
    from experiments.train import train

    runs, seconds = [], 0.0
    for seed in seeds:
        run = folder / f"seed{seed}"
        if not (run / TRAINED).is_file():
            given = [f"seed={seed}", f"out={folder}", f"name=seed{seed}", *settings]
            before = run.joinpath("cpu_seconds.json")
            spent = json.loads(before.read_text())["seconds"] if before.is_file() else 0.0
            start = time.process_time()
            try:
                train(compose([preset, "data/people"], [*given, "resume=auto"]))
            finally:
                spent += time.process_time() - start
                if run.is_dir():
                    write_json(before, {"seconds": spent})
            write_json(run / TRAINED, {"seconds": spent, "commit": commit(), "seed": seed})
        runs.append(run)
        seconds += json.loads((run / TRAINED).read_text(encoding="utf-8"))["seconds"]
    return runs, seconds


class Describer:
    """Describes bump maps by several recognisers.

    Args:
        runs: run folders or checkpoint files.

    Raises:
        SeethroughError: no recogniser there.
    """

    def __init__(self, runs: Sequence[str | Path]) -> None:
        self._modules: list[RecognitionModule] = [load_recogniser(run) for run in runs]

    @torch.inference_mode()
    def __call__(self, face: SourceFace, bumps: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return for each recogniser the (W, D) float32 descriptors of (S, S) bump maps of one face."""
        maps = torch.from_numpy(np.stack([np.asarray(bump, np.float32) for bump in bumps]))[:, None]
        mask = torch.from_numpy(face.mask).float().expand_as(maps)
        return [module(maps, mask).float().numpy() for module in self._modules]
