from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from datamodules.collation import collate
from lightning_modules.checkpointing import StepCheckpoint
from lightning_modules.recognition import RecognitionModule, load_recogniser
from lightning_modules.recognition.config import AlexNetConfig, RecognitionConfig
from lightning_modules.recognition.evaluation import verification_scores
from lightning_modules.training_config import OptimiserConfig, ScheduleConfig
from seethrough.errors import SeethroughError
from tests.lightning_modules.recognition.small_people import SmallPeople, SmallPeopleConfig, sample, small_config


def train(module: RecognitionModule, folder: Path, data: pl.LightningDataModule | None = None, **options) -> pl.Trainer:
    pl.seed_everything(3, verbose=False)
    resume = options.pop("resume", None)
    settings = {
        "accelerator": "cpu", "devices": 1, "logger": False, "enable_checkpointing": False,
        "enable_progress_bar": False, "enable_model_summary": False, "max_epochs": -1, "limit_val_batches": 0,
        "callbacks": [StepCheckpoint(folder, every_steps=3, keep=9)],
    }  # fmt: skip
    trainer = pl.Trainer(**{**settings, **options})
    trainer.fit(module, data or SmallPeople(SmallPeopleConfig()), ckpt_path=resume, weights_only=True)
    return trainer


def test_the_loss_is_that_of_a_softmax_over_people() -> None:
    module = RecognitionModule(small_config())
    module.name_people(np.array([16, 10, 13, 10]))
    assert module.people.tolist() == [10, 13, 16]
    assert module.labels(torch.tensor([16, 10])).tolist() == [2, 0]
    with pytest.raises(SeethroughError, match="person 14 is none of the 3 that are learned"):
        module.labels(torch.tensor([10, 14]))
    assert module.classifier is not None
    torch.nn.init.zeros_(module.classifier.weight)
    module.classifier.bias.data = torch.tensor([0.0, math.log(2.0), math.log(5.0)])
    logits = module.logits(torch.randn(4, 1, 36, 36))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 2]))
    # Probabilities 1/8, 2/8 and 5/8.
    assert loss.item() == pytest.approx((math.log(8) + math.log(4) + 2 * math.log(8 / 5)) / 4, abs=1e-5)


def test_pictures_are_cut_out_by_the_step_and_mirrored_where_asked() -> None:
    module = RecognitionModule(small_config())
    view = torch.arange(2 * 40 * 40, dtype=torch.float32).view(2, 1, 40, 40)
    one, again, other = (module.cut_out(view, key) for key in (5, 5, 6))
    assert torch.equal(one, again) and not torch.equal(one, other)
    for picture, whole in zip(one, view, strict=True):
        corner = int(picture[0, 0, 0] - whole[0, 0, 0])
        y, x = divmod(corner, 40)
        assert torch.equal(picture, whole[:, y : y + 36, x : x + 36])
    module.config.augmentation.flip = True
    many = module.cut_out(view[:1].expand(64, -1, -1, -1), 1)
    rising = many[:, 0, 0, 1] > many[:, 0, 0, 0]
    assert 16 < rising.sum() < 48


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    config = small_config()
    config.augmentation.flip = True
    train(RecognitionModule(config), tmp_path / "whole")
    torch.manual_seed(77)
    train(RecognitionModule(config), tmp_path / "cut", resume=tmp_path / "whole" / "step_00000003.ckpt")
    whole, cut = (
        torch.load(tmp_path / name / "step_00000006.ckpt", weights_only=True)["state_dict"] for name in ("whole", "cut")
    )
    assert whole.keys() == cut.keys() >= {"people", "classifier.weight"}
    assert all(torch.equal(value, cut[name]) for name, value in whole.items())
    module = load_recogniser(tmp_path / "cut")
    assert module.people.tolist() == [10, 13, 16, 19] and not module.training
    batch = collate([sample(902, index) for index in range(2)])
    with torch.no_grad():
        assert module(batch["bump"], batch["mask"]).shape == (2, 16)


