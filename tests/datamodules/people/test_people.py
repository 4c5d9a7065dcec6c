"""People in several pictures: what a batch holds, that a relief is its person's, and other bump maps in its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from datamodules.detail.generator import DetailRenderer
from datamodules.people.config import PeopleConfig
from datamodules.people.datamodule import PeopleDataModule, PeopleDataset
from datamodules.synthetic.pool import ensure_pool
from datamodules.synthetic.scene import Scene
from seethrough.details.bump_encoding import encode_bump
from seethrough.errors import SeethroughError
from seethrough.morphable.loading import load_face_model
from tests.datamodules.detail.faces import SIZE, scene_config, small_model

EACH = 2


def config(folder: Path, **changes) -> PeopleConfig:
    scene = scene_config(images_per_identity=EACH, foundation_modes=0)
    sizes = {"size": 4, "validation_size": 2, "test_size": 2, "batch_size": 2}
    return PeopleConfig(**{"scene": scene, "folder": str(folder), "render_processes": 1, **sizes, **changes})


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pools")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datamodules.synthetic.datamodule.load_generating_model", lambda scene: small_model())
        spec = PeopleDataModule(config(folder)).spec("train")
    ensure_pool(spec, small_model, folder, processes=1, progress=False)
    return folder


@pytest.fixture
def data(pools: Path, monkeypatch: pytest.MonkeyPatch) -> PeopleDataModule:
    monkeypatch.setattr("datamodules.synthetic.datamodule.load_generating_model", lambda scene: small_model())
    return PeopleDataModule(config(pools))


def test_a_batch_is_bumps_masks_and_people(data: PeopleDataModule) -> None:
    assert data.people("train").tolist() == [0, 1]
    batch = data.dataset("train").__getitems__([3, 0])  # pyright: ignore
    assert batch.keys() == {"mask", "bump", "id", "identity"}
    assert batch["identity"].tolist() == [1, 0] and batch["id"] == ["detail_train-000003", "detail_train-000000"]
    for place, row in enumerate((3, 0)):
        spec = data.spec("train")
        face = spec.renderer(small_model()).render(spec.scene_of(spec.renderer(small_model()).scenes, row))
        assert np.array_equal(batch["mask"][place, 0].numpy() > 0, face.mask)
        assert np.abs(batch["bump"][place, 0].numpy() - face.bump).max() < 3e-4
    seen = torch.cat([each["identity"] for each in data.train_dataloader()])
    assert sorted(seen.tolist()) == [0, 0, 1, 1]


def test_other_bump_maps_stand_in_the_place_of_the_true_ones(data: PeopleDataModule, tmp_path: Path) -> None:
    spec, folder = data.spec("train"), data._pool("train")
    np.save(tmp_path / "train.npy", np.full((4, SIZE, SIZE), encode_bump(np.array(0.5)), np.uint16))
    faces = PeopleDataset(folder, spec, str(tmp_path / "train.npy"))
    batch = faces.__getitems__([1])
    assert (batch["bump"] - 0.5).abs().max() < 3e-4
    assert torch.equal(batch["mask"], PeopleDataset(folder, spec).__getitems__([1])["mask"])
    data.config.bumps = str(tmp_path)
    assert str(tmp_path) in data.set_name("train")
    np.save(tmp_path / "train.npy", np.zeros((3, SIZE, SIZE), np.uint16))
    with pytest.raises(SeethroughError, match=r"train\.npy: \(3, 64, 64\) uint16, the pool has \(4, 64, 64\) uint16"):
        PeopleDataset(folder, spec, str(tmp_path / "train.npy"))
    with pytest.raises(SeethroughError, match=r"cannot be read as bump maps .*correct data\.bumps"):
        PeopleDataset(folder, spec, str(tmp_path / "absent.npy"))


def test_a_relief_is_its_persons_and_expression_deepens_it() -> None:
    model = load_face_model("open", level=0)  # it has named actions
    drawn = DetailRenderer(model, scene_config(images_per_identity=3), 3)
    scenes = [drawn.scenes.scene(0, index) for index in range(6)]
    assert [scene.person for scene in scenes] == [0, 0, 0, 1, 1, 1]
    assert not np.array_equal(scenes[0].rotation, scenes[1].rotation)

    def relief(scene: Scene) -> np.ndarray:
        return drawn.painter.relief.paint(scene).height.ravel()

    rested, again, other = (relief(scenes[index].with_neutral_expression()) for index in (0, 1, 3))
    # At rest the skin is the same in all pictures of a person, whatever pose and light.
    assert np.array_equal(rested, again)
    stranger = np.corrcoef(rested, other)[0, 1]
    smile = 0.8 * sum(model.expression_units[f"mouthSmile{side}"] for side in ("Left", "Right"))  # pyright: ignore
    height = relief(replace(scenes[0], expression=smile.numpy()))  # pyright: ignore
    assert height.std() > 1.02 * rested.std()
    assert max(0.6, stranger + 0.2) < np.corrcoef(height, rested)[0, 1] < 0.999


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "live"}, r"data\.source=live: people are met again"),
        ({"scene": scene_config()}, r"images_per_identity=1: recognition takes 2 or more"),
        ({"size": 3}, r"data\.size=3 is less than two people in data\.scene\.images_per_identity=2"),
    ],
)
def test_settings_that_make_no_people_are_refused(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(SeethroughError, match=message):
        PeopleDataModule(config(tmp_path, **changes))
