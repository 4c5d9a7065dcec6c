from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from lightning_modules.checkpointing import checkpoints_in
from lightning_modules.focus.continuation import bare_schedule, continued, final_rate
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.loading import load_focus_module
from lightning_modules.focus.misfit_faces import FaceSpread, FaceStream, MisfitFaces, measured_batches
from lightning_modules.focus.misfit_prior import MisfitPrior, encoder_fingerprint, measure, read_misfit_prior
from lightning_modules.focus.misfit_training import MisfitSettings, build_misfit_prior, in_domain_config
from lightning_modules.focus.model_signature import model_signature
from lightning_modules.focus.packing import packed
from lightning_modules.focus.phases import Network, Phase
from lightning_modules.packing import write_checkpoint
from seethrough.errors import SeethroughError
from tests.lightning_modules.focus.conftest import synthetic_batch


@pytest.fixture
def run(focus_config, tmp_path):
    """A run folder with one checkpoint, and its module."""
    torch.manual_seed(0)
    module = FocusModule(focus_config)
    torch.nn.init.normal_(module.focus.encoder.head.weight, std=0.02)
    folder = tmp_path / "run"
    content = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams), "em_step": 15}
    write_checkpoint(content, folder / "checkpoints" / "step_00000015.ckpt")
    return folder, module.eval()


def prior_for(module: FocusModule, **changes) -> MisfitPrior:
    model = module.focus.face_renderer.model
    prior = MisfitPrior(
        error=torch.randn(model.vertex_count, 3),
        identity_error=torch.randn(model.sizes.identity),
        model=module.config.face_model.source,
        signature=model_signature(model),
        faces=10,
        steps=0,
        seed=0,
        checkpoint="step_00000015.ckpt",
        fingerprint=encoder_fingerprint(module.state_dict()),
    )
    return replace(prior, **changes)


def test_a_planted_bias_of_every_vertex_is_recovered(run):
    _, module = run
    model = module.focus.face_renderer.model
    faces = MisfitFaces(module.focus.face_renderer, FaceSpread(), seed=5)
    generator = torch.Generator().manual_seed(1)
    bias = torch.randn(model.vertex_count, 3, generator=generator)
    shift = torch.randn(model.sizes.identity, generator=generator)
    true = iter(list(measured_batches(faces, 60, 16)))

    def biased(image):
        _, vertices, identity = next(true)
        noise = 0.5 * torch.randn(vertices.shape, generator=generator)
        return vertices + bias + noise, identity + shift

    error, identity_error = measure(biased, measured_batches(faces, 60, 16))
    assert (error - bias).square().mean().sqrt() == pytest.approx(0.5 / 60**0.5, rel=0.2)
    torch.testing.assert_close(identity_error, shift, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="no faces"):
        measure(biased, [])


def test_a_biased_network_is_corrected(run, tmp_path):
    """An encoder that adds the same identity to every face gets exactly that face as its prior."""
    _, module = run
    torch.nn.init.zeros_(module.focus.encoder.head.weight)
    shift = torch.tensor([0.7, -0.4, 0.2, 0.1])
    with torch.no_grad():
        module.focus.encoder.head.bias[:4] = shift
    settings = MisfitSettings(faces=8, steps=0)
    prior = build_misfit_prior(module, tmp_path / "step_00000015.ckpt", settings, tmp_path / "work")
    # Opposite identities cancel, so what is left is the planted bias alone.
    torch.testing.assert_close(prior.identity_error, shift, atol=1e-5, rtol=0)
    model = module.focus.face_renderer.model
    planted = torch.tensordot(shift, model.identity_basis, 1)
    torch.testing.assert_close(prior.error, planted, atol=1e-4, rtol=0)
    module.focus.set_misfit_prior(prior.error, prior.identity_error)
    parameters = module.focus.predict(synthetic_batch()["image"]).parameters
    plain, corrected = (module.focus.neutral(parameters, misfit_prior=each) for each in (False, True))
    torch.testing.assert_close(plain - corrected, planted.expand_as(plain), atol=1e-4, rtol=0)
    torch.testing.assert_close(corrected, model.mean.expand_as(corrected), atol=1e-3, rtol=0)
    assert not any("misfit" in name for name in module.state_dict())


