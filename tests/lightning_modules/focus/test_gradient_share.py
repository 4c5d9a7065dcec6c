from __future__ import annotations

import pytest
import torch

from lightning_modules.focus.gradient_share import with_gradient_share


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_value_passes_and_a_share_of_the_gradient_comes_back(share):
    value = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    shared = with_gradient_share(value, share)
    assert torch.equal(shared, value)
    (shared.square().sum() + value.sum()).backward()
    torch.testing.assert_close(value.grad, 1 + share * 2 * value.detach())
