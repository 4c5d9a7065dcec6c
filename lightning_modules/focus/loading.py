"""From a run folder or a checkpoint file back to networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lightning_modules.checkpoint_reading import checkpoint_file, read_checkpoint
from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.lightning_model import METHOD, FocusModule
from lightning_modules.focus.misfit_prior import attach_misfit_prior
from lightning_modules.focus.model_signature import refuse_other_model
from lightning_modules.focus.packing import DEFAULT, default_checkpoint
from lightning_modules.focus.torch_model import Focus
from seethrough.errors import SeethroughError


def newest_checkpoint(path: str | Path) -> Path:
    """Return a checkpoint file: ``path`` itself, the newest one of a run folder, or the package's for ``default``."""
    if str(path) == DEFAULT:
        return default_checkpoint()
    return checkpoint_file(path)


def load_focus_module(path: str | Path, *, perceptual: bool = False, misfit_prior: bool = True) -> FocusModule:
    """Build the module that a checkpoint describes, on the CPU, with its weights in float32; nothing is unpickled.

    Args:
        path: run folder, checkpoint file, or ``default``.
        perceptual: load the recognition network too, which only training needs.
        misfit_prior: load the run's misfit prior, where it has one.

    Raises:
        SeethroughError: no checkpoint there, a truncated or foreign file, one of another version or made with another
            face model, or a misfit prior that belongs to another checkpoint.
    """
    file = newest_checkpoint(path)
    checkpoint = read_checkpoint(file)
    config = checkpoint_config(checkpoint, file)
    # A checkpoint must open on another machine: its weights are its own, and what only training needs stays away.
    config.encoder.pretrained = False
    config.renderer.backend = "auto"
    if not perceptual:
        config.perceptual = "none"
    module = FocusModule(config)
    model = module.focus.face_renderer.model
    refuse_other_model(checkpoint.get("face_model_signature"), model, config.face_model.source, str(file))
    try:
        module.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        line = " ".join(str(error).split())[:200]
        raise SeethroughError(f"the weights in {file} do not fit their own settings ({line}): train again") from None
    module.em_step = int(checkpoint["em_step"])
    if misfit_prior:
        attach_misfit_prior(module, file, checkpoint, named=Path(path).is_file())
    return module.eval()


def checkpoint_config(checkpoint: dict[str, Any], file: Path) -> FocusConfig:
    """Return the settings that a checkpoint was trained with; raises ``SeethroughError`` if it is not one of FOCUS."""
    hyper = checkpoint.get("hyper_parameters", {})
    if hyper.get("method") != METHOD or not {"state_dict", "em_step"} <= checkpoint.keys():
        raise SeethroughError(f"{file} is not a checkpoint of the FOCUS method: name a run of experiments.train focus")
    try:
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(FocusConfig), hyper["config"]))
    except (OmegaConfBaseException, ValueError) as error:
        line = str(error).splitlines()[0]
        raise SeethroughError(f"{file} was written by another version ({line}): train again with this one") from None
    assert isinstance(config, FocusConfig)
    return config


def load_focus(path: str | Path) -> Focus:
    """Return the networks of a run folder or checkpoint file in eval mode."""
    return load_focus_module(path).focus.eval()
