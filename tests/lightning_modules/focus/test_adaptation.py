from __future__ import annotations

import copy

import pytest
import torch

from lightning_modules.focus.adaptation import (
    ANCHOR,
    ObservedBatches,
    adapt,
    adaptation_config,
    told_steps,
    write_adapted,
)
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.loading import load_focus_module
from lightning_modules.focus.phases import Phase
from seethrough.errors import SeethroughError
from tests.lightning_modules.focus.conftest import synthetic_batch

PHOTOS = [synthetic_batch(seed=seed) for seed in (1, 2, 3)]


def phases(config) -> list[tuple[Phase, int]]:
    return [(segment.phase, segment.end - segment.start) for segment in config.training_schedule().segments]


def test_cycles_keep_their_shares(focus_config):
    schedule = focus_config.schedule
    schedule.em_steps, schedule.cycle_segmentation_steps, schedule.cycle_reconstruction_steps = 920, 60, 400
    schedule.final_segmentation_steps = 80
    segment, encode = Phase.SEGMENT, Phase.RECONSTRUCT
    assert phases(adaptation_config(focus_config, 46)) == [(segment, 6), (encode, 34), (segment, 6)]
    assert phases(adaptation_config(focus_config, 980)) == [
        (segment, 60), (encode, 400), (segment, 60), (encode, 400), (segment, 60)
    ]  # fmt: skip
    schedule.final_segmentation_steps = 0
    assert phases(adaptation_config(focus_config, 2)) == [(segment, 1), (encode, 1)]
    focus_config.mask = "none"
    assert phases(adaptation_config(focus_config, 46)) == [(encode, 46)]
    focus_config.mask, focus_config.segmentation_in_em = "segmentation", False
    assert phases(adaptation_config(focus_config, 46)) == [(encode, 46)]
    assert focus_config.schedule.em_steps == 920


def test_how_many_steps_train_which_network_is_told(focus_config):
    schedule = focus_config.schedule
    schedule.em_steps, schedule.cycle_segmentation_steps, schedule.cycle_reconstruction_steps = 920, 60, 400
    schedule.final_segmentation_steps = 80
    assert told_steps(focus_config, 46) == "46 EM steps: 34 of the encoder, 12 of the segmentation network"
    assert told_steps(focus_config, 1) == "1 EM step: 0 of the encoder, 1 of the segmentation network"
    focus_config.segmentation_labels = "truth"
    told = told_steps(focus_config, 46)
    assert told == "46 EM steps of the encoder; the segmentation network, which true masks taught, stays as it is"
    focus_config.segmentation_labels, focus_config.mask = "preliminary", "none"
    assert told_steps(focus_config, 1) == "1 EM step of the encoder, the only network that this run's EM trains"


def test_rows_that_need_labels(focus_config):
    focus_config.segmentation_labels = "truth"
    assert phases(adaptation_config(focus_config, 20)) == [(Phase.RECONSTRUCT, 20)]
    focus_config.mask, focus_config.supervision.throughout = "truth", True
    config = adaptation_config(focus_config, 20)
    assert config.mask == "segmentation" and phases(config) == [(Phase.RECONSTRUCT, 20)]
    assert focus_config.mask == "truth"
    focus_config.segmentation_labels = "preliminary"
    with pytest.raises(SeethroughError, match="the photos to adapt to have no true masks"):
        adaptation_config(focus_config, 20)
    focus_config.segmentation_labels = "truth"
    for name in ("pretraining_steps", "cycle_segmentation_steps", "final_segmentation_steps"):
        setattr(focus_config.schedule, name, 0)
    with pytest.raises(SeethroughError, match="no segmentation network"):
        adaptation_config(focus_config, 20)
    with pytest.raises(SeethroughError, match="adapting in 0 steps"):
        adaptation_config(focus_config, 0)


def test_landmarks_hold_what_the_truth_has_held(focus_config):
    weights = focus_config.loss.weights
    weights.landmark = ANCHOR / 25
    assert adaptation_config(focus_config, 20).loss.weights.landmark == ANCHOR / 25
    focus_config.supervision.throughout = True
    assert adaptation_config(focus_config, 20).loss.weights.landmark == ANCHOR
    assert weights.landmark == ANCHOR / 25, "the run's own settings were changed"
    weights.landmark = 2 * ANCHOR
    assert adaptation_config(focus_config, 20).loss.weights.landmark == 2 * ANCHOR


