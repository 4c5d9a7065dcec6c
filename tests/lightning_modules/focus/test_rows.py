"""What the rows of the tables change in a training, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lightning_modules.checkpointing import checkpoints_in
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Network, Phase
from seethrough.errors import SeethroughError
from seethrough.fitting.skin_colour import skin_colour_mask
from seethrough.losses import landmark_loss, landmark_weights, pixel_loss, preliminary_mask
from seethrough.morphable import FaceParameters
from tests.lightning_modules.focus.conftest import SIZE, synthetic_batch
from tests.lightning_modules.focus.short_training import Recorder, loader, trainer


@pytest.mark.parametrize(
    ("mask", "labels", "in_em", "segmentation_steps", "trained"),
    [
        ("segmentation", "preliminary", True, 5, False),
        ("segmentation", "preliminary", False, 2, True),
        ("segmentation", "truth", True, 5, False),
        ("truth", "truth", True, 5, True),
        ("truth", "preliminary", True, 0, False),
        ("none", "preliminary", True, 0, False),
        ("skin", "preliminary", True, 0, True),
        ("preliminary", "preliminary", True, 0, False),
    ],
)
def test_every_row_trains_the_encoder_alike(focus_config, tmp_path, mask, labels, in_em, segmentation_steps, trained):
    focus_config.mask, focus_config.segmentation_labels, focus_config.segmentation_in_em = mask, labels, in_em
    schedule = focus_config.training_schedule()
    assert schedule.network_steps(0, Network.RECONSTRUCTION)[1] == 3 + 3 + 4
    assert schedule.network_steps(0, Network.SEGMENTATION)[1] == segmentation_steps
    assert focus_config.has_segmentation == bool(segmentation_steps)
    if trained:
        module, recorder = FocusModule(focus_config), Recorder()
        trainer(tmp_path, callbacks=[recorder]).fit(module, loader())
        moved = [(encoder, segmentation) for _, encoder, segmentation in recorder.steps]
        assert moved.count((True, False)) == 10 == len(moved) - segmentation_steps
        assert moved.count((False, True)) == segmentation_steps


def pixel_term(module: FocusModule, phase: Phase, batch: dict) -> float:
    module.eval()
    return module._terms(phase, batch)["pixel"].item()


def test_masks_that_the_pixel_loss_sees(focus_config):
    batch, loss = synthetic_batch(), focus_config.loss
    loss.threshold = 0.2
    for name in ("none", "truth", "skin", "preliminary"):
        focus_config.mask = name
        torch.manual_seed(0)
        module = FocusModule(focus_config)
        module.em_step = module.schedule.end_step - 1
        rendering = module.focus.predict(batch["image"]).rendering
        likely = skin_colour_mask(batch["image"])
        expected = {
            "none": torch.ones_like(rendering.mask),
            "truth": batch["mask"],
            "skin": torch.where(likely > 0.5, 1.0, likely),
            "preliminary": preliminary_mask(batch["image"], rendering.image, rendering.mask, 0.2),
        }[name]
        assert 0 < (expected * rendering.mask).mean() <= rendering.mask.mean()
        value = pixel_loss(batch["image"], rendering.image, expected * rendering.mask, form="norm")
        assert pixel_term(module, Phase.RECONSTRUCT, batch) == pytest.approx(
            loss.weights.pixel * value.item(), rel=1e-5
        )


def test_threshold_of_the_initialisation_falls_geometrically(focus_config):
    focus_config.schedule.initialisation_steps = 100
    module = FocusModule(focus_config)
    thresholds = [module.step_terms.reconstruction.threshold(done, 100) for done in range(100)]
    assert thresholds[0] == pytest.approx(0.5) and thresholds[60] == pytest.approx(0.03) == thresholds[99]
    assert thresholds[30] == pytest.approx((0.5 * 0.03) ** 0.5)  # half of the fall is its geometric mean


@pytest.mark.parametrize("mask", ["segmentation", "none", "truth"])
def test_colour_steps_see_every_pixel_and_leave_the_geometry_to_landmarks(focus_config, mask):
    focus_config.mask = mask
    focus_config.schedule.colour_steps = 10
    focus_config.loss.identity_free_steps, focus_config.loss.identity_pixel_gradient = 0, 1.0
    module, batch = FocusModule(focus_config), synthetic_batch()
    first = module.em_step = focus_config.schedule.landmark_steps
    assert module.schedule.phase(first + 9) is Phase.COLOUR and module.schedule.phase(first + 10) is not Phase.COLOUR
    rendering = module.focus.predict(batch["image"]).rendering
    whole = focus_config.loss.weights.pixel * pixel_loss(batch["image"], rendering.image, rendering.mask, form="norm")
    terms = module._terms(Phase.COLOUR, batch)
    assert set(terms) == {"landmark", "regulariser", "pixel"}
    assert terms["pixel"].item() == pytest.approx(whole.item(), rel=1e-5)
    terms["pixel"].backward()
    gradient = module.focus.encoder.head.bias.grad
    assert gradient is not None
    pulled = FaceParameters.from_vector(gradient[None], module.focus.encoder.sizes)
    for name in ("identity", "expression", "rotation", "translation"):
        assert not getattr(pulled, name).any()
    assert pulled.albedo.all() and pulled.illumination.any()


def test_masked_form_of_the_initialisation_is_the_pixel_loss_under_the_preliminary_mask(focus_config):
    loss, batch = focus_config.loss, synthetic_batch()
    loss.initialisation_form, loss.initialisation_weight = "masked", None
    loss.pixel_form, loss.threshold, loss.threshold_start = "squared", 0.3, None
    module = FocusModule(focus_config)
    module.em_step = focus_config.schedule.landmark_steps
    rendering = module.focus.predict(batch["image"]).rendering
    mask = preliminary_mask(batch["image"], rendering.image, rendering.mask, 0.3)
    assert 0 < mask.sum() < rendering.mask.sum()
    expected = pixel_loss(batch["image"], rendering.image, mask, form="squared").item()
    assert pixel_term(module, Phase.INITIALISE, batch) == pytest.approx(loss.weights.pixel * expected, rel=1e-5)


def test_true_labels_teach_the_segmentation_network_the_true_mask(focus_config):
    focus_config.mask = focus_config.segmentation_labels = "truth"
    batch, module = synthetic_batch(), FocusModule(focus_config)
    optimiser = torch.optim.AdamW(module.focus.segmentation.parameters(), lr=0.02)
    for phase in [Phase.PRETRAIN, Phase.SEGMENT] * 20:
        optimiser.zero_grad()
        loss = module._terms(phase, batch)["supervised"]
        loss.backward()
        optimiser.step()
    module.eval()
    prediction = module.focus.predict(batch["image"])
    region = prediction.rendering.mask > 0
    agree = (prediction.mask[region] > 0.5) == (batch["mask"][region] > 0.5)
    everything = batch["mask"][region].mean()
    assert agree.float().mean() > (1 + everything) / 2  # less than half of the mistakes of "everything is face"
    del batch["mask"]
    with pytest.raises(SeethroughError, match=r"segmentation_labels=truth needs true masks"):
        module._terms(Phase.SEGMENT, batch)


def test_stages_one_by_one_learn_what_all_in_one_learn(focus_config, tmp_path):
    focus_config.segmentation.dropout = 0.3
    torch.manual_seed(5)
    whole = FocusModule(focus_config)
    start = whole.state_dict()
    start = {key: value.clone() for key, value in start.items()}
    trainer(tmp_path / "whole").fit(whole, loader())
    checkpoint, ends = None, []
    for stage in ("landmarks", "initialisation", "pretraining", "em"):
        focus_config.schedule.last_stage = stage
        torch.manual_seed(99)
        part = FocusModule(focus_config)
        if checkpoint is None:
            part.load_state_dict(start)
        folder = tmp_path / stage
        trainer(folder).fit(part, loader(), ckpt_path=checkpoint, weights_only=True)
        checkpoint = str(checkpoints_in(folder)[-1][1])
        ends.append(part.em_step)
    assert ends == [3, 6, 8, 15] and part.em_step == whole.em_step
    for (name, a), (_, b) in zip(whole.state_dict().items(), part.state_dict().items(), strict=True):
        assert torch.equal(a, b), name


def test_perceptual_terms_look_at_some_images_only(focus_config):
    focus_config.perceptual = "dlib"
    loss, batch = focus_config.loss, synthetic_batch()
    loss.perceptual_images = loss.segmentation_perceptual_images = 1
    module = FocusModule(focus_config).eval()
    seen = []
    for name in ("deep", "shallow"):
        original = getattr(module.perceptual, name)

        def watched(image, landmarks, original=original):
            seen.append(len(image))
            return original(image, landmarks)

        setattr(module.perceptual, name, watched)
    one = {key: value[:1] for key, value in batch.items() if isinstance(value, torch.Tensor)}
    some = module._terms(Phase.RECONSTRUCT, batch)
    assert seen == [1, 1]
    torch.testing.assert_close(some["perceptual"], module._terms(Phase.RECONSTRUCT, one)["perceptual"])
    terms = module._terms(Phase.SEGMENT, batch)
    assert seen[4:] == [1, 1, 1] and {"distance", "preserve"} <= terms.keys()


def test_weights_and_sums_that_are_settings_reach_the_losses(focus_config):
    loss, batch = focus_config.loss, synthetic_batch()
    other = replace(loss, landmark_weights=[3.0] * 68, pixel_normalisation="pixels")
    other = replace(other, neighbour_pixels="sum", binary_pixels="sum")
    modules = []
    for chosen in (loss, other):
        torch.manual_seed(0)
        modules.append(FocusModule(replace(focus_config, loss=chosen, mask="none")).eval())
    plain, changed = modules
    landmarks = plain.focus.face_renderer.geometry(plain.focus.encoder(batch["image"])).landmarks
    even = 3 * landmark_loss(batch["landmarks"], landmarks, SIZE)
    emphasised = landmark_loss(batch["landmarks"], landmarks, SIZE, weights=landmark_weights())
    for module, value in ((plain, emphasised), (changed, even)):
        term = module._terms(Phase.LANDMARKS, batch)["landmark"].item()
        assert term == pytest.approx(loss.weights.landmark * value.item(), rel=1e-5)
    first, second = (module._terms(Phase.SEGMENT, batch) for module in modules)
    for name in ("neighbour", "binary", "area"):  # the error at which a pixel is given up stays where it was
        assert second[name].item() == pytest.approx(first[name].item() * SIZE * SIZE, rel=1e-4)
    rendering = plain.focus.predict(batch["image"]).rendering
    expected = pixel_loss(batch["image"], rendering.image, rendering.mask, form="norm", normalisation="pixels")
    assert pixel_term(changed, Phase.RECONSTRUCT, batch) == pytest.approx(2.5 * expected.item(), rel=1e-5)