@pytest.mark.slow
def test_it_tells_apart_people_that_it_has_never_seen(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    config = small_config(
        schedule=ScheduleConfig(epochs=None, steps=150), optimiser=OptimiserConfig("adamw", 3e-3, shape="cosine")
    )
    data = SmallPeople(SmallPeopleConfig(size=240, batch_size=32, tested=80))
    module = RecognitionModule(config)
    trainer = train(module, tmp_path, data, limit_val_batches=None, check_val_every_n_epoch=100)
    assert trainer.global_step == 150
    trainer.test(module, data.test_dataloader(), verbose=False)
    scores = verification_scores(module.evaluation.rows())
    assert scores is not None and scores.folds == 10 and scores.pairs == 240
    # Always giving one answer is right in half of the pairs.
    assert scores.accuracy > 75 and scores.nauc > 82


def test_scores_of_descriptors_that_say_all_and_nothing() -> None:
    people = np.repeat(np.arange(6), 2)
    told = {"id": np.arange(12).astype(str), "identity": people, "descriptor": np.eye(6)[people]}
    scores = verification_scores(told)
    assert scores is not None and (scores.accuracy, scores.nauc, scores.folds) == (100.0, 100.0, 3)
    same = verification_scores({**told, "descriptor": np.ones((12, 3))})
    assert same is not None and same.accuracy == same.nauc == 50.0
    assert verification_scores({name: values[:6] for name, values in told.items()}) is None
    assert verification_scores({**told, "identity": np.arange(12)}) is None


def test_data_that_do_not_say_who_is_who_are_refused(tmp_path: Path) -> None:
    class Nameless(SmallPeople):
        people = None

    with pytest.raises(SeethroughError, match="do not say who is who: train on data/people"):
        train(RecognitionModule(small_config()), tmp_path, Nameless(SmallPeopleConfig()))
    with pytest.raises(SeethroughError, match="shows 1 person: telling people apart takes two"):
        train(RecognitionModule(small_config()), tmp_path, SmallPeople(SmallPeopleConfig(size=4, batch_size=2)))

    class Bumpless(SmallPeople):
        def train_dataloader(self):
            loader = super().train_dataloader()
            plain = loader.collate_fn
            loader.collate_fn = lambda samples: {k: v for k, v in plain(samples).items() if k != "bump"}
            return loader

    with pytest.raises(SeethroughError, match="the data have no 'bump': recognition takes bump maps of people"):
        train(RecognitionModule(small_config()), tmp_path, Bumpless(SmallPeopleConfig()))


def test_foreign_files_are_told(tmp_path: Path) -> None:
    file = tmp_path / "step_00000001.ckpt"
    torch.save({"hyper_parameters": {"method": "bump"}, "state_dict": {}}, file)
    with pytest.raises(SeethroughError, match="not a checkpoint of a recogniser"):
        load_recogniser(tmp_path)
    torch.save({"hyper_parameters": {"method": "recognition", "config": {"colour": 1}}, "state_dict": {}}, file)
    with pytest.raises(SeethroughError, match="another version"):
        load_recogniser(file)
    torch.save({"hyper_parameters": {"method": "recognition", "config": {}}, "state_dict": {}}, file)
    config = {"network": {"width": 0.1, "hidden": [4, 4]}}
    torch.save({"hyper_parameters": {"method": "recognition", "config": config},
                "state_dict": {"people": torch.arange(3)}}, file)  # fmt: skip
    with pytest.raises(SeethroughError, match="do not fit their own settings"):
        load_recogniser(file)


def test_impossible_settings_are_refused() -> None:
    for network in ({"field": 0.0}, {"margin": 0.5}, {"hidden": [1]}, {"stride": 0}):
        with pytest.raises(ValueError, match=r"network\."):
            AlexNetConfig(**network)
    with pytest.raises(ValueError, match="label_smoothing=1"):
        RecognitionConfig(label_smoothing=1)
    with pytest.raises(SeethroughError, match=r"model\.network\.weights=nowhere\.pth: no such file"):
        RecognitionModule(small_config(network=AlexNetConfig(width=0.1, hidden=[4, 4], weights="nowhere.pth")))