def test_no_label_reaches_a_step(focus_config, monkeypatch):
    seen: list[set[str]] = []
    step = FocusModule.training_step

    def watched(self, batch, index):
        seen.append(set(batch))
        return step(self, batch, index)

    monkeypatch.setattr(FocusModule, "training_step", watched)
    adapt(FocusModule(focus_config), PHOTOS, 5, accelerator="cpu")
    assert seen == [{"image", "landmarks", "id"}] * 5


def test_adapting_moves_both_networks_repeatably_and_leaves_the_run_alone(focus_config):
    torch.manual_seed(0)
    module = FocusModule(focus_config).eval()
    module.em_step = 15
    module.focus.set_misfit_prior(torch.zeros(1, 3), torch.zeros(4))
    before = copy.deepcopy(module.state_dict())
    first, second = (adapt(module, PHOTOS, 8, seed=4, accelerator="cpu") for _ in range(2))
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
        assert torch.equal(first.state_dict()[name], second.state_dict()[name]), name
    for network in ("encoder", "segmentation"):
        assert any(
            not torch.equal(value, before[name])
            for name, value in first.state_dict().items()
            if name.startswith(f"focus.{network}.") and "num_batches" not in name
        ), network
    assert first.config == module.config and first.em_step == 15 and not first.training
    assert first.focus.misfit_prior is None and module.focus.misfit_prior is not None


def test_a_run_under_true_masks_adapts_under_its_network_and_keeps_it(focus_config):
    focus_config.mask = focus_config.segmentation_labels = "truth"
    focus_config.supervision.throughout, focus_config.schedule.supervised_steps = True, 3
    torch.manual_seed(0)
    module = FocusModule(focus_config)
    before = copy.deepcopy(module.state_dict())
    adapted = adapt(module, PHOTOS, 8, accelerator="cpu")
    moved = {name for name, value in adapted.state_dict().items() if not torch.equal(value, before[name])}
    assert moved and all(name.startswith("focus.encoder.") for name in moved)
    assert adapted.config == module.config


def test_labels_change_nothing(focus_config):
    torch.manual_seed(0)
    module = FocusModule(focus_config)
    bare = [{key: batch[key] for key in ("image", "landmarks", "id")} for batch in PHOTOS]
    with_labels, without = (adapt(module, photos, 4, accelerator="cpu") for photos in (PHOTOS, bare))
    for name, value in with_labels.state_dict().items():
        assert torch.equal(value, without.state_dict()[name]), name


def test_batches_come_round_again_and_know_their_epoch():
    epochs = []

    class Loader(list):
        def set_epoch(self, epoch):
            epochs.append(epoch)

    loader = Loader(PHOTOS[:2])
    batches = list(ObservedBatches(loader, 5))
    assert [batch["id"][0] for batch in batches] == ["1-0", "2-0", "1-0", "2-0", "1-0"]
    assert epochs == [0, 1, 2]
    with pytest.raises(SeethroughError, match="no photo to adapt to"):
        list(ObservedBatches([], 3))


def test_adapted_networks_are_a_checkpoint_like_any_other(focus_config, tmp_path):
    module = FocusModule(focus_config)
    adapted = adapt(module, PHOTOS, 3, accelerator="cpu")
    source = {"hyper_parameters": dict(module.hparams), "em_step": 15, "optimizer_states": [], "misfit_prior": {}}
    write_adapted(adapted, source, tmp_path / "adapted.pt", 3, "three photos")
    again = load_focus_module(tmp_path / "adapted.pt")
    assert again.em_step == 15
    image = PHOTOS[0]["image"]
    assert torch.equal(again.focus.predict(image).mask, adapted.focus.predict(image).mask)
    content = torch.load(tmp_path / "adapted.pt", weights_only=True)
    assert content["adapted"] == {"steps": 3, "photos": "three photos"} and "optimizer_states" not in content
