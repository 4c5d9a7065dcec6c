from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from lightning_modules.bump import BumpModule, load_bump_module, load_translator
from lightning_modules.bump.config import BumpConfig, TranslatorConfig
from lightning_modules.checkpointing import StepCheckpoint
from lightning_modules.training_config import OptimiserConfig, ScheduleConfig
from seethrough.errors import SeethroughError
from tests.lightning_modules.bump.small_bumps import SmallBumps, SmallBumpsConfig, batch_of, small_config


def train(module: BumpModule, folder: Path, data: SmallBumps | None = None, **options) -> pl.Trainer:
    pl.seed_everything(3, verbose=False)
    resume = options.pop("resume", None)
    settings = {
        "accelerator": "cpu", "devices": 1, "logger": False, "enable_checkpointing": False,
        "enable_progress_bar": False, "enable_model_summary": False, "max_epochs": -1, "limit_val_batches": 0,
        "callbacks": [StepCheckpoint(folder, every_steps=3, keep=9)],
    }  # fmt: skip
    trainer = pl.Trainer(**{**settings, **options})
    trainer.fit(module, data or SmallBumps(SmallBumpsConfig()), ckpt_path=resume, weights_only=True)
    return trainer


def test_it_learns_and_ends_by_itself(tmp_path: Path) -> None:
    optimiser = OptimiserConfig("adamw", 6e-3, shape="cosine", clip_norm=1.0)
    module = BumpModule(small_config(schedule=ScheduleConfig(None, 45), optimiser=optimiser))
    batch = batch_of(6, seed=902)
    trainer = train(module, tmp_path, SmallBumps(SmallBumpsConfig(size=64)))
    assert trainer.global_step == 45 == module.total_steps
    module.eval()
    module.evaluation.update(batch)
    rows = module.evaluation.rows()
    assert rows["bump_rmse_mm"].mean() < 0.5 * rows["zero_rmse_mm"].mean()
    assert rows["bump_detail_correlation"].mean() > 0.8
    assert module.luminance.images == 8
    assert rows["luminance_rmse_mm"].mean() < rows["zero_rmse_mm"].mean()


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    config = small_config()
    config.augmentation.flip, config.augmentation.gamma = True, 0.3
    train(BumpModule(config), tmp_path / "whole")
    torch.manual_seed(77)
    train(BumpModule(config), tmp_path / "cut", resume=tmp_path / "whole" / "step_00000003.ckpt")
    whole, cut = (
        torch.load(tmp_path / name / "step_00000006.ckpt", weights_only=True)["state_dict"] for name in ("whole", "cut")
    )
    assert whole.keys() == cut.keys()
    for name, value in whole.items():
        assert value == cut[name] if isinstance(value, dict) else torch.equal(value, cut[name]), name


def test_epochs_end_and_lower_the_rate(tmp_path: Path) -> None:
    optimiser = OptimiserConfig(learning_rate=1e-3, decay_epochs=[1, 2])
    module = BumpModule(small_config(optimiser=optimiser, schedule=ScheduleConfig(3)))
    rates: list[float] = []

    class Watch(pl.Callback):
        def on_train_batch_start(self, trainer: pl.Trainer, *_: object) -> None:
            rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    trainer = train(module, tmp_path, callbacks=[Watch()])
    assert rates == pytest.approx([1e-3] * 2 + [1e-4] * 2 + [1e-5] * 2)
    assert trainer.global_step == 6


def test_checkpoints_open_again(tmp_path: Path) -> None:
    config = small_config(translator=TranslatorConfig(4, 3, padding=2, mask_head=True, normalisation="group"))
    module = BumpModule(config)
    train(module, tmp_path)
    module.eval()
    again, translator = load_bump_module(tmp_path), load_translator(tmp_path / "step_00000006.ckpt")
    image = batch_of(2)["image"]
    with torch.no_grad():
        assert torch.equal(module(image), again(image))
        assert torch.equal(module(image), translator.network(image))
    assert translator.view.size == 24 and translator.foundation == "focus"
    assert again.luminance.line() == module.luminance.line()
    assert not again.training


def test_pictures_show_all_that_is_known() -> None:
    module = BumpModule(small_config()).eval()
    batch = batch_of(2)
    assert module.pictures(batch)["bump"].shape == (2, 3, 24, 6 * 24)
    photo = {key: batch[key] for key in ("image", "id", "landmarks")}
    strips = module.pictures(photo)["bump"]
    assert strips.shape == (2, 3, 24, 4 * 24)
    assert ((strips >= 0) & (strips <= 1)).all()


def test_data_without_bumps_are_refused(tmp_path: Path) -> None:
    class Photos(SmallBumps):
        def train_dataloader(self):
            loader = super().train_dataloader()
            plain = loader.collate_fn
            loader.collate_fn = lambda samples: {k: v for k, v in plain(samples).items() if k != "bump"}
            return loader

    with pytest.raises(SeethroughError, match="the data have no 'bump'"):
        train(BumpModule(small_config()), tmp_path, Photos(SmallBumpsConfig()))


def test_foreign_files_are_told(tmp_path: Path) -> None:
    file = tmp_path / "step_00000001.ckpt"
    torch.save({"hyper_parameters": {"method": "focus"}, "state_dict": {}}, file)
    with pytest.raises(SeethroughError, match="not a checkpoint of the bump method"):
        load_bump_module(tmp_path)
    torch.save({"hyper_parameters": {"method": "bump", "config": {"colour": 1}}, "state_dict": {}}, file)
    with pytest.raises(SeethroughError, match="another version"):
        load_translator(file)
    torch.save({"Gnet.last_alt.weight": torch.zeros(1)}, file)
    with pytest.raises(SeethroughError, match="not the released bump network"):
        load_translator(file)


@pytest.mark.parametrize(
    ("part", "settings"),
    [
        ("schedule", {"epochs": 3, "steps": 3}),
        ("schedule", {"epochs": None}),
        ("translator", {"weights": "file"}),
        ("loss", {"gradient": -1}),
        ("optimiser", {"learning_rate": -1}),
        ("augmentation", {"gamma": -1}),
    ],
)
def test_settings_are_checked(part: str, settings: dict) -> None:
    kind = type(getattr(BumpConfig(), part))
    with pytest.raises(ValueError, match=next(iter(settings))):
        kind(**settings)
