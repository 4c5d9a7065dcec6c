"""Pools and batches of faces with relief."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from datamodules.detail.config import DetailConfig
from datamodules.detail.datamodule import TEST_SEED, DetailDataModule, split_spec
from datamodules.detail.pool import DetailLiveDataset, DetailPoolDataset, DetailSpec
from datamodules.detail.sheet import shaded, tiles
from datamodules.sample import check_sample
from datamodules.synthetic.pool import ensure_pool
from datamodules.synthetic.pool_files import damaged_columns
from seethrough.errors import SeethroughError
from tests.datamodules.detail.faces import SIZE, renderer, scene_config, small_model

ROWS = 5


def spec(**changes: object) -> DetailSpec:
    return DetailSpec(**{"name": "detail_train", "scene": scene_config(), "rows": ROWS, "seed": 3, **changes})  # pyright: ignore


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_pool(spec(), small_model, tmp_path_factory.mktemp("pools"), processes=1, progress=False)


def test_a_pool_gives_what_was_rendered_up_to_its_codes(finished: Path) -> None:
    dataset = DetailPoolDataset(finished, spec())
    batch = dataset.__getitems__([0, 3])
    for place, row in enumerate((0, 3)):
        face = renderer().render(renderer().scenes.scene(0, row))
        assert np.array_equal((batch["image"][place] * 255).round().byte().numpy(), face.image)
        assert np.array_equal(batch["mask"][place, 0].numpy() > 0, face.mask)
        assert np.abs(batch["bump"][place, 0].numpy() - face.bump).max() < 3e-4
        assert np.abs(batch["depth"][place, 0].numpy() - face.depth).max() < 3e-3
        assert batch["focal"][place] == pytest.approx(face.focal)
    for row in range(ROWS):
        check_sample(dataset[row])


def test_live_and_stored_faces_are_the_same_and_epochs_are_not(finished: Path) -> None:
    stored, live = DetailPoolDataset(finished, spec()), DetailLiveDataset(spec(), small_model)
    a, b = stored.__getitems__([1, 2]), live.__getitems__([1, 2])
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert torch.equal(value, b[key]) if isinstance(value, torch.Tensor) else value == b[key]
    again = live.__getitems__([(1, 1)])
    assert not torch.equal(again["bump"][0], a["bump"][0])
    assert again["id"] != a["id"][:1]


def test_damage_to_the_relief_is_found(finished: Path, tmp_path: Path) -> None:
    assert damaged_columns(finished) == []
    copy = tmp_path / "pool"
    copy.mkdir()
    for file in finished.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    content = bytearray((copy / "bump.npy").read_bytes())
    content[-1] ^= 1
    (copy / "bump.npy").write_bytes(bytes(content))
    assert [line.split(":")[0] for line in damaged_columns(copy)] == [str(copy / "bump.npy")]


def test_no_two_splits_share_a_person_and_settings_do_not_reach_the_test_set() -> None:
    config, other = DetailConfig(), DetailConfig(seed=7)
    seeds = [split_spec(config, split).seed for split in ("train", "validation", "test")]
    assert len(set(seeds)) == 3
    assert split_spec(other, "test").seed == split_spec(config, "test").seed == TEST_SEED
    assert split_spec(other, "train").seed != seeds[0]
    with pytest.raises(ValueError, match="unknown split"):
        split_spec(config, "verification")


def test_the_data_module_yields_batches_for_the_translator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datamodules.synthetic.datamodule.load_generating_model", lambda scene: small_model())
    sizes = {"size": 4, "validation_size": 3, "test_size": 2, "batch_size": 2}
    config = DetailConfig(scene=scene_config(), folder=str(tmp_path), render_processes=1, **sizes)
    module = DetailDataModule(config)
    module.prepare_data()
    batches = list(module.train_dataloader())
    assert len(batches) == 2
    assert batches[0]["bump"].shape == batches[0]["depth"].shape == (2, 1, SIZE, SIZE)
    assert [len(batch["id"]) for batch in module.val_dataloader()] == [2, 1]
    assert module.set_name("test") != module.set_name("validation")
    assert next(iter(module.test_dataloader()))["id"] == ["detail_test-000000", "detail_test-000001"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 4}, "data.size=4 gives no batch"),
        ({"test_size": 0}, "data.test_size=0"),
        ({"seed": -1}, "data.seed=-1"),
        ({"scene": scene_config(relief=-1.0)}, "data.scene.relief=-1.0"),
        ({"scene": scene_config(bump_limit_mm=0.0)}, "data.scene.bump_limit_mm=0.0"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SeethroughError, match=message):
        DetailConfig(**changes).check()  # pyright: ignore


def test_a_sheet_shows_picture_relief_and_bump() -> None:
    face = renderer().render(renderer().scenes.scene(0, 1))
    picture = tiles(face)
    assert picture.shape == (3 * SIZE, SIZE, 3)
    assert np.array_equal(picture[:SIZE], face.image.transpose(1, 2, 0))
    bump = picture[2 * SIZE :]
    assert not bump[~face.mask].any()
    high, low = (face.bump > 0.5) & face.mask, (face.bump < -0.5) & face.mask
    assert (bump[high][:, 0] > bump[high][:, 2]).all()
    assert (bump[low][:, 2] > bump[low][:, 0]).all()


def test_the_lamp_of_relief_pictures_stands_at_the_upper_left() -> None:
    side = np.arange(20.0)
    rising, falling = 500 - 2 * side[None] + 0 * side[:, None], 500 + 2 * side[None] + 0 * side[:, None]
    assert shaded(rising, 40.0)[10, 10] > shaded(falling, 40.0)[10, 10]
