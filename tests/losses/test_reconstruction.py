from __future__ import annotations

import pytest
import torch

from seethrough.losses import (
    INNER_LIP,
    NOSE_RIDGE,
    landmark_loss,
    landmark_weights,
    perceptual_loss,
    pixel_loss,
    regulariser_loss,
)
from seethrough.morphable import FaceParameters, ParameterSizes


class TestPixel:
    target = torch.zeros(2, 3, 2, 2)
    rendered = torch.stack([torch.full((3, 2, 2), 0.1), torch.full((3, 2, 2), 0.2)])
    # 4 pixels of the first image, 1 half pixel of the second
    mask = torch.tensor([[[[1.0, 1.0], [1.0, 1.0]]], [[[0.5, 0.0], [0.0, 0.0]]]])

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, (4 * 0.1 + 0.5 * 0.2) * 3**0.5 / 4.5),
            ({"normalisation": "image_area"}, (0.1 + 0.5 * 0.2 / 1) * 3**0.5 / 2),
            ({"normalisation": "none"}, (0.4 + 0.1) * 3**0.5 / 2),
            ({"normalisation": "pixels"}, (0.4 + 0.1) * 3**0.5 / 8),
            ({"form": "squared", "normalisation": "none"}, (4 * 0.03 + 0.25 * 0.12) / 2),
            ({"form": "squared"}, (4 * 0.03 + 0.25 * 0.12) / 4.5),
        ],
    )
    def test_hand_computed(self, options, expected):
        assert pixel_loss(self.target, self.rendered, self.mask, **options) == pytest.approx(expected, rel=1e-5)
        each = pixel_loss(self.target, self.rendered, self.mask, **options, reduction="none")
        assert each.shape == (2,)
        assert each.mean() == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("form", ["norm", "squared"])
    @pytest.mark.parametrize("normalisation", ["batch_area", "image_area", "pixels", "none"])
    def test_empty_mask_and_equal_images(self, form, normalisation):
        rendered = self.rendered.clone().requires_grad_()
        mask = torch.zeros(2, 1, 2, 2, requires_grad=True)
        for target, weight in ((self.target, mask), (rendered.detach(), self.mask)):
            loss = pixel_loss(target, rendered, weight, form=form, normalisation=normalisation)
            (gradient,) = torch.autograd.grad(loss, rendered)
            assert loss == 0
            assert torch.equal(gradient, torch.zeros_like(gradient))

    @pytest.mark.parametrize("form", ["norm", "squared"])
    def test_gradcheck(self, form):
        generator = torch.Generator().manual_seed(0)
        inputs = [torch.rand(2, c, 3, 3, dtype=torch.float64, generator=generator).requires_grad_() for c in (3, 3, 1)]
        for normalisation in ("batch_area", "image_area", "pixels", "none"):
            options = {"form": form, "normalisation": normalisation}
            assert torch.autograd.gradcheck(lambda *a, options=options: pixel_loss(*a, **options), inputs)

    def test_bad_settings(self):
        with pytest.raises(ValueError, match="form"):
            pixel_loss(self.target, self.rendered, self.mask, form="cubic")
        with pytest.raises(ValueError, match="normalisation"):
            pixel_loss(self.target, self.rendered, self.mask, normalisation="both")
        with pytest.raises(ValueError, match="mask"):
            pixel_loss(self.target, self.rendered, self.mask[0])


class TestPerceptual:
    def test_hand_computed(self):
        first = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
        second = torch.tensor([[0.0, 2.0], [3.0, 0.0]])
        each = perceptual_loss(first, second, reduction="none")
        assert each.tolist() == pytest.approx([1.0, 1 - 0.5**0.5])
        assert perceptual_loss(first, second) == pytest.approx(1 - 0.5**0.5 / 2)

    def test_gradcheck(self):
        inputs = [torch.randn(2, 5, dtype=torch.float64).requires_grad_() for _ in range(2)]
        assert torch.autograd.gradcheck(perceptual_loss, inputs)

    def test_bad_shapes(self):
        with pytest.raises(ValueError, match="embeddings"):
            perceptual_loss(torch.rand(2, 3), torch.rand(2, 4))


