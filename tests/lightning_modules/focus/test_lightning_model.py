from __future__ import annotations

import copy

import pytest
import pytorch_lightning as pl
import torch

from lightning_modules.checkpointing import checkpoints_in
from lightning_modules.focus.augmentation import AugmentationConfig
from lightning_modules.focus.lightning_model import FocusModule
from lightning_modules.focus.loading import load_focus, load_focus_module
from lightning_modules.focus.phases import Network, Phase
from seethrough.errors import SeethroughError
from seethrough.morphable.archive import write_face_model
from tests.lightning_modules.focus.conftest import SIZE, synthetic_batch
from tests.lightning_modules.focus.short_training import Recorder, loader, trainer
from tests.small_face import small_face_model


def test_all_stages_run_and_each_step_moves_one_network_only(focus_config, tmp_path):
    module, recorder = FocusModule(focus_config), Recorder()
    trainer(tmp_path, callbacks=[recorder]).fit(module, loader())
    assert module.em_step == module.schedule.total_steps == 15
    assert [phase for phase, _, _ in recorder.steps] == [module.schedule.phase(k) for k in range(15)]
    for phase, encoder_moved, segmentation_moved in recorder.steps:
        assert encoder_moved == (phase.network is Network.RECONSTRUCTION), phase
        assert segmentation_moved == (phase.network is Network.SEGMENTATION), phase
    assert [step for step, _ in checkpoints_in(tmp_path)] == [10, 15]


def test_checkpoint_gives_the_same_prediction_back(focus_config, tmp_path):
    module = FocusModule(focus_config)
    trainer(tmp_path).fit(module, loader())
    image = synthetic_batch(seed=3)["image"]
    again = load_focus(tmp_path).predict(image)
    module.eval()
    assert torch.equal(again.mask, module.focus.predict(image).mask)
    assert load_focus_module(tmp_path).em_step == 15


