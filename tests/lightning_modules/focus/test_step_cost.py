"""A step computes nothing that it does not need, and waits for the device only where it logs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.phases import Network, Phase
from seethrough.networks.alignment import ARCFACE_SIZE, arcface_chip
from seethrough.networks.perceptual import PerceptualNet
from tests.lightning_modules.focus.conftest import synthetic_batch

PHASES = [Phase.LANDMARKS, Phase.INITIALISE, Phase.PRETRAIN, Phase.SEGMENT, Phase.RECONSTRUCT]


class TinyRecognition(nn.Module):
    """A recognition network of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, stride=4), nn.Linear(4, 8)

    def shallow(self, chip):
        return self.first(chip)

    def forward(self, chip):
        return self.last(self.first(chip).mean((2, 3)))


@pytest.fixture
def recognition(monkeypatch) -> PerceptualNet:
    torch.manual_seed(0)
    network = PerceptualNet(TinyRecognition(), arcface_chip, ARCFACE_SIZE)  # type: ignore[arg-type]
    monkeypatch.setattr("lightning_modules.focus.lightning_model.load_perceptual_net", lambda name: network)
    return network


@pytest.fixture
def config(focus_config):
    loss = replace(focus_config.loss, identity_free_steps=0)
    return replace(focus_config, loss=loss, schedule=replace(focus_config.schedule, landmark_steps=2))


class OneBatch(torch.utils.data.IterableDataset):
    def __iter__(self):
        batch = synthetic_batch()
        while True:
            yield batch


class Watch(pl.Callback):
    """Train one step of a phase, and note which parts ran, how often, and whether with a graph."""

    def __init__(self, phase: Phase) -> None:
        self.phase = phase
        self.calls: Counter[str] = Counter()
        self.graphs: dict[str, list[bool]] = {}

    def run(self, module: FocusModule) -> None:
        trainer = pl.Trainer(
            accelerator="cpu",
            devices=1,
            max_steps=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[self],
        )
        trainer.fit(module, torch.utils.data.DataLoader(OneBatch(), batch_size=None))

    def on_train_start(self, trainer, module) -> None:
        module.em_step = next(k for k in range(module.schedule.total_steps) if module.schedule.phase(k) is self.phase)
        focus = module.focus
        self._note("encoder", focus.encoder, "forward", lambda result: result.identity)
        self._note("segmentation", focus.segmentation, "forward", lambda result: result)
        self._note("render", focus.face_renderer, "forward", lambda result: result.image)
        if module.perceptual is not None:
            self._note("shallow", module.perceptual, "shallow", lambda result: result)
            self._note("deep", module.perceptual, "deep", lambda result: result)

    def _note(self, name, owner, method, tensor_of) -> None:
        original = getattr(owner, method)

        def noting(*arguments, **named):
            result = original(*arguments, **named)
            self.calls[name] += 1
            self.graphs.setdefault(name, []).append(tensor_of(result).requires_grad)
            return result

        setattr(owner, method, noting)

    def on_train_batch_end(self, trainer, module, outputs, batch, index) -> None:
        self.gradients = {
            network: any(value.grad is not None for value in module._network(network).parameters())
            for network in Network
        }
        self.image_gradient = batch["image"].requires_grad
        trainer.should_stop = True


def watch(config, phase: Phase) -> Watch:
    step = Watch(phase)
    step.run(FocusModule(config))
    return step


def test_segmentation_step_runs_the_encoder_without_graph_and_no_deep_pass(config, recognition):
    step = watch(config, Phase.SEGMENT)
    assert step.calls == {"encoder": 1, "segmentation": 1, "render": 1, "shallow": 3}
    assert step.graphs["encoder"] == step.graphs["render"] == [False]
    assert sorted(step.graphs["shallow"]) == [False, True, True]  # the whole target needs no gradient
    assert step.gradients == {Network.RECONSTRUCTION: False, Network.SEGMENTATION: True}


