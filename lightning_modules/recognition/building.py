"""The network of the settings, and the weights that it may begin at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from lightning_modules.recognition.config import IMAGENET, AlexNetConfig, RecognitionConfig
from seethrough.errors import SeethroughError
from seethrough.networks.alexnet import AlexNet, load_imagenet
from seethrough.networks.bump_recogniser import BumpRecogniser


def build_recogniser(config: AlexNetConfig) -> BumpRecogniser:
    """Return the network of the settings.

    Raises:
        SeethroughError: weights that cannot be had, or that do not fit.
        ValueError: pictures too small for it.
    """
    network = AlexNet(config.image_size, config.form, config.width, config.hidden, config.kernel, config.stride)
    if config.weights is not None:
        load_imagenet(network, _weights(config.weights), config.weights)
    return BumpRecogniser(network, config.field, config.margin)


def without_download(config: RecognitionConfig) -> tuple[RecognitionConfig, str]:
    """Return settings that build the same network without a download, and a line on what is left out, or none."""
    if config.network.weights != IMAGENET or _cached().is_file():
        return config, ""
    said = (
        "torchvision's ImageNet weights of AlexNet are not on this machine: a training downloads them first; "
        "model.network.weights=null does without"
    )
    return replace(config, network=replace(config.network, weights=None)), said


def _weights(source: str) -> dict[str, Any]:
    from lightning_modules.checkpoint_reading import read_checkpoint

    if source != IMAGENET:
        if not Path(source).is_file():
            raise SeethroughError(f"model.network.weights={source}: no such file; name torchvision's alexnet .pth")
        return read_checkpoint(Path(source))
    from torchvision.models import AlexNet_Weights

    try:
        return dict(AlexNet_Weights.IMAGENET1K_V1.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise SeethroughError(
            f"torchvision's ImageNet weights of AlexNet cannot be had ({line}): name the file by "
            "model.network.weights=PATH, or begin without by model.network.weights=null"
        ) from None


def _cached() -> Path:
    import torch
    from torchvision.models import AlexNet_Weights

    name = str(AlexNet_Weights.IMAGENET1K_V1.url).rpartition("/")[2]
    return Path(torch.hub.get_dir()) / "checkpoints" / name
