"""Networks of timm where their weights are not at hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lightning_modules.focus.config import FocusConfig
from lightning_modules.focus.network_config import EncoderConfig
from lightning_modules.focus.pretrained_encoder import without_download
from seethrough.errors import SeethroughError
from seethrough.networks.timm_backbone import timm_backbone, weights_are_here


@pytest.fixture
def cached(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Files of the hub that are said to be on this machine."""
    names: set[str] = set()
    monkeypatch.setattr(
        "huggingface_hub.try_to_load_from_cache",
        lambda name, file, revision=None: f"/{file}" if file in names else None,
    )
    return names


def test_without_a_network_one_question_is_asked(cached: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def head(address: str, timeout: float) -> None:
        asked.append(timeout)
        raise ConnectionError("Name or service not known\nand many lines more")

    monkeypatch.setattr("huggingface_hub.utils.get_session", lambda: SimpleNamespace(head=head))
    monkeypatch.setattr("timm.create_model", lambda *_, **__: pytest.fail("it begins to download"))
    with pytest.raises(SeethroughError, match=r"\(Name or service not known\): .* model\.encoder\.pretrained=false$"):
        timm_backbone("resnet18", 64, pretrained=True)
    assert len(asked) == 1 and asked[0] <= 10


def test_a_check_builds_the_networks_without_a_download(cached: set[str]) -> None:
    config = FocusConfig(encoder=EncoderConfig("resnet18", pretrained=True))
    other, said = without_download(config)
    assert not other.encoder.pretrained and "'resnet18' are not on this machine" in said
    assert config.encoder.pretrained
    cached.add("model.safetensors")
    assert weights_are_here("resnet18") and without_download(config) == (config, "")
    for encoder in (EncoderConfig("narrow", pretrained=True), EncoderConfig("resnet18", pretrained=False)):
        settings = FocusConfig(encoder=encoder)
        assert without_download(settings) == (settings, "")
