from __future__ import annotations

import math

import pytest
import torch

from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Phase
from lightning_modules.focus.supervision import SupervisedObjective
from lightning_modules.focus.torch_model import Focus
from seethrough.errors import SeethroughError
from seethrough.morphable import FaceParameters
from seethrough.rendering.lighting import FOCUS_AMBIENT
from tests.lightning_modules.focus.conftest import SIZE, synthetic_batch
from tests.lightning_modules.focus.short_training import Recorder, trainer


@pytest.fixture
def supervised(focus_config):
    focus_config.schedule.supervised_steps = 4
    focus_config.supervision.vertices = 10**6
    focus_config.renderer.ambient = FOCUS_AMBIENT
    return focus_config


def truth_of(batch) -> FaceParameters:
    return FaceParameters(**{name: value.clone() for name, value in batch["truth"]["parameters"].items()})


def test_the_truth_itself_costs_nothing_and_pulls_nowhere(supervised):
    batch = synthetic_batch(source=supervised.face_model.source)
    objective = SupervisedObjective(supervised, Focus(supervised))
    parameters = FaceParameters(*(value.requires_grad_() for value in truth_of(batch)))
    landmarks = batch["truth"]["landmarks"].clone().requires_grad_()
    terms = objective(parameters, landmarks, batch)
    assert set(terms) == {"identity", "expression", "albedo", "illumination", "landmark", "rotation", "translation"}
    assert all(value.item() == 0 for value in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    assert all(torch.equal(tensor.grad, torch.zeros_like(tensor)) for tensor in (*parameters, landmarks))


def test_terms_are_millimetres_pixels_and_radians(supervised):
    batch = synthetic_batch(source=supervised.face_model.source)
    focus = Focus(supervised)
    objective, weights = SupervisedObjective(supervised, focus), supervised.supervision.weights
    parameters = truth_of(batch)
    moved = parameters.with_changes(
        identity=parameters.identity[:, :2] + 0.3,  # two modes fitted of the four that were drawn
        rotation=parameters.rotation + 0.1,
        translation=parameters.translation - 5.0,
        illumination=parameters.illumination + 0.2,
    )
    terms = objective(moved, batch["truth"]["landmarks"] + torch.tensor([3.0, 4.0]), batch)
    full = focus.full_model
    distance = full.shape(moved.identity) - full.shape(parameters.identity)
    assert terms["identity"].item() == pytest.approx(weights.identity * distance.norm(dim=-1).mean().item(), rel=1e-4)
    assert terms["rotation"].item() == pytest.approx(weights.rotation * 0.1, rel=1e-4)
    assert terms["translation"].item() == pytest.approx(weights.translation * 5.0, rel=1e-4)
    assert terms["illumination"].item() == pytest.approx(weights.illumination * 0.04, rel=1e-3)
    assert terms["landmark"].item() == pytest.approx(weights.landmark * 5.0 * 224 / SIZE, rel=1e-4)


def test_another_ambient_light_is_made_up_for(supervised):
    """0.5 less ambient needs 0.5 / Y_00 more in the first coefficient of each channel."""
    batch = synthetic_batch(source=supervised.face_model.source)
    supervised.renderer.ambient = FOCUS_AMBIENT - 0.5
    objective = SupervisedObjective(supervised, Focus(supervised))
    parameters = truth_of(batch)
    light = parameters.illumination.clone()
    light[:, [0, 9, 18]] += 0.5 * math.sqrt(4 * math.pi)
    terms = objective(parameters.with_changes(illumination=light), batch["truth"]["landmarks"], batch)
    assert terms["illumination"].item() == pytest.approx(0, abs=1e-8)


def test_supervised_steps_come_first_and_learn(supervised, tmp_path):
    supervised.supervision.vertices = 16
    module, recorder = FocusModule(supervised), Recorder()
    keys = set(module.state_dict())
    source = supervised.face_model.source
    batch = synthetic_batch(source=source)
    before = sum(module._terms(Phase.SUPERVISE, batch).values()).item()
    data = torch.utils.data.DataLoader([batch] * 4, batch_size=None)
    trainer(tmp_path, callbacks=[recorder], max_steps=4).fit(module, data)
    assert [phase for phase, _, _ in recorder.steps] == [Phase.SUPERVISE] * 4
    assert all(encoder and not segmentation for _, encoder, segmentation in recorder.steps)
    assert module.schedule.phase(4) is Phase.LANDMARKS and set(module.state_dict()) == keys
    assert not any("supervised" in key for key in keys)
    assert sum(module._terms(Phase.SUPERVISE, batch).values()).item() < before


def test_data_without_the_same_truth_are_refused(supervised, tmp_path):
    batch = synthetic_batch(source="bfm.h5")
    with pytest.raises(SeethroughError, match=r"face model 'bfm\.h5' but .* is fitted"):
        FocusModule(supervised)._terms(Phase.SUPERVISE, batch)
    del batch["truth"]
    with pytest.raises(SeethroughError, match="supervised_steps needs the truth of synthetic data"):
        trainer(tmp_path).fit(FocusModule(supervised), torch.utils.data.DataLoader([batch], batch_size=None))


def test_supervision_can_stay_in_every_encoder_step(supervised):
    supervised.mask = "none"
    supervised.schedule.landmark_steps = 1
    batch = synthetic_batch(source=supervised.face_model.source)
    for phase in (Phase.LANDMARKS, Phase.RECONSTRUCT):
        supervised.supervision.throughout = False
        assert not any(name.startswith("true_") for name in FocusModule(supervised)._terms(phase, batch))
        supervised.supervision.throughout = True
        terms = FocusModule(supervised)._terms(phase, batch)
        assert terms["true_identity"] > 0
        assert {"landmark", "true_landmark"} <= terms.keys()