def test_resumed_run_equals_an_undisturbed_one(focus_config, tmp_path):
    whole = FocusModule(focus_config)
    torch.manual_seed(1)
    start = copy.deepcopy(whole.state_dict())
    trainer(tmp_path / "whole").fit(whole, loader())

    cut = FocusModule(focus_config)
    cut.load_state_dict(start)
    first = trainer(tmp_path / "cut", max_steps=5)
    first.fit(cut, loader())
    assert cut.em_step == 5
    resumed = FocusModule(focus_config)
    path = checkpoints_in(tmp_path / "cut")[-1][1]
    trainer(tmp_path / "resumed").fit(resumed, loader(), ckpt_path=str(path), weights_only=True)
    assert resumed.em_step == 15
    for (name, a), (_, b) in zip(whole.state_dict().items(), resumed.state_dict().items(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize(("last_stage", "same"), [("landmarks", True), ("initialisation", False)])
def test_augmented_rows_share_the_warm_start_of_the_others(focus_config, tmp_path, last_stage, same):
    focus_config.schedule.last_stage = last_stage
    ends = []
    for kind in ("none", "cutout"):
        focus_config.augmentation = AugmentationConfig(kind, probability=1.0, smallest=0.2)
        torch.manual_seed(0)
        module = FocusModule(focus_config)
        trainer(tmp_path / kind).fit(module, loader())
        ends.append(module.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(*(end.values() for end in ends), strict=True)) == same


def test_another_face_model_does_not_go_on_from_a_checkpoint(focus_config, tmp_path):
    focus_config.schedule.last_stage = "landmarks"
    trainer(tmp_path).fit(FocusModule(focus_config), loader())
    file = checkpoints_in(tmp_path)[-1][1]
    model = small_face_model()
    model.identity_basis[0] *= 1.1
    write_face_model(model, tmp_path / "newer.npz")
    focus_config.face_model.source = str(tmp_path / "newer.npz")
    focus_config.schedule.last_stage = "initialisation"
    with pytest.raises(SeethroughError, match=r"go on from was trained with another version of the face model") as said:
        trainer(tmp_path / "branch").fit(FocusModule(focus_config), loader(), ckpt_path=str(file), weights_only=True)
    assert "\n" not in str(said.value)


def test_rows_without_a_network_train_the_same_encoder_steps(focus_config, tmp_path):
    focus_config.mask = "truth"
    module, recorder = FocusModule(focus_config), Recorder()
    trainer(tmp_path, callbacks=[recorder]).fit(module, loader())
    assert module.em_step == 3 + 3 + 4
    assert not any(segmentation for _, _, segmentation in recorder.steps)


def test_pixels_move_the_identity_as_much_as_they_may(focus_config):
    """Nothing in the free steps, then the configured share; landmarks pull in full all the time."""
    focus_config.loss.weights.landmark = focus_config.loss.weights.regulariser = 0.0
    focus_config.mask = "none"
    batch, pulls = synthetic_batch(), {}
    for share in (1.0, 0.25, 0.0):
        focus_config.loss.identity_pixel_gradient = share
        torch.manual_seed(0)
        module = FocusModule(focus_config)
        for offset in (0, focus_config.loss.identity_free_steps):
            module.em_step = focus_config.schedule.landmark_steps + offset
            module.focus.encoder.head.bias.grad = None
            sum(module._terms(Phase.INITIALISE, batch).values()).backward()
            pulls[share, offset] = module.focus.encoder.head.bias.grad.clone()
    whole, identity = pulls[1.0, 1], slice(0, focus_config.face_model.identity)
    assert whole[identity].abs().min() > 0
    for (share, offset), pull in pulls.items():
        expected = whole.clone()
        expected[identity] *= share if offset else 0.0
        torch.testing.assert_close(pull, expected)


def test_true_masks_must_exist(focus_config, tmp_path):
    focus_config.mask = "truth"
    focus_config.schedule.landmark_steps = 0
    batch = synthetic_batch()
    del batch["mask"]
    with pytest.raises(SeethroughError, match=r"model\.mask=truth needs true masks"):
        trainer(tmp_path).fit(FocusModule(focus_config), torch.utils.data.DataLoader([batch], batch_size=None))


def test_evaluation_of_an_untrained_encoder_has_no_skill(focus_config):
    module = FocusModule(focus_config).eval()
    source = focus_config.face_model.source
    module.evaluation.update(synthetic_batch(source=source))
    module.evaluation.update(synthetic_batch(seed=1, source=source))
    summary = module.evaluation.summary()
    assert set(summary) == {"overall", "unoccluded", "unoccluded_frontal", "occluded", "square"}
    # the zero-initialised head predicts the mean face: its skill over the mean face is zero by definition
    assert summary["overall"]["skill_over_mean_face"] == pytest.approx(0, abs=1e-5)
    assert summary["overall"]["images"] == 8 and summary["occluded"]["images"] == 4
    face = summary["unoccluded"]
    assert face["mask_ppv_all_face_fixed_region"] == pytest.approx(1) and face["mask_tpr_all_face"] == pytest.approx(1)
    assert summary["occluded"]["mask_f1_all_face"] < face["mask_f1_all_face"]
    assert summary["overall"]["landmark_error_px"] > 0


def test_files_that_are_no_checkpoint(tmp_path, focus_config):
    with pytest.raises(SeethroughError, match="no run folder or checkpoint"):
        load_focus(tmp_path / "nothing")
    with pytest.raises(SeethroughError, match="no checkpoint in"):
        load_focus(tmp_path)
    broken = tmp_path / "step_00000001.ckpt"
    broken.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(SeethroughError, match="is truncated or not a checkpoint"):
        load_focus(broken)
    torch.save({"hyper_parameters": {"method": "other"}}, broken)
    with pytest.raises(SeethroughError, match="not a checkpoint of the FOCUS method"):
        load_focus(broken)


def test_image_size_of_the_prediction(focus_config):
    prediction = FocusModule(focus_config).focus.predict(torch.rand(2, 3, SIZE, SIZE))
    assert prediction.mask.shape == (2, 1, SIZE, SIZE)
    assert ((prediction.mask <= prediction.rendering.mask) & (prediction.mask >= 0)).all()


@pytest.mark.parametrize("form", ["paper", "release"])
def test_perceptual_terms_of_both_presets(focus_config, tmp_path, form):
    focus_config.perceptual = "dlib"
    focus_config.schedule.landmark_steps = focus_config.schedule.initialisation_steps = 1
    loss = focus_config.loss
    loss.area_threshold, loss.identity_free_steps = None, 0
    if form == "release":
        loss.neighbour_window, loss.neighbour_direction = 5, "render_to_target"
        loss.neighbour_masking, loss.neighbour_border = "images", "drop"
        loss.normalise_feature_rows = loss.mask_gradient = True
        loss.weights.area_in_reconstruction = 0.06
        loss.initialisation_form = "gaussian"
    module = FocusModule(focus_config)
    seen: dict[Phase, set[str]] = {}
    terms = module._terms

    def watched(phase, batch):
        result = terms(phase, batch)
        seen.setdefault(phase, set()).update(result)
        return result

    module._terms = watched
    trainer(tmp_path).fit(module, loader())
    reconstruction = {"landmark", "regulariser", "pixel", "perceptual"}
    assert seen[Phase.INITIALISE] == reconstruction
    assert seen[Phase.RECONSTRUCT] == reconstruction | ({"area"} if form == "release" else set())
    assert seen[Phase.SEGMENT] == {"neighbour", "area", "binary", "distance", "preserve"}
    assert not any("perceptual" in name for name in module.state_dict())


def test_rows_of_metrics_hold_one_phase_only(focus_config, tmp_path):
    class Rows(pl.loggers.Logger):
        name, version = "rows", ""

        def __init__(self):
            super().__init__()
            self.rows = []

        def log_hyperparams(self, *args, **kwargs):
            pass

        def log_metrics(self, metrics, step=None):
            self.rows.append((step, metrics))

    rows, module = Rows(), FocusModule(focus_config)
    run = pl.Trainer(
        accelerator="cpu", devices=1, logger=rows, log_every_n_steps=1, enable_checkpointing=False, max_epochs=-1,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    run.fit(module, loader())
    logged = {step: metrics for step, metrics in rows.rows if any("/" in key for key in metrics)}
    assert sorted(logged) == list(range(1, 16))
    for step, metrics in logged.items():
        phase = module.schedule.phase(step - 1)
        assert all(key == "step" or key.startswith(f"{phase}/") for key in metrics), step


def test_ctrl_c_keeps_what_was_learned(focus_config, tmp_path):
    class Interrupt(pl.Callback):
        def on_train_batch_end(self, trainer, module, *_):
            if module.em_step == 3:
                raise KeyboardInterrupt

    with pytest.raises(SystemExit):
        trainer(tmp_path, callbacks=[Interrupt()]).fit(FocusModule(focus_config), loader())
    assert [step for step, _ in checkpoints_in(tmp_path)] == [3]


def test_shapes_of_another_face_model_are_not_scored(focus_config):
    module = FocusModule(focus_config).eval()
    module.evaluation.update(synthetic_batch(source="another"))
    overall = module.evaluation.summary()["overall"]
    assert overall["skill_over_mean_face"] != overall["skill_over_mean_face"]  # NaN
    assert overall["mask_f1_all_face"] > 0.5


def test_checkpoint_opens_where_its_recognition_network_is_not(focus_config, tmp_path):
    module = FocusModule(focus_config)
    trainer(tmp_path).fit(module, loader())
    path = checkpoints_in(tmp_path)[-1][1]
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["hyper_parameters"]["config"]["perceptual"] = "/not/here/backbone.pth"
    checkpoint["hyper_parameters"]["config"]["renderer"]["backend"] = "nvdiffrast"
    torch.save(checkpoint, path)
    assert load_focus(tmp_path).predict(synthetic_batch()["image"]).mask.shape == (4, 1, SIZE, SIZE)
    torch.save([1, 2], path)
    with pytest.raises(SeethroughError, match="holds a list"):
        load_focus(tmp_path)


def test_processes_do_not_send_the_face_model_around(focus_config, tmp_path):
    """DDP broadcasts what it finds in ``modules_buffers`` at every step: statistics of BatchNorm, nothing larger."""
    focus_config.schedule.supervised_steps = 1
    module = FocusModule(focus_config)
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    try:
        wrapped = torch.nn.parallel.DistributedDataParallel(module)
        sent = {buffer.data_ptr() for buffer in wrapped.modules_buffers}
    finally:
        torch.distributed.destroy_process_group()
    statistics = {name: buffer for name, buffer in module.named_buffers() if ".running_" in name}
    assert statistics and {buffer.data_ptr() for buffer in statistics.values()} <= sent
    assert len(sent) == len([key for key in module.state_dict() if key not in dict(module.named_parameters())])
