"""The arithmetic that a step is compared with runs the networks as often as the step does, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch

from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Phase
from seethrough.networks.perceptual import PerceptualNet
from tests.lightning_modules.focus.conftest import focus_config, small_model_file, synthetic_batch  # noqa: F401
from tests.lightning_modules.focus.test_step_cost import config, recognition  # noqa: F401
from tools.benchmark.focus import joint_training
from tools.benchmark.focus.arithmetic import Arithmetic, needed_flop
from tools.benchmark.focus.setup import SMALL, step_of
from tools.benchmark.focus.step_timing import pooled, time_steps
from tools.benchmark.measuring import Times

PASSES = {
    Phase.LANDMARKS: {"encoder": 1},
    Phase.INITIALISE: {"encoder": 1, "deep": 2},
    Phase.PRETRAIN: {"encoder": 1, "segmentation": 1},
    Phase.SEGMENT: {"encoder": 1, "segmentation": 1, "shallow": 3},
    Phase.RECONSTRUCT: {"encoder": 1, "segmentation": 1, "deep": 2},
}


def counted(arithmetic: Arithmetic) -> Counter[str]:
    calls: Counter[str] = Counter()

    def count(name, owner, method):
        original = getattr(owner, method)

        def counting(*arguments):
            calls[name] += 1
            return original(*arguments)

        setattr(owner, method, counting)

    count("encoder", arithmetic.encoder, "forward")
    count("segmentation", arithmetic.segmentation, "forward")
    assert isinstance(arithmetic.recognition, PerceptualNet)
    count("deep", arithmetic.recognition, "of_chip")
    count("shallow", arithmetic.recognition, "shallow_of_chip")
    return calls


@pytest.mark.parametrize("phase", PASSES)
def test_arithmetic_has_the_passes_of_the_step(config, recognition, phase):  # noqa: F811
    arithmetic = Arithmetic(FocusModule(config), synthetic_batch())
    calls = counted(arithmetic)
    arithmetic.step(phase)
    assert calls == PASSES[phase]


def test_arithmetic_goes_back_through_a_copy_of_one_network_and_moves_no_weight(config, recognition):  # noqa: F811
    module = FocusModule(config)
    arithmetic = Arithmetic(module, synthetic_batch())
    before = [value.clone() for net in (arithmetic.encoder, arithmetic.segmentation) for value in net.parameters()]
    arithmetic.step(Phase.RECONSTRUCT)
    after = [*arithmetic.encoder.parameters(), *arithmetic.segmentation.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(value.grad is None for value in [*module.parameters(), *arithmetic.segmentation.parameters()])
    gradients = [value.grad for value in arithmetic.encoder.parameters()]
    assert all(gradient is not None for gradient in gradients) and any(gradient.any() for gradient in gradients)


def test_operations_and_bytes_are_counted(config, recognition):  # noqa: F811
    without = replace(config, loss=replace(config.loss, weights=replace(config.loss.weights, perceptual=0.0)))
    module, batch = FocusModule(without), synthetic_batch()
    arithmetic = Arithmetic(module, batch)
    landmarks = needed_flop(module, batch, Phase.LANDMARKS)
    # The stem alone: 5 x 5 x 3 products and additions for 8 channels of 16 x 16 pixels, forward and for its weights.
    assert landmarks > 2 * 2 * 75 * 8 * 16 * 16
    assert needed_flop(module, batch, Phase.RECONSTRUCT) > landmarks == needed_flop(module, batch, Phase.INITIALISE)
    weights = sum(value.numel() for value in arithmetic.encoder.parameters())
    images = 2 * 4 * 3 * 32 * 32
    assert arithmetic.least_bytes(Phase.LANDMARKS) == 4 * 10 * weights / 4 + images


def test_steps_are_timed_in_turn_with_the_arithmetic(config, recognition):  # noqa: F811
    module = FocusModule(config)
    phases: list[Phase] = []

    class Listener(Arithmetic):
        def step(self, phase: Phase) -> None:
            phases.append(phase)

    batch = synthetic_batch()
    plan = [step_of(module, Phase.SEGMENT), step_of(module, Phase.RECONSTRUCT)] * 3
    times = time_steps(module, batch, plan, Listener(module, batch))
    assert phases == [Phase.SEGMENT, Phase.RECONSTRUCT] * 3
    for phase in (Phase.SEGMENT, Phase.RECONSTRUCT):
        assert len(times.steps[phase].cpu) == len(times.arithmetic[phase].cpu) == 2  # the first one warms up
        assert min(times.steps[phase].cpu) > 0


def test_cycles_add_up_their_steps():
    times = {
        Phase.SEGMENT: Times(cpu=[1.0, 2.0], wall=[10.0, 20.0]),
        Phase.RECONSTRUCT: Times(cpu=[0.1, 0.2, 0.3, 0.4, 0.5], wall=[1.0] * 5),
    }
    cycles = pooled(times, {Phase.SEGMENT: 1, Phase.RECONSTRUCT: 2})
    assert cycles.cpu == pytest.approx([1.3, 2.7])
    assert cycles.wall == [12.0, 22.0]


@pytest.mark.slow
def test_whole_cycles_are_trained_on_a_device():
    setup = replace(SMALL, batch=2)
    row = joint_training.cycles_measured("two", setup, torch.device("cpu"), cycles=1)
    assert row.case == "two" and row.device == "the CPU, bfloat16" and row.reference_cpu_s is None
    assert 0 < row.wall_s < 60 and row.peak_mb > 100 and 0 < row.ceiling_fraction < 1
    module = setup.module()
    segment, reconstruct = (needed_flop(module, setup.faces(80), p) for p in (Phase.SEGMENT, Phase.RECONSTRUCT))
    assert row.flop == pytest.approx((segment + 5 * reconstruct) / 6)


def test_small_setup_is_the_preset():
    module = SMALL.module()
    batch = SMALL.faces(module.config.image_size)
    assert module.config.image_size == 80
    assert module.schedule.phase(step_of(module, Phase.SEGMENT)) is Phase.SEGMENT
    mask, landmarks = batch["mask"], batch["landmarks"]
    assert isinstance(mask, torch.Tensor)
    assert isinstance(landmarks, torch.Tensor)
    assert 0.2 < mask.mean() < 0.8
    assert landmarks.min() > 0
    assert landmarks.max() < 80
