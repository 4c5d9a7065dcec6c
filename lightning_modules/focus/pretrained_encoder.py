"""The download that a training may begin with."""

from __future__ import annotations

from dataclasses import replace

from lightning_modules.focus.config import FocusConfig


def without_download(config: FocusConfig) -> tuple[FocusConfig, str]:
    """Return settings that build the same networks without a download, and a line on the weights that are left out.

    The line is empty, and the settings are the same, where nothing would be downloaded.
    """
    encoder = config.encoder
    if not encoder.pretrained or encoder.architecture == "narrow":
        return config, ""
    import timm

    from seethrough.networks.timm_backbone import weights_are_here

    if not timm.is_model(encoder.architecture) or weights_are_here(encoder.architecture):
        return config, ""
    said = (
        f"the ImageNet weights of encoder '{encoder.architecture}' are not on this machine: a training downloads them "
        "first; model.encoder.pretrained=false does without"
    )
    return replace(config, encoder=replace(encoder, pretrained=False)), said
