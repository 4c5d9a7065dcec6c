from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from seethrough.networks import bump_blocks
from seethrough.networks.bump_translator import BumpTranslator, millimetres, network_units


def small(**options) -> BumpTranslator:
    torch.manual_seed(0)
    return BumpTranslator(**{"width": 4, "depth": 3, **options}).eval()


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def copying(padding: int = 7, depth: int = 3) -> BumpTranslator:
    """Return a network whose output is a tenth of the red channel, carried by the skip of the first block alone."""
    network = BumpTranslator(width=2, depth=depth, padding=padding).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        first, last = network.encoder[0], network.decoder[0]
        first.first.weight[0, 0, 1, 1] = 1
        first.first.bias[0] = 1  # ReLU sees red + 1, never below 0
        first.second.weight[0, 0, 1, 1] = 1
        last.first.weight[0, 2, 1, 1] = 1  # the skip comes after the two channels from below
        last.second.weight[0, 0, 1, 1] = 1
        network.head.weight[0, 0, 1, 1] = 0.1
        network.head.bias[0] = -0.1
    return network


def test_the_papers_network_has_its_number_of_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    # They are counted, not used: drawing 38 million of them takes seconds.
    monkeypatch.setattr(nn.Conv2d, "reset_parameters", lambda layer: None)
    monkeypatch.setattr(bump_blocks, "initialise", lambda layer: None)
    both = BumpTranslator(mask_head=True)
    of_mask = sum(value.numel() for name, value in both.named_parameters() if name.startswith("mask_"))
    assert parameters(both) - of_mask == 37_750_497
    dead_convolution = 3 * 3 * 9 + 3
    assert parameters(both) + dead_convolution == 37_762_294
    assert (
        parameters(small(upsampling="transposed_3x3"))
        == parameters(small())
        < parameters(small(upsampling="transposed"))
    )


def test_sizes_inside_are_the_papers() -> None:
    network = BumpTranslator(width=2)
    shapes = []
    for block in (*network.encoder, *network.decoder):
        block.register_forward_hook(lambda module, given, out: shapes.append(tuple(out.shape[1:])))
    bump = network(torch.rand(1, 3, 500, 500))
    down = [(2 * 2**k, 512 // 2**k, 512 // 2**k) for k in range(7)]
    assert shapes == [*down, *down[-2::-1]]
    assert bump.shape == (1, 1, 500, 500) and network.margin == 6


@settings(max_examples=12, deadline=None)
@given(height=st.integers(1, 41), width=st.integers(1, 41), padding=st.integers(1, 9), depth=st.integers(2, 4))
def test_each_output_pixel_lies_on_its_input_pixel(height: int, width: int, padding: int, depth: int) -> None:
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height * width))
    with torch.no_grad():
        bump = copying(padding, depth)(image)
    red = 2 * image[:, :1] - 1
    assert torch.allclose(bump, millimetres(torch.tanh(0.1 * red)), atol=1e-5)


def test_an_impulse_answers_in_its_place() -> None:
    image = torch.zeros(1, 3, 21, 34)
    image[0, 0, 5, 27] = 1
    with torch.no_grad():
        bump = copying()(image)[0, 0]
    assert divmod(int(bump.argmax()), 34) == (5, 27)


@pytest.mark.parametrize("upsampling", ["resize", "transposed", "transposed_3x3"])
def test_a_shifted_image_gives_a_shifted_bump(upsampling: str) -> None:
    network = small(upsampling=upsampling, padding=3)
    wide = torch.rand(1, 3, 96, 104, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        left, right = network(wide[..., :96]), network(wide[..., network.stride * 2 :])
    reach = 32  # of three levels, generously
    shift = network.stride * 2
    one, other = left[..., reach + shift : 96 - reach], right[..., reach : 96 - reach - shift]
    assert one.shape[-1] > 8
    rows = slice(reach, 96 - reach)
    assert torch.allclose(one[..., rows, :], other[..., rows, :], atol=1e-5)
    assert one.std() > 1e-4


def test_only_the_margin_is_cut_off() -> None:
    network = small(padding=7)
    outputs: list[Tensor] = []
    network.head.register_forward_hook(lambda module, given, out: outputs.append(out))
    with torch.no_grad():
        bump = network(torch.rand(1, 3, 28, 28))
    assert outputs[0].shape[-2:] == (40, 40)
    assert torch.equal(bump, millimetres(torch.tanh(outputs[0]))[..., 6:34, 6:34])


def test_first_weights_are_glorots_and_biases_a_tenth() -> None:
    torch.manual_seed(0)
    network = BumpTranslator(width=16, depth=4)
    layer = network.decoder[2].first
    assert layer.weight.std().item() == pytest.approx((2 * 2 / (9 * (128 + 64))) ** 0.5, rel=0.03)
    biases = [value for name, value in network.named_parameters() if name.endswith("bias") and "head" not in name]
    assert len(biases) == 2 + 3 * 3 + 3 * 3
    assert all(bool((value == 0.1).all()) for value in biases)


@pytest.mark.parametrize(("code", "bump"), [(0, -13.2291667), (127, 0.0), (255, 13.3333333), (136.6, 1.0)])
def test_the_output_is_the_releases_code(code: float, bump: float) -> None:
    tanh = 2 * code / 255 - 1
    assert millimetres(tanh) == pytest.approx(bump)
    assert network_units(bump) == pytest.approx(tanh)


def test_a_small_output_begins_at_no_bump() -> None:
    with torch.no_grad():
        bump = small(small_output=True)(torch.rand(1, 3, 20, 20))
    assert bump.abs().max() < 1e-5


def test_the_mask_head_leaves_the_bump_as_it_is() -> None:
    both, alone = small(mask_head=True), small()
    alone.load_state_dict({k: v for k, v in both.state_dict().items() if not k.startswith("mask_")})
    image = torch.rand(2, 3, 19, 23)
    with torch.no_grad():
        translation = both.translate(image)
        assert torch.equal(translation.bump, alone(image))
    assert translation.mask is not None and translation.mask.shape == (2, 1, 19, 23)
    assert alone.translate(image).mask is None


def test_half_precision_keeps_fine_heights() -> None:
    network = small()
    image = torch.rand(1, 3, 20, 20)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        bump = network(image)
    assert bump.dtype == torch.float32
    assert (bump != bump.bfloat16().float()).float().mean() > 0.9, "the last layer computes in float32"
    with torch.no_grad():
        assert (bump - network(image)).abs().max() < 0.03 * 26.5


def test_groups_divide_any_width() -> None:
    for width in (3, 12, 20):
        network = BumpTranslator(width=width, depth=3, maximum_width=24, normalisation="group")
        assert torch.isfinite(network(torch.rand(1, 3, 16, 16))).all()


@pytest.mark.parametrize("settings", [{"width": 0}, {"depth": 1}, {"padding": 0}, {"upsampling": "no"}])
def test_what_cannot_be_built(settings: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        BumpTranslator(**{"width": 2, "depth": 2, **settings})


def test_images_only() -> None:
    with pytest.raises(ValueError, match="image"):
        small()(torch.rand(1, 1, 8, 8))