def test_faces_depend_on_seed_and_index_alone(run):
    _, module = run
    faces = MisfitFaces(module.focus.face_renderer, FaceSpread(), seed=2)
    together, alone = faces.batch(range(4)), faces.batch([3])
    assert torch.equal(together["parameters"].to_vector()[3:], alone["parameters"].to_vector())
    torch.testing.assert_close(together["image"][3:], alone["image"])
    identity = together["parameters"].identity
    assert torch.equal(identity[0], -identity[1]) and not torch.equal(identity[0], identity[2])
    other = MisfitFaces(module.focus.face_renderer, FaceSpread(), seed=3).batch([3])
    assert not torch.equal(other["image"], alone["image"])
    assert 0 <= together["image"].min() and together["image"].max() <= 1
    still = MisfitFaces(module.focus.face_renderer, FaceSpread(rotation=(0, 0, 0)), seed=2).batch([3])
    assert torch.equal(still["parameters"].identity, alone["parameters"].identity)
    assert still["parameters"].rotation.abs().max() == 0


def test_training_shows_other_faces_than_the_measurement_and_goes_on_where_it_was(run):
    _, module = run
    faces = MisfitFaces(module.focus.face_renderer, FaceSpread(), seed=2)
    batches = iter(FaceStream(faces, 3, 10, 2))
    first, second = next(batches), next(batches)
    assert first["id"] == [f"misfit-{n:07d}" for n in (10, 11, 12)]
    assert set(first) == {"image", "landmarks", "id"}
    stream = FaceStream(faces, 3, 10, 2)
    stream.load_state_dict({"batches": 1})
    assert torch.equal(next(iter(stream))["image"], second["image"])
    assert stream.state_dict() == {"batches": 2} and len(stream) == 2
    assert list(stream) == []


def test_syn_trains_as_the_run_ended_without_mask(focus_config):
    focus_config.loss.landmark_final_fraction = 0.5
    focus_config.mask, focus_config.segmentation_labels = "segmentation", "truth"
    config = in_domain_config(focus_config, 5)
    assert {segment.phase for segment in config.training_schedule().segments} == {Phase.RECONSTRUCT}
    assert config.training_schedule().end_step == 5
    assert config.loss.weights.landmark == pytest.approx(0.01) and config.loss.landmark_final_fraction == 1
    assert config.loss.identity_free_steps == 0  # pixels moved the identity at the end of the run
    focus_config.loss.identity_free_steps = 10_000
    assert in_domain_config(focus_config, 5).loss.identity_free_steps == 5
    assert focus_config.schedule.em_steps == 6  # the run's own settings stay


def test_truth_that_taught_a_run_to_its_end_teaches_syn_too(run, tmp_path, monkeypatch):
    """Else the prior tells what another pipeline gets wrong. Its truth costs nothing where the prediction is true."""
    folder, module = run
    seen: list[set[str]] = []
    terms = FocusModule._terms

    def watched(self, phase, batch):
        result = terms(self, phase, batch)
        seen.append(set(result))
        if "truth" in batch:
            true = MisfitFaces(self.focus.face_renderer, FaceSpread(), 0).batch(range(2, 4))
            costs = self.supervised(true["parameters"], true["landmarks"], batch)
            assert all(value.item() == pytest.approx(0, abs=1e-4) for value in costs.values()), costs
        return result

    monkeypatch.setattr(FocusModule, "_terms", watched)
    settings = MisfitSettings(faces=2, steps=1, batch_size=2)
    file = folder / "checkpoints" / "step_00000015.ckpt"
    for number, throughout in enumerate((False, True)):
        module.config.supervision.throughout = throughout
        build_misfit_prior(module, file, settings, tmp_path / str(number), accelerator="cpu")
    without, with_truth = seen
    assert not any(name.startswith("true_") for name in without)
    assert {name for name in with_truth if name.startswith("true_")} >= {"true_identity", "true_landmark"}
    assert without < with_truth
    assert not continued(module.config, bare_schedule(em_steps=3)).is_supervised  # photos have no truth


def test_the_error_is_measured_on_the_device_of_the_training(run, tmp_path, monkeypatch):
    _, module = run
    devices = []

    def measured(faces, count, batch_size):
        devices.append(faces.renderer.model.mean.device.type)
        image, vertices, identity = torch.zeros(2, 3, 8, 8), torch.zeros(2, 5, 3), torch.zeros(2, 4)
        yield image, vertices, identity

    trainer = SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device("meta")))
    training = "lightning_modules.focus.misfit_training"
    monkeypatch.setattr(f"{training}._trainer", lambda *_: trainer)
    monkeypatch.setattr(f"{training}.measured_batches", measured)
    monkeypatch.setattr(f"{training}.measure", lambda predict, batches: next(batches)[1:])
    build_misfit_prior(module, tmp_path / "step_00000015.ckpt", MisfitSettings(faces=2, steps=0), tmp_path / "work")
    assert devices == ["meta"]


