from __future__ import annotations

import pytest
import torch

from seethrough.losses import (
    area_loss,
    area_weight,
    binary_loss,
    distance_loss,
    neighbour_error,
    neighbour_loss,
    preserve_loss,
)


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.rand(2, 3, 8, 8, generator=generator) for _ in range(2))


def grey(values: list[list[float]]) -> torch.Tensor:
    return torch.tensor(values)[None, None].expand(1, 3, -1, -1)


class TestNeighbour:
    def test_hand_computed(self):
        # Constant images .2 apart: every error is .2 sqrt(3); half of the 16 pixels are kept.
        target, rendered = torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.3)
        mask = torch.zeros(1, 1, 4, 4)
        mask[..., :2] = 1
        assert neighbour_loss(target, rendered, mask) == pytest.approx(0.1 * 3**0.5, rel=1e-5)
        paper = neighbour_loss(target, rendered, mask, squared=True, pixels="sum")
        assert paper == pytest.approx(8 * 3 * 0.04, rel=1e-5)

    def test_release_form(self):
        # Images times the mask .5: errors halve; a window of 5 leaves 2 x 2 of 6 x 6 pixels.
        target, rendered = torch.full((1, 3, 6, 6), 0.5), torch.full((1, 3, 6, 6), 0.3)
        mask = torch.full((1, 1, 6, 6), 0.5)
        options = {"window": 5, "direction": "render_to_target", "masking": "images", "border": "drop"}
        assert neighbour_loss(target, rendered, mask, **options) == pytest.approx(0.1 * 3**0.5, rel=1e-5)
        total = neighbour_loss(target, rendered, mask, **options, pixels="sum")
        assert total == pytest.approx(4 * 0.1 * 3**0.5, rel=1e-5)

    def test_mask_gradient_is_the_error(self, images):
        mask = torch.full((2, 1, 8, 8), 0.7, requires_grad=True)
        (gradient,) = torch.autograd.grad(neighbour_loss(*images, mask), mask)
        assert torch.allclose(gradient, neighbour_error(*images) / (2 * 64))

    @pytest.mark.parametrize("direction", ["target_to_render", "render_to_target"])
    @pytest.mark.parametrize("squared", [False, True])
    @pytest.mark.parametrize(
        ("masking", "border", "pixels"),
        [("error", "clip", "mean"), ("images", "drop", "sum"), ("error", "drop", "sum")],
    )
    def test_gradcheck(self, masking, border, pixels, squared, direction):
        generator = torch.Generator().manual_seed(1)
        inputs = [torch.rand(1, c, 4, 4, dtype=torch.float64, generator=generator) for c in (3, 3, 1)]
        for value in inputs:
            value.requires_grad_()
        options = {"masking": masking, "border": border, "pixels": pixels, "squared": squared, "direction": direction}
        assert torch.autograd.gradcheck(lambda *a: neighbour_loss(*a, **options), inputs, eps=1e-7, atol=1e-5)

    def test_directions_differ_where_one_image_has_more_colours(self):
        # The target has a bright pixel that the render lacks: the target misses it, the render misses nothing.
        rendered = torch.zeros(1, 3, 3, 3)
        target = rendered.clone()
        target[..., 1, 1] = 0.5
        mask = torch.ones(1, 1, 3, 3)
        missed = neighbour_loss(target, rendered, mask, squared=True, pixels="sum")
        assert missed == pytest.approx(3 * 0.25)
        assert neighbour_loss(target, rendered, mask, direction="render_to_target", pixels="sum") == 0

    def test_empty_mask(self, images):
        for masking in ("error", "images"):
            mask = torch.zeros(2, 1, 8, 8, requires_grad=True)
            loss = neighbour_loss(*images, mask, masking=masking)
            (gradient,) = torch.autograd.grad(loss, mask)
            assert loss == 0
            assert gradient.isfinite().all()

    def test_a_border_wider_than_the_image(self):
        image = torch.rand(1, 3, 3, 3)
        assert neighbour_loss(image, image + 1, torch.ones(1, 1, 3, 3), window=5, border="drop") == 0

    def test_bad_settings(self, images):
        mask = torch.ones(2, 1, 8, 8)
        for option in ("masking", "border", "pixels"):
            with pytest.raises(ValueError, match=option):
                neighbour_loss(*images, mask, **{option: "odd"})
        with pytest.raises(ValueError, match="mask"):
            neighbour_loss(*images, mask[:, :, :4])
        with pytest.raises(ValueError, match="images"):
            neighbour_loss(images[0], images[1][..., :4], mask)


