"""What a training says of photos that it prepares itself, and of folders that were prepared otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from datamodules.now.config import NowConfig
from datamodules.photos.automatic_preparation import listing_options, refuse_another_preparation
from datamodules.photos.config import PhotoConfig
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.prepared_folder import PreparedFolder, read_prepared_folder
from seethrough.errors import SeethroughError
from tests.datamodules.photos.prepared import prepared_folder
from tests.datamodules.photos.preparing.small_photos import MadePhoto, landmarks


def save_photo(path: Path, number: int) -> None:
    Image.fromarray(MadePhoto(number).read()).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six photos with landmarks, two of them cut off."""
    folder = tmp_path / "root"
    (folder / "detections").mkdir(parents=True)
    for number in range(6):
        save_photo(folder / f"{number}.jpg", number)
        points = "\n".join(f"{x - 0.5} {y - 0.5}" for x, y in landmarks())
        (folder / "detections" / f"{number}.txt").write_text(points)
    for number in (1, 3):
        path = folder / f"{number}.jpg"
        path.write_bytes(path.read_bytes()[:300])
    return folder


def module(root: Path | str, **settings: Any) -> PhotoDataModule:
    prepared = str(settings.pop("prepared", Path(root).parent / "prepared"))
    values = {"test_split": "all", "workers": 0, "image_size": 32, "batch_size": 2, **settings}
    return PhotoDataModule(PhotoConfig(root=str(root), prepared=prepared, **values))


def test_bad_photos_stop_a_training_until_they_are_mended(root: Path, capsys: pytest.CaptureFixture) -> None:
    for _ in range(2):  # the second time, too
        with pytest.raises(SeethroughError, match=r"2 of 6 photos skipped \(2: the photo cannot be read\)") as error:
            module(root).prepare_data()
        assert "\n" not in str(error.value)
        assert "skipped.jsonl names them" in str(error.value) and "data.skip_bad=true" in str(error.value)
        said = capsys.readouterr().out
        assert "photos: 2 skipped, the photo cannot be read; first" in said and "1.jpg" in said
    save_photo(root / "1.jpg", 1)
    save_photo(root / "3.jpg", 3)
    data = module(root)
    data.prepare_data()
    assert len(data.dataset("test")) == 6
    assert "skipped" not in data.summary()


def test_bad_photos_are_counted_where_they_are_skipped(root: Path, capsys: pytest.CaptureFixture) -> None:
    data = module(root, skip_bad=True)
    data.prepare_data()
    assert "2 of 6 photos skipped (2: the photo cannot be read)" in capsys.readouterr().out
    assert len(data.dataset("test")) == 4
    assert data.summary().endswith(f"; 2 skipped, see {root.parent / 'prepared' / 'skipped.jsonl'}")


def test_a_photo_without_a_face_is_bad(root: Path) -> None:
    for path in root.rglob("*.*"):
        path.unlink()
    Image.new("RGB", (120, 100), (90, 120, 80)).save(root / "meadow.png")
    with pytest.raises(SeethroughError, match=r"1 of 1 photo skipped \(1: no face is found\)"):
        module(root).prepare_data()


@pytest.mark.parametrize(("key", "value"), [("root", "elsewhere"), ("detector", "insightface")])
def test_a_folder_prepared_otherwise_is_refused(tmp_path: Path, root: Path, key: str, value: str) -> None:
    (root / "1.jpg").unlink()
    (root / "3.jpg").unlink()
    module(root).prepare_data()
    other = {"root": root, key: tmp_path / value if key == "root" else value}
    data = module(prepared=tmp_path / "prepared", **other)
    for start in (data.prepare_data, data.test_dataloader):
        with pytest.raises(SeethroughError, match=rf"prepared with data\.{key}='.*', now it is '.*{value}'.*--overwr"):
            start()
    module("", prepared=tmp_path / "prepared").prepare_data()


def test_the_same_root_is_the_same_by_any_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module(root, skip_bad=True).prepare_data()
    monkeypatch.chdir(root)
    module("../root/.", prepared=root.parent / "prepared", skip_bad=True).prepare_data()


@dataclass
class FamilyConfig(PhotoConfig):
    crop: str = "landmarks"
    masks: bool = True


def family(folder: Path, **settings: Any) -> PhotoDataModule:
    return PhotoDataModule(FamilyConfig(prepared=str(folder), image_size=32, workers=0, **settings))


def test_listing_options_are_kept_and_compared(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{}] * 4, side=32)
    family(tmp_path, crop="box").prepare_data()  # nothing is known of an older folder
    options = {"listing": listing_options(FamilyConfig(crop="box"))}
    assert options["listing"] == {"crop": "box", "masks": True}
    replace(read_prepared_folder(tmp_path), settings=options).write(tmp_path)
    family(tmp_path, root="raw", crop="box").prepare_data()
    family(tmp_path).prepare_data()  # without a root, defaults ask for nothing
    with pytest.raises(SeethroughError, match=r"with data\.crop='box', now it is 'landmarks'"):
        family(tmp_path, root="raw").prepare_data()
    with pytest.raises(SeethroughError, match=r"with data\.masks=True, now it is False"):
        family(tmp_path, masks=False).prepare_data()


def test_automatic_preparation_notes_its_options(root: Path) -> None:
    data = family(root.parent / "prepared", root=str(root), skip_bad=True)
    data.prepare_data()
    assert read_prepared_folder(root.parent / "prepared").settings["listing"] == {"crop": "landmarks", "masks": True}


def test_a_folder_of_the_people_that_are_evaluated_will_do(tmp_path: Path) -> None:
    config = NowConfig(root="NoW", prepared=str(tmp_path), lists="validation")
    facts = PreparedFolder("now", "NoW", 16, 1.0, "dlib", 3, 0, {"listing": listing_options(config)})
    refuse_another_preparation(replace(config, lists="all"), facts)
    for other in ({"lists": "test"}, {"lists": "all", "test_split": "all"}, {"crop": "box"}):
        with pytest.raises(SeethroughError, match=f"prepared with data.{next(iter(other))}="):
            refuse_another_preparation(replace(config, **other), facts)
    with pytest.raises(SeethroughError, match=r"prepared with data\.lists='validation'"):
        refuse_another_preparation(replace(config, lists="test", root=""), facts)
