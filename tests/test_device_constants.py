from __future__ import annotations

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from seethrough.device_constants import constant_like, device_constant

CPU = torch.device("cpu")


def test_values_are_copied_once_for_each_type_and_place():
    first = device_constant((1.0, 2.0), torch.float32, CPU)
    assert first.tolist() == [1.0, 2.0]
    assert device_constant((1.0, 2.0), torch.float32, CPU) is first
    assert constant_like((1.0, 2.0), torch.zeros(1, dtype=torch.float64)).dtype == torch.float64
    assert device_constant((1.0, 2.0), torch.float32, torch.device("meta")).device.type == "meta"


def test_a_prediction_leaves_nothing_that_training_cannot_use():
    with torch.inference_mode():
        constant = device_constant(((3.0, 5.0),), torch.float32, CPU)
    weight = torch.ones(1, 2, requires_grad=True)
    (weight * constant).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[3.0, 5.0]]


def test_tensors_of_a_tracer_are_not_kept():
    with FakeTensorMode():
        device_constant((7.0,), torch.float32, CPU)
    assert type(device_constant((7.0,), torch.float32, CPU)) is torch.Tensor