class TestLandmarks:
    def test_weights(self):
        weights = landmark_weights()
        assert weights.sum() == 12 * 20 + 56
        assert (weights[list(NOSE_RIDGE + INNER_LIP)] == 20).all()
        release = landmark_weights(400.0, (28, 29, 30, *INNER_LIP))
        assert release[27] == 1
        assert release.sum() == 11 * 400 + 57

    def test_hand_computed(self):
        # One point of 68 is off by (3, 4) px of a 112-px crop: (6, 8) at 224 px; mean over 136 numbers.
        target = torch.rand(1, 68, 2) * 112
        rendered = target.clone()
        rendered[0, 30] += torch.tensor([3.0, 4.0])
        assert landmark_loss(target, rendered, 112) == pytest.approx(100 / 136, rel=1e-3)
        weighted = landmark_loss(target, rendered, 112, weights=landmark_weights())
        assert weighted == pytest.approx(2000 / 136, rel=1e-3)

    def test_one_loss_for_every_image_size(self):
        target, rendered = torch.rand(2, 68, 2), torch.rand(2, 68, 2)
        assert landmark_loss(80 * target, 80 * rendered, 80) == pytest.approx(
            float(landmark_loss(224 * target, 224 * rendered, 224)), rel=1e-5
        )

    def test_invalid_points_add_nothing(self):
        target, rendered = torch.rand(2, 68, 2), torch.rand(2, 68, 2).requires_grad_()
        valid = torch.ones(2, 68, dtype=torch.bool)
        valid[:, 10:] = False
        target[:, 10:] = float("nan")
        loss = landmark_loss(target, rendered, 224, valid=valid)
        (gradient,) = torch.autograd.grad(loss, rendered)
        assert loss.isfinite()
        assert torch.equal(gradient[:, 10:], torch.zeros(2, 58, 2))
        assert gradient[:, :10].abs().min() > 0

    def test_gradcheck(self):
        inputs = [torch.rand(2, 68, 2, dtype=torch.float64).requires_grad_() for _ in range(2)]
        weights = landmark_weights()
        valid = torch.arange(68).expand(2, -1) % 3 > 0
        assert torch.autograd.gradcheck(lambda *a: landmark_loss(*a, 80, weights=weights), inputs)
        assert torch.autograd.gradcheck(lambda *a: landmark_loss(*a, 80, weights=weights, valid=valid), inputs)

    def test_bad_shapes(self):
        with pytest.raises(ValueError, match="B, L, 2"):
            landmark_loss(torch.rand(2, 68, 2), torch.rand(2, 67, 2), 224)


class TestRegulariser:
    def test_hand_computed(self):
        parameters = FaceParameters.zeros(ParameterSizes(2, 3, 4), batch=2)
        parameters.identity[0] = 2.0  # 2 * 4
        parameters.albedo[1] = 1.0  # 4 * 1
        parameters.illumination[:] = 1.0
        parameters.translation[:] = 5.0
        assert regulariser_loss(parameters, reduction="none").tolist() == pytest.approx([8 / 224, 4 / 224])
        assert regulariser_loss(parameters) == pytest.approx(6 / 224)
        assert regulariser_loss(parameters, kinds=("identity",), divisor=1.0) == pytest.approx(4)
        everything = ("identity", "expression", "albedo", "illumination", "rotation", "translation")
        assert regulariser_loss(parameters, kinds=everything, divisor=1.0) == pytest.approx(6 + 27 + 75)

    def test_gradcheck(self):
        sizes = ParameterSizes(2, 3, 4)
        generator = torch.Generator().manual_seed(0)
        vector = torch.rand(2, sizes.total, dtype=torch.float64, generator=generator).requires_grad_()
        kinds = ("identity", "albedo", "rotation")
        assert torch.autograd.gradcheck(
            lambda v: regulariser_loss(FaceParameters.from_vector(v, sizes), kinds=kinds, reduction="none"), (vector,)
        )
