"""From a run folder or a checkpoint file, ours or the authors', back to the translator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lightning_modules.bump.config import BumpConfig
from lightning_modules.bump.lightning_model import METHOD, BumpModule
from lightning_modules.bump.packing import DEFAULT, DEFAULT_RUN, default_checkpoint
from lightning_modules.bump.training_view import RELEASED_VIEW, TrainingView, view_of
from lightning_modules.checkpoint_reading import checkpoint_file, read_checkpoint
from seethrough.errors import SeethroughError
from seethrough.networks.bump_release import GENERATOR, released_translator
from seethrough.networks.sized_translator import SizedTranslator

_REMEDY = "train a translator with `python -m experiments.train preset/bump_small data/detail`, or take --bump default"


@dataclass(frozen=True)
class LoadedTranslator:
    """A translator with what it must be shown.

    Attributes:
        network: shows every image to the translator at the size that it learned from.
        view: crop and size of its training images.
        foundation: the preset of the foundation that its bumps are meant for, of ``seethrough.details.FOUNDATIONS``.
        source: the file.
    """

    network: SizedTranslator
    view: TrainingView
    foundation: str
    source: Path


def newest_checkpoint(path: str | Path) -> Path:
    """Return a checkpoint file: ``path`` itself, a run folder's newest, or the package's (``default``)."""
    return default_checkpoint() if str(path) in (DEFAULT, DEFAULT_RUN) else checkpoint_file(path, _REMEDY)


def load_bump_module(path: str | Path) -> BumpModule:
    """Build the module that a checkpoint describes, on the CPU and in eval mode; nothing is unpickled.

    Args:
        path: run folder, checkpoint file, or ``default``.

    Raises:
        SeethroughError: no checkpoint there, a truncated or foreign file, one of another version, or one that learned
            from other crops than this version cuts.
    """
    file = newest_checkpoint(path)
    return _module(read_checkpoint(file), file)


def load_translator(path: str | Path) -> LoadedTranslator:
    """Return the network of a run folder, of a checkpoint file, ``default``, or of the authors' own file.

    The authors' ``ckpt_109_grad.pth.tar`` wants crops of 500 px and, for its bumps, the foundation ``release``.

    Raises:
        SeethroughError: as :func:`load_bump_module`.
    """
    file = newest_checkpoint(path)
    content = read_checkpoint(file)
    if any(str(key).startswith(GENERATOR) for key in content):
        released = SizedTranslator(released_translator(content, file), RELEASED_VIEW.size)
        return LoadedTranslator(released, RELEASED_VIEW, "release", file)
    module = _module(content, file)
    assert module.view is not None
    # Weights that began as the authors' were taught the bumps of the training that followed.
    return LoadedTranslator(module.sized().eval(), module.view, "focus", file)


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
    module.view = view_of(checkpoint, file)
    return module.eval()
