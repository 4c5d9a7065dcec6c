from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from datamodules.sample import check_sample, true_parameters
from datamodules.synthetic import datamodule
from datamodules.synthetic.config import SyntheticConfig
from datamodules.synthetic.datamodule import TEST_SEED, SyntheticDataModule
from datamodules.synthetic.families import OCCLUDER_FAMILIES
from seethrough.errors import SeethroughError
from seethrough.morphable.archive import write_face_model
from seethrough.rendering import FaceRenderer, focus_camera
from tests.datamodules.synthetic.scenes import SIZE, scene_config, small_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    write_face_model(small_model(), made / "small.npz")
    return made


def config(home: Path, **changes: Any) -> SyntheticConfig:
    settings = {
        "scene": scene_config(model=str(home / "small.npz")),
        "folder": str(home / "pools"),
        "size": 10,
        "validation_size": 5,
        "test_identities": 6,
        "out_of_distribution_identities": 2,
        "batch_size": 4,
        "render_processes": 1,
        **changes,
    }
    return SyntheticConfig(**settings)


def test_the_three_sets_share_no_person(folder: Path) -> None:
    data = SyntheticDataModule(config(folder))
    data.prepare_data()
    sets = [data.dataset(split).__getitems__(list(range(5))) for split in ("train", "validation", "test")]
    identities = torch.cat([batch["truth"]["parameters"]["identity"] for batch in sets])
    # Rows of validation and test set come in twins.
    assert len(torch.unique(identities, dim=0)) == 5 + 3 + 3
    check_sample(data.dataset("test")[3])


def test_loaders(folder: Path) -> None:
    data = SyntheticDataModule(config(folder))
    train = data.train_dataloader()
    assert len(train) == 2
    first = [batch["id"] for batch in train]
    train.set_epoch(1)
    assert [batch["id"] for batch in train] != first
    assert [len(batch["id"]) for batch in data.val_dataloader()] == [4, 2]
    test = list(data.test_dataloader())
    names = [f"test-{row:06d}" for row in range(12)] + [f"out_of_distribution-{row:06d}" for row in range(4)]
    assert [name for batch in test for name in batch["id"]] == names
    assert torch.cat([batch["truth"]["occluder"] for batch in test]).gt(0).sum() == 6 + 2
    subsets = [name for batch in test for name in batch["truth"]["subset"]]
    assert subsets == ["clean", "occluded"] * 6 + ["ood_clean", "ood_occluded"] * 2
    people = torch.cat([batch["identity"] for batch in test])
    assert people.tolist() == [row // 2 for row in range(16)]


def test_a_batch_across_both_test_sets_keeps_its_order(folder: Path) -> None:
    test = SyntheticDataModule(config(folder)).dataset("test")
    batch = test.__getitems__([13, 2, 12, 0])
    for place, row in enumerate((13, 2, 12, 0)):
        alone = test[row]
        check_sample(alone)
        assert batch["id"][place] == alone["id"] == test.sample_id(row)
        assert torch.equal(batch["image"][place], alone["image"])
        assert torch.equal(batch["truth"]["parameters"]["identity"][place], alone["truth"]["parameters"]["identity"])


def test_the_test_set_can_do_without_unseen_scenes(folder: Path) -> None:
    data = SyntheticDataModule(config(folder, out_of_distribution_identities=0))
    assert len(data.dataset("test")) == 12  # pyright: ignore


def test_the_truth_model_gives_the_landmarks_back(folder: Path) -> None:
    data = SyntheticDataModule(config(folder))
    batch = next(iter(data.test_dataloader()))
    geometry = FaceRenderer(data.truth_model, focus_camera(SIZE)).geometry(true_parameters(batch))
    torch.testing.assert_close(geometry.landmarks, batch["truth"]["landmarks"], rtol=0, atol=2e-3)


def test_live_training_renders_no_training_pool(folder: Path, tmp_path: Path) -> None:
    data = SyntheticDataModule(config(folder, source="live", folder=str(tmp_path)))
    data.prepare_data()
    assert [path.name.split("-")[0] for path in tmp_path.iterdir()] == ["validation"]
    train = data.train_dataloader()
    train.set_epoch(1)
    assert all(name.endswith("-epoch1") for name in next(iter(train))["id"])


def test_settings_are_omegaconf_structured(folder: Path) -> None:
    structured = OmegaConf.structured(SyntheticConfig)
    structured.scene.model = str(folder / "small.npz")
    structured.scene.image_size = SIZE
    assert isinstance(SyntheticDataModule(structured).config, SyntheticConfig)
    assert set(structured.scene.occluders) == set(OCCLUDER_FAMILIES)
    assert structured.scene.level == 0


def test_more_processes_than_batches_are_refused(folder: Path) -> None:
    data = SyntheticDataModule(config(folder))
    data.trainer = SimpleNamespace(global_rank=1, world_size=3)  # pyright: ignore
    with pytest.raises(SeethroughError, match=r"a step takes data\.batch_size=4 in each of 3 processes"):
        data.train_dataloader()
    assert len(data.val_dataloader()) == 1  # the rest of a set in order: one rank gets row 5, none is lost


def test_the_file_of_the_expressions_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}
    monkeypatch.setattr(datamodule, "load_face_model", lambda *name, **options: asked.update(options))
    datamodule.load_generating_model(scene_config(model="some.mat", expression_file="basis.bin"))
    assert asked["expression"] == "basis.bin"


def test_the_test_seed_is_no_setting() -> None:
    assert str(TEST_SEED[0]) not in OmegaConf.to_yaml(OmegaConf.structured(SyntheticConfig))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 3}, "gives no batch"),
        ({"batch_size": 0}, r"data\.batch_size=0 must be at least 1"),
        ({"seed": -1}, "must not be negative"),
        ({"out_of_distribution_identities": -1}, "must not be negative"),
        ({"workers": -1}, r"data\.workers=-1 must not be negative"),
        ({"render_processes": -1}, "must not be negative"),
        ({"scene": scene_config(level=7)}, "has levels 0 to 3"),
        ({"scene": scene_config(expression_file="a.mat")}, "expression is a setting of BFM 2009"),
        ({"scene": scene_config(model="nowhere.npz")}, "no such face model"),
    ],
)
def test_mistakes(folder: Path, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(SeethroughError, match=words):
        SyntheticDataModule(config(folder, **{"folder": str(tmp_path), **change})).prepare_data()
