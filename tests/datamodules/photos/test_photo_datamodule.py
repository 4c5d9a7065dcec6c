from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from datamodules.ar.config import ArConfig
from datamodules.ar.datamodule import ArDataModule
from datamodules.photos.config import PhotoConfig
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.manifest import MANIFEST, write_manifest
from seethrough.errors import SeethroughError
from tests.datamodules.photos.prepared import manifest_row, prepared_folder


def module(folder: Path, **settings: Any) -> PhotoDataModule:
    values = {"image_size": 32, "batch_size": 2, "workers": 0, **settings}
    return PhotoDataModule(PhotoConfig(prepared=str(folder), **values))


def ids(data: PhotoDataModule, split: str) -> list[str]:
    faces = data.dataset(split)
    return [faces.row(place).id for place in range(len(faces))]


def test_splits_are_those_of_the_manifest(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{"split": split} for split in ("test", "train", "validation", "train", "test")], side=16)
    data = module(tmp_path, validation_share=0.5)
    assert ids(data, "train") == ["face-001", "face-003"]
    assert ids(data, "validation") == ["face-002"]
    assert ids(data, "test") == ["face-000", "face-004"]
    assert ids(module(tmp_path, test_split="all"), "test") == [f"face-{number:03d}" for number in range(5)]
    assert ids(module(tmp_path, test_split="train"), "test") == ["face-001", "face-003"]


def test_validation_people_are_taken_from_training_where_a_data_set_names_none(tmp_path: Path) -> None:
    people = {f"face-{number:03d}": f"person {number // 3}" for number in range(120)}
    prepared_folder(tmp_path, [{"identity": person} for person in people.values()], side=16)
    data = module(tmp_path, validation_share=0.2)
    train, validation = ids(data, "train"), ids(data, "validation")
    assert sorted(train + validation) == sorted(people)
    assert not {people[name] for name in train} & {people[name] for name in validation}
    assert 3 <= len(validation) <= 48  # 20 % of 40 people is 24 photos; three standard deviations are 23
    more = ids(module(tmp_path, validation_share=0.4), "validation")
    assert set(validation) < set(more)
    assert ids(module(tmp_path, validation_share=0.2, test_split="validation"), "test") == validation


def test_a_few_people_have_one_to_validate_on(tmp_path: Path) -> None:
    rows = [{"id": f"p{person}-{photo}", "identity": f"person {person}"} for person in range(4) for photo in range(2)]
    prepared_folder(tmp_path, rows, side=16)
    data = module(tmp_path)
    train, validation = ids(data, "train"), ids(data, "validation")
    assert len(validation) == 2 and len({name[:2] for name in validation}) == 1
    assert len(train) == 6 and validation[0][:2] not in {name[:2] for name in train}
    assert ids(module(tmp_path, test_split="validation"), "test") == validation
    assert set(validation) <= set(ids(module(tmp_path, validation_share=0.6), "validation"))
    prepared_folder(tmp_path / "one", rows[:2], side=16)
    alone = module(tmp_path / "one", test_split="validation")
    assert len(alone.dataset("train")) == 2
    with pytest.raises(SeethroughError, match=r"no validation faces .* one person.*trainer\.limit_val_batches=0"):
        alone.val_dataloader()
    with pytest.raises(SeethroughError, match=r"no validation faces .* one person.*data\.test_split=all"):
        alone.test_dataloader()


def test_what_a_training_has_seen_is_said(tmp_path: Path) -> None:
    prepared_folder(tmp_path / "own", [{}] * 40, side=16)
    held_out = len(module(tmp_path / "own").rows("validation"))
    everything = module(tmp_path / "own", test_split="all").split_note("test")
    assert (
        f"({40 - held_out} train, {held_out} validation; 40 to evaluate: all)"
        in module(tmp_path / "own", test_split="all").summary()
    )
    assert f"a training on this folder sees {40 - held_out} of these 40; data.test_split=validation" in everything
    held = module(tmp_path / "own", test_split="validation").split_note("test")
    assert (
        f"({40 - held_out} train, {held_out} validation; {held_out} to evaluate: validation)"
        in module(tmp_path / "own", test_split="validation").summary()
    ), "no face is counted twice"
    assert f"photos: {held_out} face" in held and "that trainings on this folder hold out" in held
    assert held == module(tmp_path / "own").split_note("validation")
    rows = [{"split": split} for split in ("train", "validation", "test")]
    prepared_folder(tmp_path / "published", rows, side=16)
    assert module(tmp_path / "published").split_note("test") == module(tmp_path / "published").split_note("validation")
    assert module(tmp_path / "published").split_note("test") == ""
    assert "training faces" in module(tmp_path / "published", test_split="train").split_note("test")


def test_masks_of_some_are_left_out_and_the_way_to_score_them_is_said(tmp_path: Path, capsys) -> None:
    prepared_folder(tmp_path, [{"split": "test"}, {"split": "test", "mask": "masks/0/x.png"}], side=16, data_set="ar")
    config = ArConfig(prepared=str(tmp_path), image_size=32, workers=0)
    assert not ArDataModule(config).dataset("test").masks
    said = capsys.readouterr().out
    assert "ar: 1 of 2 test faces have a mask; masks are left out" in said
    assert "data.masked_only=true data.prepared=ANOTHER_FOLDER" in said


def test_no_more_processes_than_batches_read(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{}] * 4, side=16)
    assert module(tmp_path, validation_share=0, workers=9, batch_size=4).train_dataloader().num_workers == 1
    assert module(tmp_path, validation_share=0, workers=0).train_dataloader().num_workers == 0


