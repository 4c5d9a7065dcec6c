"""Networks of timm without their classifier, and whether their ImageNet weights can be had."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from seethrough.errors import SeethroughError

_ANSWER_SECONDS = 5
_FILES = ("model.safetensors", "pytorch_model.bin")


def timm_backbone(architecture: str, image_size: int, pretrained: bool) -> tuple[nn.Module, int]:
    """Build a network without its classifier; return it and the length of its features.

    Args:
        architecture: name of a timm model.
        image_size: height and width of the pictures, px; transformers are built for it.
        pretrained: load ImageNet weights, from the network where this machine does not have them.

    Raises:
        SeethroughError: timm has no such model, or its weights cannot be had.
    """
    import timm

    if not timm.is_model(architecture):
        near = difflib.get_close_matches(architecture, ["narrow", *timm.list_models()], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "use narrow or a name from timm.list_models()"
        raise SeethroughError(f"unknown encoder architecture '{architecture}': {hint}")
    if pretrained and not weights_are_here(architecture):
        _refuse_without_network(architecture)
    options: dict[str, Any] = {"pretrained": pretrained, "num_classes": 0}
    try:
        try:
            backbone: Any = timm.create_model(architecture, img_size=image_size, **options)
        except TypeError:  # convolutional networks take no image size
            backbone = timm.create_model(architecture, **options)
    except Exception as problem:  # each version of the hub's client raises other errors where weights are not there
        if not pretrained:
            raise
        raise _no_weights(architecture, problem) from problem
    # Faster on a CPU and on tensor cores; layers without two-dimensional weights are left as they are.
    backbone.to(memory_format=torch.channels_last)
    return backbone, int(getattr(backbone, "head_hidden_size", None) or backbone.num_features)


def weights_are_here(architecture: str) -> bool:
    """Return whether the ImageNet weights of a timm model lie on this machine, so that nothing is downloaded."""
    import timm
    from huggingface_hub import try_to_load_from_cache

    config: Any = timm.get_pretrained_cfg(architecture)
    if config is None:
        return False
    repository = getattr(config, "hf_hub_id", None)
    if repository:
        name, _, revision = str(repository).partition("@")
        cached = (try_to_load_from_cache(name, file, revision=revision or None) for file in _FILES)
        return any(isinstance(path, str) for path in cached)
    url = getattr(config, "url", None) or ""
    return Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2]).is_file()


def _refuse_without_network(architecture: str) -> None:
    """Ask once whether there is a network: timm's download would try again and again for more than a minute."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=_ANSWER_SECONDS)
    except Exception as problem:  # of whichever client the hub's package uses
        raise _no_weights(architecture, problem) from None


def _no_weights(architecture: str, problem: Exception) -> SeethroughError:
    lines = str(problem).strip().splitlines()
    reason = lines[0][:120] if lines else type(problem).__name__
    return SeethroughError(
        f"no pretrained weights for encoder '{architecture}' here, and none to be had ({reason}): connect to "
        "the network once, or set model.encoder.pretrained=false"
    )
