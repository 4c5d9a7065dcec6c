from __future__ import annotations

import pytest
import torch

from seethrough.details.bump_pictures import HEAT_LIMIT, heat_map, relief

SIZE = 24


def test_heat_has_one_scale() -> None:
    bump = torch.zeros(1, 1, 1, 5)
    bump[0, 0, 0] = torch.tensor([-2 * HEAT_LIMIT, -HEAT_LIMIT, 0, HEAT_LIMIT, float("nan")])
    mask = torch.tensor([[[[1.0, 1, 1, 1, 0]]]])
    red, green, blue = heat_map(bump, mask)[0, :, 0]
    assert red[0] == red[1] and blue[0] == blue[1], "what is beyond the scale has its end's colour"
    assert red[3] > blue[3] and green[2] > 0.9
    assert (red[4], green[4], blue[4]) == (0, 0, 0)


def test_slopes_towards_the_light_are_bright() -> None:
    columns = torch.arange(float(SIZE)).expand(1, 1, SIZE, SIZE)
    mask, pixel = torch.ones(1, 1, SIZE, SIZE), torch.ones(1)

    def shade(bump: torch.Tensor) -> float:
        return relief(bump, mask, pixel)[0, 0, SIZE // 2, SIZE // 2].item()

    # The light comes from the upper left: a surface that comes nearer to the right faces the left.
    assert shade(0.5 * columns) > shade(torch.zeros_like(columns)) > shade(-0.5 * columns)
    assert shade(0.5 * columns.transpose(2, 3)) > shade(-0.5 * columns.transpose(2, 3))
    assert shade(torch.zeros_like(columns)) == pytest.approx(0.12 + 0.88 * 0.55 / (0.55**2 * 2 + 0.65**2) ** 0.5)


def test_the_foundations_form_is_drawn_and_its_border_is_not() -> None:
    rows, columns = torch.meshgrid(*[torch.linspace(-1, 1, SIZE)] * 2, indexing="ij")
    mask = (rows**2 + columns**2 < 0.8).float()[None, None]
    depth = (600 - 8 * (1 - rows**2 - columns**2).clamp_min(0))[None, None] * mask
    picture = relief(torch.zeros_like(depth), mask, torch.full((1,), 1.0), depth)[0]
    assert torch.equal(picture[0], picture[2])
    assert picture[0, 6, 6] > picture[0, 17, 17] > 0
    assert not picture[:, mask[0, 0] == 0].any()
    assert picture[0, :, -1].max() == 0