def test_one_subset_is_evaluated_alone(tmp_path: Path) -> None:
    subsets = ("glasses", "", "scarf", "glasses")
    prepared_folder(tmp_path, [{"split": "test", "subset": subset} for subset in subsets] + [{}] * 4, side=16)
    assert ids(module(tmp_path, subset="glasses"), "test") == ["face-000", "face-003"]
    assert len(ids(module(tmp_path, subset="glasses", validation_share=0), "train")) == 4
    with pytest.raises(SeethroughError, match=r"data\.subset=hat: no face of .* there are: glasses, scarf"):
        module(tmp_path, subset="hat").test_dataloader()


def test_the_name_of_a_set_tells_its_pictures_apart(tmp_path: Path) -> None:
    prepared_folder(tmp_path / "a", [{"split": "test", "subset": "x"}, {"split": "test"}, {}], side=16)
    prepared_folder(tmp_path / "b", [{"split": "test", "subset": "y"}, {"split": "test"}, {}], side=16)
    names = [
        module(tmp_path / "a").set_name("test"),
        module(tmp_path / "a", subset="x").set_name("test"),
        module(tmp_path / "a", image_size=48).set_name("test"),
        module(tmp_path / "a", test_split="all").set_name("test"),
        module(tmp_path / "b").set_name("test"),
    ]
    assert len(set(names)) == len(names)
    assert module(tmp_path / "a", batch_size=1).set_name("test") == names[0]


def test_an_epoch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{}] * 9, side=16)
    loader = module(tmp_path, validation_share=0).train_dataloader()
    loader.set_epoch(3)
    batches = iter(loader)
    first = next(batches)["id"] + next(batches)["id"]
    state = loader.state_dict()
    rest = [batch["id"] for batch in batches]
    again = module(tmp_path, validation_share=0).train_dataloader()
    again.set_epoch(3)
    again.load_state_dict(state)
    assert [batch["id"] for batch in again] == rest
    assert len({*first, *(name for batch in rest for name in batch)}) == 8


@pytest.mark.parametrize(
    ("settings", "split", "words"),
    [
        ({}, "validation", r"no validation faces .*manifest: 4 train, 0 validation, 0 test.*data\.validation_share"),
        ({}, "test", r"no test faces .*data\.test_split=all"),
        ({"test_split": "test", "subset": "x"}, "test", r"no test faces of data\.subset=x"),
        ({"side": 32}, "train", r"stored with side=16, data\.side=32 asks for others"),
        ({"field": 2.0}, "train", r"stored with field=1\.14286, data\.field=2 asks for others"),
        ({"batch_size": 5}, "train", r"4 training faces, and a step takes data\.batch_size=5: lower it"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, settings: dict[str, Any], split: str, words: str) -> None:
    prepared_folder(tmp_path, [{"subset": "x"}] * 4, side=16)
    data = module(tmp_path, **{"validation_share": 0.0, **settings})
    with pytest.raises(SeethroughError, match=words) as error:
        {"train": data.train_dataloader, "validation": data.val_dataloader, "test": data.test_dataloader}[split]()
    assert str(error.value).startswith(str(tmp_path)) and "\n" not in str(error.value)


def test_a_folder_that_is_not_prepared_names_the_command(tmp_path: Path) -> None:
    data = module(tmp_path / "nothing")
    expected = f"run `python -m tools.prepare_photos data/photos data.root=FOLDER --out {tmp_path / 'nothing'}`"
    for start in (data.prepare_data, data.train_dataloader, lambda: data.set_name("test")):
        with pytest.raises(SeethroughError) as error:
            start()
        assert expected in str(error.value)
    write_manifest(tmp_path / MANIFEST, [manifest_row()])  # a preparation that was killed
    with pytest.raises(SeethroughError, match="no prepared photos"):
        module(tmp_path).prepare_data()


def test_a_manifest_that_was_cut_is_told(tmp_path: Path) -> None:
    rows = prepared_folder(tmp_path, [{}] * 3, side=16)
    write_manifest(tmp_path / MANIFEST, rows[:2])
    with pytest.raises(SeethroughError, match=r"manifest\.jsonl: 2 rows, preparation\.json counts 3"):
        module(tmp_path).train_dataloader()


def test_missing_crops_are_all_named_before_the_first_step(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rows = prepared_folder(tmp_path, [{}] * 5 + [{"split": "test"}], side=16)
    for number in (1, 3, 5):
        (tmp_path / rows[number].crop).unlink()
    with pytest.raises(SeethroughError) as error:
        module(tmp_path, validation_share=0).train_dataloader()
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"{tmp_path / MANIFEST} row 2: {tmp_path / rows[1].crop} is missing or empty")
    assert lines[2].startswith("photos: 2 faults") and "skip_bad=true" in lines[2]
    data = module(tmp_path, validation_share=0, skip_bad=True)
    assert ids(data, "train") == ["face-000", "face-002", "face-004"]
    assert "photos: 2 faults; going on without these samples" in capsys.readouterr().out
    prepared_folder(tmp_path, [{}] * 5 + [{"split": "test"}], side=16)  # they are back; the index still doubts them
    assert len(module(tmp_path, validation_share=0).dataset("train")) == 5


@pytest.mark.parametrize("change", [{"image_size": 8}, {"batch_size": 0}, {"workers": -1}, {"validation_share": 1.0}])
def test_impossible_settings_are_refused(change: dict[str, Any]) -> None:
    key, value = next(iter(change.items()))
    with pytest.raises(SeethroughError, match=rf"data\.{key}={value} must"):
        PhotoConfig(**change)
