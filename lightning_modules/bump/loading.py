"""From a run folder or a checkpoint file, ours or the authors', back to the translator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lightning_modules.bump.config import BumpConfig
from lightning_modules.bump.lightning_model import METHOD, BumpModule
from lightning_modules.checkpoint_reading import checkpoint_file, read_checkpoint
from seethrough.errors import SeethroughError
from seethrough.networks.bump_release import GENERATOR, released_translator
from seethrough.networks.bump_translator import BumpTranslator


def load_bump_module(path: str | Path) -> BumpModule:
    """Build the module that a checkpoint describes, on the CPU and in eval mode; nothing is unpickled.

    Args:
        path: run folder or checkpoint file.

    Raises:
        SeethroughError: no checkpoint there, a truncated or foreign file, or one of another version.
    """
    file = checkpoint_file(path)
    return _module(read_checkpoint(file), file)


def load_translator(path: str | Path) -> BumpTranslator:
    """Return the network of a run folder, of a checkpoint file, or of the authors' ``ckpt_109_grad.pth.tar``.

    Raises:
        SeethroughError: as :func:`load_bump_module`.
    """
    file = checkpoint_file(path)
    content = read_checkpoint(file)
    if any(str(key).startswith(GENERATOR) for key in content):
        return released_translator(content, file)
    return _module(content, file).translator


def checkpoint_config(checkpoint: dict[str, Any], file: Path) -> BumpConfig:
    """Return the settings that a checkpoint was trained with; raises ``SeethroughError`` if it is none of bump maps."""
    hyper = checkpoint.get("hyper_parameters", {})
    if hyper.get("method") != METHOD or "state_dict" not in checkpoint:
        raise SeethroughError(f"{file} is not a checkpoint of the bump method: name a run of experiments.train bump")
    try:
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(BumpConfig), hyper["config"]))
    except (OmegaConfBaseException, ValueError) as error:
        line = str(error).splitlines()[0]
        raise SeethroughError(f"{file} was written by another version ({line}): train again with this one") from None
    assert isinstance(config, BumpConfig)
    return config


def _module(checkpoint: dict[str, Any], file: Path) -> BumpModule:
    config = checkpoint_config(checkpoint, file)
    # A checkpoint must open on another machine: its weights are its own.
    config.translator.weights = None
    module = BumpModule(config)
    try:
        module.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        line = " ".join(str(error).split())[:200]
        raise SeethroughError(f"the weights in {file} do not fit their own settings ({line}): train again") from None
    return module.eval()