def test_reconstruction_step_runs_the_segmentation_network_without_graph_and_no_shallow_pass(config, recognition):
    step = watch(config, Phase.RECONSTRUCT)
    assert step.calls == {"encoder": 1, "segmentation": 1, "render": 1, "deep": 2}
    assert step.graphs["segmentation"] == [False]
    assert sorted(step.graphs["deep"]) == [False, True]  # the target needs no gradient
    assert step.gradients == {Network.RECONSTRUCTION: True, Network.SEGMENTATION: False}
    assert not step.image_gradient


def test_mask_gradient_is_the_only_reason_for_a_graph_through_the_mask(config, recognition):
    through = replace(config, loss=replace(config.loss, mask_gradient=True))
    step = watch(through, Phase.RECONSTRUCT)
    assert step.graphs["segmentation"] == [True]
    assert step.gradients == {Network.RECONSTRUCTION: True, Network.SEGMENTATION: False}


def test_earlier_stages_run_what_they_use(config, recognition):
    assert watch(config, Phase.LANDMARKS).calls == {"encoder": 1}
    assert watch(config, Phase.INITIALISE).calls == {"encoder": 1, "render": 1, "deep": 2}
    assert watch(config, Phase.PRETRAIN).calls == {"encoder": 1, "segmentation": 1, "render": 1}


def test_terms_without_weight_cost_nothing(config, recognition):
    weights = replace(config.loss.weights, perceptual=0.0, distance=0.0, preserve=0.0)
    none = replace(config, loss=replace(config.loss, weights=weights))
    assert watch(none, Phase.RECONSTRUCT).calls["deep"] == 0
    assert watch(none, Phase.SEGMENT).calls["shallow"] == 0
    no_distance = replace(config, loss=replace(config.loss, weights=replace(config.loss.weights, distance=0.0)))
    assert watch(no_distance, Phase.SEGMENT).calls["shallow"] == 2


def test_frozen_recognition_weights_get_no_gradient(config, recognition):
    watch(config, Phase.RECONSTRUCT)
    assert all(not value.requires_grad and value.grad is None for value in recognition._network.parameters())


class HostWaits(TorchFunctionMode):
    """Note calls for which the host would have to wait for a GPU."""

    NAMES = frozenset(
        "item tolist __bool__ __float__ __int__ __index__ cpu nonzero unique tensor as_tensor new_tensor inv".split()
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(self, function, types, arguments=(), named=None):
        name = getattr(function, "__name__", "")
        if name.removeprefix("linalg_") in self.NAMES:
            self.found.append(name)
        elif name in ("__getitem__", "__setitem__"):
            index = arguments[1] if isinstance(arguments[1], tuple) else (arguments[1],)
            # A list becomes a tensor on the host first; a mask needs to be counted.
            if any(isinstance(part, list) or (torch.is_tensor(part) and part.dtype == torch.bool) for part in index):
                self.found.append(f"{name} by a list or mask")
        return function(*arguments, **(named or {}))


@pytest.mark.parametrize("phase", PHASES)
def test_steps_that_do_not_log_wait_for_nothing(config, recognition, monkeypatch, phase):
    waits: list[list[str]] = []
    original = FocusModule.training_step

    def watched(module, batch, index):
        module.em_step = next(k for k in range(1, module.schedule.total_steps) if module.schedule.phase(k) is phase)
        with monkeypatch.context() as patch, HostWaits() as mode:
            patch.setattr(FocusModule, "device", torch.device("cuda"))  # on the CPU it looks: that costs nothing there
            original(module, batch, index)
        waits.append(mode.found)

    module = FocusModule(config)
    monkeypatch.setattr(FocusModule, "training_step", watched)
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_steps=2,
        log_every_n_steps=1000,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, torch.utils.data.DataLoader(OneBatch(), batch_size=None))
    assert waits[-1] == []  # constants are copied in the first step