class TestDistance:
    def test_hand_computed(self):
        # Two places: parallel vectors (distance 0) and orthogonal ones (distance 1).
        first = torch.tensor([[1.0, 1.0], [0.0, 0.0]]).view(1, 2, 1, 2)
        second = torch.tensor([[3.0, 0.0], [0.0, 2.0]]).view(1, 2, 1, 2)
        assert distance_loss(first, second) == pytest.approx(0.5)
        assert preserve_loss(first, second) == pytest.approx(0.5)
        assert distance_loss(torch.tensor([[1.0, 0.0]]), torch.tensor([[-2.0, 0.0]])) == pytest.approx(2.0)

    def test_rows_divided_by_their_length(self):
        # Row lengths 5 (3, 4) and 1 (1, 0): place 1 compares (.6, 1) with (1, 1), place 2 (.8, 0) with (0, 0).
        first = torch.tensor([[3.0, 4.0], [1.0, 0.0]]).view(1, 2, 1, 2)
        second = torch.tensor([[1.0, 0.0], [1.0, 0.0]]).view(1, 2, 1, 2)
        cosine = (0.6 + 1) / (1.36 * 2) ** 0.5
        expected = ((1 - cosine) + 1) / 2
        assert distance_loss(first, second, normalise_rows=True) == pytest.approx(expected, rel=1e-5)

    def test_zero_vectors_are_equal_and_have_no_gradient(self):
        first, second = torch.zeros(1, 4, 2, 2, requires_grad=True), torch.zeros(1, 4, 2, 2)
        for options in ({}, {"normalise_rows": True}):
            loss = distance_loss(first, second, **options)
            (gradient,) = torch.autograd.grad(loss, first)
            assert loss == 0
            assert gradient.isfinite().all()

    @pytest.mark.parametrize("rows", [False, True])
    def test_gradcheck(self, rows):
        generator = torch.Generator().manual_seed(2)
        inputs = [torch.randn(2, 3, 2, 3, dtype=torch.float64, generator=generator).requires_grad_() for _ in range(2)]
        assert torch.autograd.gradcheck(lambda *a: distance_loss(*a, normalise_rows=rows), inputs)
        assert torch.autograd.gradcheck(lambda *a: preserve_loss(*a, normalise_rows=rows), inputs)

    def test_bad_shapes(self):
        with pytest.raises(ValueError, match="one shape"):
            distance_loss(torch.rand(1, 4), torch.rand(1, 5))


class TestArea:
    def test_hand_computed(self):
        # 8 rendered pixels in the first image, 4 of them kept by half: 1 - 2 / 8.
        region = torch.zeros(2, 1, 4, 4)
        region[0, :, :2] = 1
        mask = torch.zeros(2, 1, 4, 4)
        mask[0, :, 0] = 0.5
        mask[0, :, 3] = 1  # outside of the render: does not count
        assert area_loss(mask, region, reduction="none").tolist() == pytest.approx([0.75, 0.0])
        assert area_loss(mask, region) == pytest.approx(0.375)

    def test_break_even(self):
        """With the derived weight a pixel's gradient changes sign where its neighbour error passes the threshold."""
        region = torch.zeros(2, 1, 8, 8)
        region[0, :, 2:6, 2:6] = 1
        region[1, :, :, :5] = 1
        weights = area_weight(0.15, 15.0, region)
        assert weights.tolist() == pytest.approx([15 * 0.15 * 16 / 64, 15 * 0.15 * 40 / 64])
        for offset, sign in ((0.14, -1), (0.16, 1)):
            target = torch.full((2, 3, 8, 8), 0.5)
            rendered = target + offset / 3**0.5
            mask = (0.5 * region).requires_grad_()
            loss = (
                15 * neighbour_loss(target, rendered, mask)
                + (weights * area_loss(mask, region, reduction="none")).mean()
            )
            (gradient,) = torch.autograd.grad(loss, mask)
            assert (sign * gradient[region > 0] > 0).all()

    def test_squared_threshold(self):
        region = torch.ones(1, 1, 4, 4)
        assert area_weight(0.2, 10.0, region, squared=True).tolist() == pytest.approx([0.4])

    def test_gradcheck(self):
        mask = torch.rand(2, 1, 3, 3, dtype=torch.float64, requires_grad=True)
        region = torch.ones(2, 1, 3, 3, dtype=torch.float64)
        assert torch.autograd.gradcheck(lambda m: area_loss(m, region), (mask,))


class TestBinary:
    def test_hand_computed(self):
        mask = torch.tensor([0.0, 1.0, 0.5, 0.75]).view(1, 1, 2, 2)
        assert binary_loss(mask) == pytest.approx((0.5 + 0.25) / 4)
        assert binary_loss(mask, pixels="sum") == pytest.approx(0.75)
        assert binary_loss(mask, form="squared") == pytest.approx((0.25 + 0.1875) / 4)
        assert binary_loss(mask, form="squared", pixels="sum") == pytest.approx(0.4375)

    @pytest.mark.parametrize("form", ["absolute", "squared"])
    def test_gradcheck(self, form):
        mask = torch.tensor([0.1, 0.3, 0.7, 0.9], dtype=torch.float64).view(1, 1, 2, 2).requires_grad_()
        assert torch.autograd.gradcheck(lambda m: binary_loss(m, form=form), (mask,))
        assert torch.autograd.gradcheck(lambda m: binary_loss(m, form=form, pixels="sum"), (mask,))

    def test_bad_settings(self):
        mask = torch.rand(1, 1, 2, 2)
        with pytest.raises(ValueError, match="form"):
            binary_loss(mask, form="cubic")
        with pytest.raises(ValueError, match="pixels"):
            binary_loss(mask, pixels="none")
        with pytest.raises(ValueError, match="reduction"):
            binary_loss(mask, reduction="median")


def test_grey_images_of_one_row():
    """A mask that leaves out the badly explained pixel leaves out its loss."""
    target, rendered = grey([[0.2, 0.2, 0.2, 0.9]]), grey([[0.2, 0.2, 0.2, 0.2]])
    keep = torch.tensor([1.0, 1.0, 1.0, 0.0]).view(1, 1, 1, 4)
    assert neighbour_loss(target, rendered, keep) == pytest.approx(0)
    assert neighbour_loss(target, rendered, torch.ones_like(keep)) == pytest.approx(0.7 * 3**0.5 / 4, rel=1e-5)
