from __future__ import annotations

import pytest
import torch

from seethrough.errors import SeethroughError
from seethrough.morphable import ParameterSizes
from seethrough.networks import RELEASE_SCALES, CoefficientScales, FaceEncoder

SIZES = ParameterSizes(identity=8, expression=5, albedo=6)


@pytest.mark.parametrize("size", [80, 96, 112, 128, 90])
def test_untrained_narrow_encoder_returns_the_mean_face(size):
    parameters = FaceEncoder(SIZES, "narrow", size)(torch.rand(3, 3, size, size))
    assert parameters.sizes == SIZES
    assert len(parameters) == 3
    assert not parameters.to_vector().any()


@pytest.mark.parametrize("architecture", ["resnet18", "mobilenetv3_small_050", "vit_tiny_patch16_224"])
def test_any_timm_network(architecture):
    encoder = FaceEncoder(SIZES, architecture, 64).eval()
    image = torch.rand(2, 3, 64, 64)
    assert not encoder(image).to_vector().any()
    torch.nn.init.normal_(encoder.head.weight)
    assert encoder(image).to_vector().std() > 0


def test_paper_encoder_size():
    """ResNet-50 without its classifier (23.51 M) and a layer of 2048 x 257 + 257 for the paper's 257 parameters."""
    with torch.device("meta"):
        encoder = FaceEncoder(ParameterSizes(80, 64, 80), "resnet50")
    assert encoder.sizes.total == 257
    assert sum(value.numel() for value in encoder.parameters()) == 23_508_032 + 2048 * 257 + 257


def test_scales_reach_their_coefficients():
    encoder = FaceEncoder(SIZES, "narrow", 80, {"albedo": 3.0, "translation_z": 0.005})
    torch.nn.init.ones_(encoder.head.bias)
    parameters = encoder(torch.rand(1, 3, 80, 80))
    assert parameters.identity.unique().tolist() == [1.0]
    assert parameters.albedo.unique().tolist() == [3.0]
    assert parameters.illumination.unique().tolist() == pytest.approx([0.3])
    assert parameters.rotation.unique().tolist() == pytest.approx([0.3])
    assert parameters.translation[0].tolist() == pytest.approx([10.0, 10.0, 0.005])


def test_release_scales():
    expected = CoefficientScales(1.0, 1.0, 3.0, 1.0, 0.3, 1.0, 0.005)
    assert expected == RELEASE_SCALES
    assert CoefficientScales.from_mapping(RELEASE_SCALES) is RELEASE_SCALES


def test_frozen_encoder_does_not_change():
    """In eval mode with gradients switched off, as while the segmentation network is trained."""
    encoder = FaceEncoder(SIZES, "narrow", 80)
    torch.nn.init.normal_(encoder.head.weight)
    encoder(torch.rand(4, 3, 80, 80))  # gives the batch statistics a history
    encoder.eval().requires_grad_(False)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    image = torch.rand(4, 3, 80, 80, requires_grad=True)
    together = encoder(image).to_vector()
    assert torch.allclose(together[:1], encoder(image[:1]).to_vector(), atol=1e-5)
    (gradient,) = torch.autograd.grad(together.sum(), image)
    assert gradient.abs().max() > 0
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_every_parameter_learns():
    encoder = FaceEncoder(SIZES, "narrow", 80)
    torch.nn.init.normal_(encoder.head.weight)
    encoder(torch.rand(4, 3, 80, 80)).to_vector().square().sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_scales_are_settings_and_not_in_the_checkpoint():
    names = FaceEncoder(SIZES, "narrow", 80, normalisation="imagenet").state_dict()
    assert not {"scale", "image_mean", "image_std"} & set(names)


def test_image_normalisation():
    plain = FaceEncoder(SIZES, "narrow", 80).eval()
    normalising = FaceEncoder(SIZES, "narrow", 80, normalisation="imagenet").eval()
    torch.nn.init.normal_(plain.head.weight)
    normalising.load_state_dict(plain.state_dict())
    image = torch.rand(2, 3, 80, 80)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    prepared = (image - mean[:, None, None]) / std[:, None, None]
    assert torch.allclose(normalising(image).to_vector(), plain(prepared).to_vector(), atol=1e-5)


def test_half_precision_keeps_large_translations_apart():
    encoder = FaceEncoder(SIZES, "narrow", 80, {"translation_z": 1000.0})
    with torch.autocast("cpu", dtype=torch.bfloat16):
        parameters = encoder(torch.rand(1, 3, 80, 80))
    assert parameters.translation.dtype == torch.float32


class TestMistakes:
    def test_unknown_architecture(self):
        with pytest.raises(SeethroughError, match="did you mean resnet50"):
            FaceEncoder(SIZES, "resnet5O")

    def test_unknown_scale(self):
        with pytest.raises(SeethroughError, match=r"'rotations'.*rotation"):
            FaceEncoder(SIZES, "narrow", 80, {"rotations": 1.0})

    def test_unknown_normalisation(self):
        with pytest.raises(SeethroughError, match="imagenet"):
            FaceEncoder(SIZES, "narrow", 80, normalisation="half")

    def test_narrow_has_no_pretrained_weights(self):
        with pytest.raises(SeethroughError, match="pretrained=false"):
            FaceEncoder(SIZES, "narrow", 80, pretrained=True)

    @pytest.mark.parametrize("kind", [OSError, Exception])  # clients of the hub raise errors of their own
    def test_no_network(self, monkeypatch, kind):
        import timm

        from seethrough.networks import timm_backbone

        def offline(*args, **kwargs):
            raise kind("could not reach the hub\nand a long story")

        monkeypatch.setattr(
            timm_backbone, "weights_are_here", lambda architecture: True
        )  # a cache may promise too much
        monkeypatch.setattr(timm, "create_model", offline)
        with pytest.raises(SeethroughError, match=r"resnet50.*could not reach the hub\).*pretrained=false") as raised:
            FaceEncoder(SIZES, "resnet50", pretrained=True)
        assert "\n" not in str(raised.value)

    def test_too_small(self):
        with pytest.raises(ValueError, match="too small"):
            FaceEncoder(SIZES, "narrow", 8)

    @pytest.mark.parametrize("shape", [(2, 3, 64, 64), (3, 80, 80), (2, 1, 80, 80)])
    def test_wrong_image_shape(self, shape):
        with pytest.raises(ValueError, match="80, 80"):
            FaceEncoder(SIZES, "narrow", 80)(torch.rand(shape))
