"""From a run folder or a checkpoint file back to the recogniser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lightning_modules.checkpoint_reading import checkpoint_file, read_checkpoint
from lightning_modules.recognition.config import RecognitionConfig
from lightning_modules.recognition.lightning_model import METHOD, RecognitionModule
from seethrough.errors import SeethroughError


def checkpoint_config(checkpoint: dict[str, Any], file: Path) -> RecognitionConfig:
    """Return the settings that a checkpoint was trained with; raises ``SeethroughError`` if it is no recogniser."""
    hyper = checkpoint.get("hyper_parameters", {})
    if hyper.get("method") != METHOD or "state_dict" not in checkpoint:
        raise SeethroughError(
            f"{file} is not a checkpoint of a recogniser: name a run of experiments.train recognition"
        )
    try:
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(RecognitionConfig), hyper["config"]))
    except (OmegaConfBaseException, ValueError) as error:
        line = str(error).splitlines()[0]
        raise SeethroughError(f"{file} was written by another version ({line}): train again with this one") from None
    assert isinstance(config, RecognitionConfig)
    return config


def load_recogniser(path: str | Path) -> RecognitionModule:
    """Build the module that a checkpoint describes, on the CPU and in eval mode; nothing is unpickled.

    Args:
        path: run folder or checkpoint file.

    Raises:
        SeethroughError: no checkpoint there, or a truncated, foreign or other version's one.
    """
    file = checkpoint_file(path)
    checkpoint = read_checkpoint(file)
    config = checkpoint_config(checkpoint, file)
    # A checkpoint must open on another machine: its weights are its own.
    config.network.weights = None
    module, state = RecognitionModule(config), checkpoint["state_dict"]
    try:
        module.name_people(state.get("people", torch.zeros(0)))
        module.load_state_dict(state)
    except (RuntimeError, TypeError) as error:
        line = " ".join(str(error).split())[:200]
        raise SeethroughError(f"the weights in {file} do not fit their own settings ({line}): train again") from None
    return module.eval()
