"""Generated files in the formats of the published one, which is not here."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from seethrough.errors import SeethroughError
from seethrough.networks import bump_release
from seethrough.networks.bump_release import load_release_translator, read_state, released_names, released_translator
from seethrough.networks.bump_translator import BumpTranslator
from tests.networks.legacy_checkpoints import Malicious, write_legacy, write_module


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> BumpTranslator:
    """A network of the released form, of two channels instead of sixteen, to keep files small."""
    monkeypatch.setattr(bump_release, "BumpTranslator", lambda mask_head: BumpTranslator(2, mask_head=mask_head))
    torch.manual_seed(0)
    return BumpTranslator(2, mask_head=True).eval()


def published(network: BumpTranslator) -> OrderedDict[str, Tensor]:
    """Return the state of a network under the released names, with the tensors that nothing needs."""
    own = network.state_dict()
    state = OrderedDict()
    for ours, theirs in released_names():
        for kind in ("weight", "bias"):
            state[f"Gnet.{theirs}.{kind}"] = own[f"{ours}.{kind}"].contiguous()
    state["Gnet.conv_block1_16.conv_down.weight"] = torch.zeros(3, 3, 3, 3)
    state["Dnet.conv1.weight"] = torch.zeros(4, 1, 3, 3)
    return state


def test_every_layer_has_a_released_name() -> None:
    ours = [name for name, _ in released_names()]
    layers = {name.rpartition(".")[0] for name in BumpTranslator(2, mask_head=True).state_dict()}
    assert sorted(ours) == sorted(layers)
    theirs = dict(released_names())
    assert theirs["encoder.0.first"] == "conv_block1_16.conv"
    assert theirs["encoder.6.down"] == "conv_block512_1024.conv_down"
    assert theirs["decoder.5.up"] == "up_block1024_512.conv0"
    assert theirs["decoder.0.second"] == "up_block32_16.conv2"
    assert theirs["mask_decoder.first"] == "up_block32_16_mask.conv"


def test_the_output_is_the_released_forward_pass(narrow: BumpTranslator) -> None:
    state = published(narrow)
    image = torch.rand(1, 3, 52, 52)

    def convolved(values: Tensor, name: str, stride: int = 1, padding: int = 1) -> Tensor:
        weight, bias = (state[f"Gnet.{name}.{kind}"] for kind in ("weight", "bias"))
        return functional.conv2d(values, weight, bias, stride, padding)

    widths = [16, 32, 64, 128, 256, 512, 1024]
    features = convolved(2 * image - 1, "conv_block1_16.conv", padding=7).relu()
    skips = [convolved(features, "conv_block1_16.conv2").relu()]
    for before, after in pairwise(widths):
        features = convolved(skips[-1], f"conv_block{before}_{after}.conv_down", stride=2).relu()
        for name in ("conv", "conv2"):
            features = convolved(features, f"conv_block{before}_{after}.{name}").relu()
        skips.append(features)
    for level in range(5, -1, -1):
        block = f"up_block{widths[level + 1]}_{widths[level]}"
        larger = convolved(functional.interpolate(features, scale_factor=2), f"{block}.conv0")
        features = torch.cat([larger, skips[level]], 1)
        for name in ("conv", "conv2"):
            features = convolved(features, f"{block}.{name}").relu()
    code = 255 * (convolved(features, "last_alt").tanh() + 1) / 2
    millimetres = (code - 127) * 1.25 / 12  # as the release makes points of its picture
    found = released_translator(state, "file")(image)
    assert found.std() > 1e-3
    assert torch.allclose(found, millimetres[..., 6:58, 6:58], atol=1e-4)


@pytest.mark.parametrize("form", ["python2", "legacy", "zip"])
def test_files_of_all_versions(narrow: BumpTranslator, tmp_path: Path, form: str) -> None:
    file = tmp_path / "ckpt.pth.tar"
    if form == "python2":
        write_legacy(file, published(narrow))
    else:
        torch.save(published(narrow), file, _use_new_zipfile_serialization=form == "zip")
    loaded = load_release_translator(file)
    image = torch.rand(1, 3, 40, 40)
    with torch.no_grad():
        one, other = loaded.translate(image), narrow.translate(image)
    assert torch.equal(one.bump, other.bump)
    assert one.mask is not None and other.mask is not None and torch.equal(one.mask, other.mask)
    assert not loaded.training


def test_code_is_not_run(tmp_path: Path) -> None:
    file, touched = tmp_path / "ckpt.pth.tar", tmp_path / "touched"
    for zipped in (False, True):
        torch.save({"Gnet.last_alt.weight": Malicious(touched)}, file, _use_new_zipfile_serialization=zipped)
        with pytest.raises(SeethroughError, match="more than weights"):
            load_release_translator(file)
    with pytest.raises(SeethroughError, match="more than weights"):
        load_release_translator(write_module(file))
    assert not touched.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"not a checkpoint"])
def test_files_that_are_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ckpt.pth.tar"
    file.write_bytes(content)
    with pytest.raises(SeethroughError, match=r"ckpt\.pth\.tar is truncated or not a checkpoint"):
        load_release_translator(file)
    with pytest.raises(SeethroughError, match="no bump network at"):
        load_release_translator(tmp_path / "absent")


def test_a_file_that_is_cut_off(narrow: BumpTranslator, tmp_path: Path) -> None:
    file = write_legacy(tmp_path / "ckpt.pth.tar", published(narrow))
    file.write_bytes(file.read_bytes()[:-4000])
    with pytest.raises(SeethroughError, match="is truncated or not a checkpoint"):
        load_release_translator(file)


def test_other_networks_are_told_apart(narrow: BumpTranslator, tmp_path: Path) -> None:
    state = published(narrow)
    del state["Gnet.up_block64_32.conv0.bias"]
    with pytest.raises(SeethroughError, match=r"Gnet.up_block64_32.conv0.bias \(4,\) is absent"):
        released_translator(state, "file")
    state["Gnet.up_block64_32.conv0.bias"] = torch.zeros(5)
    with pytest.raises(SeethroughError, match=r"has the shape \(5,\)"):
        released_translator(state, "file")
    torch.save({"epoch": 3}, tmp_path / "other.pth")
    with pytest.raises(SeethroughError, match="not a state of named tensors"):
        read_state(tmp_path / "other.pth")