def test_rates_after_a_run(focus_config):
    encoder = focus_config.encoder_optimiser
    encoder.shape, encoder.photometric_learning_rate, encoder.final_fraction = "cosine", 5e-4, 0.01
    assert final_rate(focus_config, Network.RECONSTRUCTION).learning_rate == pytest.approx(5e-5)
    encoder.shape = "constant"
    rate = final_rate(focus_config, Network.RECONSTRUCTION)
    assert (rate.learning_rate, rate.shape, rate.photometric_learning_rate) == (pytest.approx(5e-4), "constant", None)
    assert final_rate(focus_config, Network.SEGMENTATION).learning_rate == pytest.approx(2e-3)
    assert continued(focus_config, bare_schedule(em_steps=3)).training_schedule().end_step == 3


def test_built_again_after_an_interruption_it_is_the_same(run, tmp_path, monkeypatch):
    folder, module = run
    file = folder / "checkpoints" / "step_00000015.ckpt"
    monkeypatch.setattr("lightning_modules.focus.misfit_training.SAVE_EVERY", 2)
    settings = MisfitSettings(faces=4, steps=4, batch_size=2, seed=1)
    whole = build_misfit_prior(module, file, settings, tmp_path / "whole", accelerator="cpu")
    assert whole.error.abs().max() > 0 and whole.checkpoint == "step_00000015.ckpt"

    steps = FocusModule.training_step

    def interrupted(self, batch, index):
        if self.em_step == 2:
            raise KeyboardInterrupt
        return steps(self, batch, index)

    monkeypatch.setattr(FocusModule, "training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_misfit_prior(module, file, settings, tmp_path / "cut", accelerator="cpu")
    monkeypatch.setattr(FocusModule, "training_step", steps)
    assert [step for step, _ in checkpoints_in(tmp_path / "cut")] == [2]
    again = build_misfit_prior(module, file, settings, tmp_path / "cut", accelerator="cpu")
    assert torch.equal(again.error, whole.error)
    # Other settings begin anew.
    other = build_misfit_prior(module, file, replace(settings, seed=2), tmp_path / "cut", accelerator="cpu")
    assert not torch.equal(other.error, whole.error)


def test_a_run_brings_its_prior_along_and_refuses_a_stale_one(run):
    folder, module = run
    prior, where = prior_for(module), folder / "misfit_prior.pt"
    assert load_focus_module(folder).focus.misfit_prior is None
    write_checkpoint(prior.as_dict(), where)
    loaded = load_focus_module(folder).focus
    assert torch.equal(loaded.misfit_prior, prior.error) and torch.equal(loaded.misfit_identity, prior.identity_error)
    assert load_focus_module(folder, misfit_prior=False).focus.misfit_prior is None

    write_checkpoint(prior_for(module, fingerprint="0" * 16, checkpoint="step_00000009.ckpt").as_dict(), where)
    with pytest.raises(SeethroughError, match=r"measured for step_00000009\.ckpt, and step_00000015\.ckpt has other"):
        load_focus_module(folder)
    for change in ({"model": "bfm"}, {"signature": prior.signature * 1.1}, {"error": prior.error[:-1]}):
        write_checkpoint(prior_for(module, **change).as_dict(), where)
        with pytest.raises(SeethroughError, match="measured with another face model"):
            load_focus_module(folder)
    where.write_text("no prior")
    with pytest.raises(SeethroughError, match="is truncated or not a checkpoint"):
        load_focus_module(folder)
    write_checkpoint({"error": prior.error}, where)
    with pytest.raises(SeethroughError, match="no identity_error"):
        read_misfit_prior(where)


def test_a_packed_checkpoint_holds_its_prior(run, tmp_path):
    _, module = run
    prior = prior_for(module)
    content = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams), "em_step": 15}
    signature = model_signature(module.focus.face_renderer.model)
    file = tmp_path / "packed.pt"
    write_checkpoint(packed(content, {}, signature, prior.as_dict()), file)
    # Its weights are rounded, so that it could not be told by their fingerprint.
    assert torch.equal(load_focus_module(file).focus.misfit_prior, prior.error)
    write_checkpoint(packed(content, {}, signature, prior_for(module, error=prior.error[1:]).as_dict()), file)
    with pytest.raises(SeethroughError, match="of another face model"):
        load_focus_module(file)


@pytest.mark.parametrize("change", [{"faces": 0}, {"steps": -1}, {"batch_size": 1}, {"from_scratch": True, "steps": 0}])
def test_settings_that_make_no_prior(change):
    with pytest.raises(SeethroughError):
        replace(MisfitSettings(), **change).check()
