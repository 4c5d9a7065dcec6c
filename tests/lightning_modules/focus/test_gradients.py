"""What becomes of a step's gradients: refused, summed over batches, clipped."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from pytorch_lightning.plugins.precision import MixedPrecision

from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.optimisation import OptimiserConfig
from seethrough.errors import SeethroughError
from tests.lightning_modules.focus.conftest import synthetic_batch
from tests.lightning_modules.focus.short_training import loader, trainer


def test_not_finite_loss_names_step_term_and_samples(focus_config, tmp_path):
    batch = synthetic_batch()
    batch["landmarks"] = batch["landmarks"] * torch.nan
    module = FocusModule(focus_config)
    broken = torch.utils.data.DataLoader([batch], batch_size=None)
    with pytest.raises(SeethroughError, match=r"'landmark' is not finite at step 0 \(samples 0-0, 0-1"):
        trainer(tmp_path).fit(module, broken)


def test_not_finite_gradient_names_the_term_and_spoils_nothing(focus_config, tmp_path):
    module = FocusModule(focus_config)
    terms = module._terms

    def crooked(phase, batch):
        found = terms(phase, batch)
        if module.em_step < 3:
            return found
        root = sum(value.square().sum() for value in module.focus.encoder.head.parameters()) * 0
        return {**found, "crooked": root.sqrt()}  # 0, with a slope of 0 / 0

    module._terms = crooked
    with pytest.raises(
        SeethroughError, match=r"the slope of loss term 'crooked' is not finite at step 3, .*\(samples 0-0, 0-1"
    ):
        trainer(tmp_path).fit(module, loader())
    assert module.em_step == 3
    assert all(value.isfinite().all() for value in module.focus.parameters())


def test_several_batches_make_one_step(focus_config, tmp_path):
    focus_config.schedule.last_stage, focus_config.accumulate_batches = "landmarks", 3
    module, seeds, heads = FocusModule(focus_config), [], []
    terms = module._terms

    def watched(phase, batch):
        seeds.append(torch.initial_seed())
        heads.append(module.focus.encoder.head.bias.detach().clone())
        return terms(phase, batch)

    module._terms = watched
    trainer(tmp_path).fit(module, loader())
    assert module.em_step == module.schedule.end_step
    assert len(heads) == 3 * module.em_step
    moved = [not torch.equal(one, other) for one, other in pairwise(heads)]
    assert moved == [(index + 1) % 3 == 0 for index in range(len(moved))]
    assert len(set(seeds)) == len(seeds), "each batch of a step draws its own random numbers"


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_clipping_and_accumulation_in_every_precision(focus_config, tmp_path, precision):
    """A step of plain SGD at rate 1 is as long as the clipped gradient.

    Lightning has no fp16 on a CPU: the scaler is its plugin's, which may skip steps until it has found its scale.
    """
    focus_config.schedule.last_stage, focus_config.schedule.landmark_steps = "landmarks", 10
    focus_config.accumulate_batches = 2
    focus_config.encoder_optimiser = OptimiserConfig("sgd", 1.0, shape="constant", clip_norm=1e-3)
    module, weights = FocusModule(focus_config), []
    terms = module._terms

    def watched(phase, batch):
        if module._part == 0:
            weights.append(torch.cat([value.detach().flatten().clone() for value in module.focus.encoder.parameters()]))
        return terms(phase, batch)

    module._terms = watched
    half = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu")) if precision == "16-mixed" else None
    options = {"plugins": [half]} if half is not None else {"precision": precision}
    trainer(tmp_path, **options).fit(module, loader())
    lengths = [float((after - before).norm()) for before, after in pairwise(weights)]
    taken = [length for length in lengths if length]
    assert len(taken) == 9 if precision != "16-mixed" else len(taken) >= 1
    assert taken == pytest.approx([1e-3] * len(taken), rel=0.01)
