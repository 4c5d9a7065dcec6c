from __future__ import annotations

import pytest
import torch

from seethrough.networks import SegmentationUNet


@pytest.fixture
def small() -> SegmentationUNet:
    return SegmentationUNet(widths=(8, 16, 32, 48), convolutions=(1, 2, 2, 2))


def test_paper_size():
    """The paper's table: 34.5 M parameters; the sum over its layers is 34,528,769."""
    with torch.device("meta"):
        network = SegmentationUNet()
    assert sum(value.numel() for value in network.parameters()) == 34_528_769


def test_width_and_depth_name_the_same_network_as_widths():
    first, second = SegmentationUNet(width=8, depth=3), SegmentationUNet(widths=(8, 16, 32))
    shapes = [{name: value.shape for name, value in network.state_dict().items()} for network in (first, second)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("shape", [(80, 80), (81, 77), (7, 5), (224, 8), (1, 1)])
def test_any_image_size(small, shape):
    logits = small.eval()(torch.rand(2, 3, *shape), torch.rand(2, 3, *shape))
    assert logits.shape == (2, 1, *shape)
    assert logits.isfinite().all()


def test_repeating_the_border_is_what_padding_does(small):
    small.eval()
    rendered, target = torch.rand(1, 3, 13, 14), torch.rand(1, 3, 13, 14)
    padded = [torch.nn.functional.pad(image, (0, 2, 0, 3), mode="replicate") for image in (rendered, target)]
    assert torch.allclose(small(rendered, target), small(*padded)[..., :13, :14], atol=1e-6)


def test_mask_is_a_steep_sigmoid_of_the_logits(small):
    small.eval()
    images = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    assert torch.allclose(small.mask(*images), torch.sigmoid(5 * small(*images)))
    assert not torch.allclose(small.mask(*images), small.mask(*images[::-1]))


def test_dropout_only_in_training(small):
    images = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    small.eval()
    assert torch.equal(small(*images), small(*images))
    small.train()
    assert not torch.equal(small(*images), small(*images))


def test_frozen_network_does_not_change(small):
    """In eval mode with gradients switched off, as while the encoder is trained; the render still gets its gradient."""
    images = torch.rand(2, 3, 16, 16, requires_grad=True), torch.rand(2, 3, 16, 16)
    small(*images)
    small.eval().requires_grad_(False)
    before = {name: value.clone() for name, value in small.state_dict().items()}
    (gradient,) = torch.autograd.grad(small.mask(*images).sum(), images[0])
    assert gradient.abs().max() > 0
    for name, value in small.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_every_parameter_learns():
    network = SegmentationUNet(widths=(8, 16, 32), dropout=0.0)
    weight = torch.rand(2, 1, 16, 16)
    (network(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)) * weight).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        if "head" in name or name.endswith("0.weight"):
            assert parameter.grad.abs().max() > 0, name


def test_learns_a_mask_from_the_difference():
    """Thirty steps suffice to find a square that the render does not explain."""
    torch.manual_seed(0)
    network = SegmentationUNet(widths=(8, 16), convolutions=1, dropout=0.0)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    rendered = torch.rand(8, 3, 16, 16)
    target, label = rendered.clone(), torch.ones(8, 1, 16, 16)
    target[:, :, 4:10, 6:12] = torch.rand(8, 3, 6, 6)
    label[:, :, 4:10, 6:12] = 0
    for _ in range(30):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(5 * network(rendered, target), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert ((network.mask(rendered, target) > 0.5) == (label > 0.5)).float().mean() > 0.97


@pytest.mark.parametrize(
    "options", [{"depth": 1}, {"widths": (8, 0)}, {"widths": (8, 16), "convolutions": (1, 2, 2)}, {"convolutions": 0}]
)
def test_bad_settings(options):
    with pytest.raises(ValueError, match=r"expected|needs"):
        SegmentationUNet(**options)


@pytest.mark.parametrize("shapes", [((2, 3, 8, 8), (2, 3, 8, 9)), ((2, 1, 8, 8), (2, 1, 8, 8)), ((3, 8, 8), (3, 8, 8))])
def test_bad_shapes(small, shapes):
    with pytest.raises(ValueError, match="two"):
        small(torch.rand(shapes[0]), torch.rand(shapes[1]))
