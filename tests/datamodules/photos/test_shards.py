from __future__ import annotations

import io
import json
import pickle
import shutil
import tarfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from datamodules.photos.config import PhotoConfig
from datamodules.photos.datamodule import PhotoDataModule
from datamodules.photos.manifest import read_manifest
from datamodules.photos.prepared_folder import read_prepared_folder
from datamodules.photos.preparing import prepare, shard_writing
from datamodules.photos.preparing.shard_writing import write_shards
from datamodules.photos.shard_index import ensure_index
from datamodules.photos.shard_place import ShardPlace
from datamodules.photos.shards import ShardBatchSampler, ShardFiles
from seethrough.errors import SeethroughError
from tests.datamodules.photos.preparing.small_photos import SETTINGS, made_listing

COUNT = 48  # half of them train, a quarter each validation and test


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(made_listing(COUNT), folder, SETTINGS, "made", "made", jobs=1, progress=False)
    assert write_shards(folder, folder / "shards", 4, progress=False) == 4 + 2 + 2
    return folder


def module(**values) -> PhotoDataModule:
    return PhotoDataModule(PhotoConfig(**{"image_size": 32, "workers": 0, "batch_size": 4, **values}))


def test_shards_hold_every_sample_once_and_the_same_as_the_folder_does(prepared: Path) -> None:
    plain, sharded = module(prepared=str(prepared)), module(shards=str(prepared / "shards"))
    for split, number in (("train", 24), ("validation", 12), ("test", 12)):
        expected = {(sample := plain.dataset(split)[k])["id"]: sample for k in range(len(plain.dataset(split)))}
        assert len(expected) == len(sharded.dataset(split)) == number
        if split == "train":
            continue  # augmented by the number of the row
        for k in range(number):
            sample = sharded.dataset(split)[k]
            other = expected.pop(sample["id"])
            assert sample.keys() == other.keys()
            for key in ("image", "mask", "landmarks"):
                assert torch.equal(sample[key], other[key])
            assert sample["subset"] == other["subset"]
        assert not expected


def test_epochs_differ_repeat_and_go_on_in_their_middle(prepared: Path) -> None:
    def epoch(number: int, state: dict | None = None) -> list[list[str]]:
        loader = module(shards=str(prepared / "shards")).train_dataloader()
        if state:
            loader.load_state_dict(state)
        loader.set_epoch(number)
        return [batch["id"] for batch in loader]

    first, second = epoch(0), epoch(1)
    assert sorted(chain.from_iterable(first)) == sorted(chain.from_iterable(second))
    assert first != second
    assert epoch(0) == first
    assert epoch(1, {"epoch": 1, "batches": 2}) == second[2:]


@pytest.mark.parametrize("world", [1, 3])
def test_ranks_share_every_face_and_windows_keep_to_few_shards(world: int) -> None:
    lengths = [10, 11, 10, 9, 10, 10]
    shares = [
        ShardBatchSampler(lengths, 5, window=2, seed=1, rank=rank, world=world, drop_last=False).batches(7)
        for rank in range(world)
    ]
    seen = [key.index for share in shares for batch in share for key in batch]
    assert sorted(seen) == list(range(60))
    order = ShardBatchSampler(lengths, 5, window=2, seed=1).indices(7)
    shard = np.repeat(np.arange(6), lengths)[order]
    windows = np.split(shard, np.cumsum([sum(lengths[k] for k in dict.fromkeys(shard[:20]))])[:1])
    assert len(set(windows[0])) == 2, "the first faces come from two shards only"
    assert not set(windows[0]) & set(windows[1])
    assert (np.diff(windows[0]) != 0).sum() > 3, "and are mixed"


def test_tar_alone_is_enough(prepared: Path, tmp_path: Path) -> None:
    for shard in (prepared / "shards").glob("*.tar"):
        shutil.copy(shard, tmp_path)
    data = module(shards=str(tmp_path))
    assert len(data.dataset("train")) == 24
    written = [json.loads(line) for line in (prepared / "shards" / "manifest.jsonl").read_text().splitlines()]
    assert [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text().splitlines()] == written


def test_what_the_preparation_skipped_is_known_of_its_shards(tmp_path: Path) -> None:
    folder, shards = tmp_path / "prepared", tmp_path / "shards"
    prepare(made_listing(12, broken=(3, 7)), folder, SETTINGS, "made", "made", jobs=1, progress=False)
    write_shards(folder, shards, 1, progress=False)
    assert module(shards=str(shards), test_split="all").summary().endswith(f"2 skipped, see {shards}/skipped.jsonl")
    assert (shards / "skipped.jsonl").read_bytes() == (folder / "skipped.jsonl").read_bytes()
    for name in ("preparation.json", "manifest.jsonl"):
        (shards / name).unlink()
    ensure_index(shards)
    assert read_prepared_folder(shards).skipped == 2
    kept = (shards / "train-000000.tar").stat().st_ino
    replace(read_prepared_folder(shards), skipped=0).write(shards)
    assert write_shards(folder, shards, 1, progress=False) == 3
    assert read_prepared_folder(shards).skipped == 2 and (shards / "train-000000.tar").stat().st_ino == kept


def test_shards_are_ordinary_tar_files_with_rows_and_pictures(prepared: Path) -> None:
    rows = {row.id: row for row in read_manifest(prepared / "manifest.jsonl")}
    seen = []
    for shard in sorted((prepared / "shards").glob("*.tar")):
        with tarfile.open(shard) as archive:
            names = archive.getnames()
            assert len(names) == len(set(names)) and all(name.startswith(shard.stem) for name in names)
            for name in names:
                if name.endswith(".json"):
                    row = json.load(archive.extractfile(name))  # type: ignore[arg-type]
                    assert row["split"] == shard.name.split("-")[0] == rows[row["id"]].split
                    picture = archive.extractfile(name.replace(".json", ".jpg")).read()  # type: ignore[union-attr]
                    assert picture == (prepared / rows[row["id"]].crop).read_bytes()
                    seen.append(row["id"])
    assert sorted(seen) == sorted(rows)


def test_webdataset_reads_them(prepared: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    urls = [str(path) for path in sorted((prepared / "shards").glob("train-*.tar"))]
    samples = list(webdataset.WebDataset(urls, shardshuffle=False).decode("rgb8"))
    assert len({sample["json"]["id"] for sample in samples}) == 24
    assert samples[0]["jpg"].shape == (32, 32, 3)
    assert set(np.unique(samples[0]["mask.png"])) <= set(range(256))


def test_writing_again_keeps_what_is_done(prepared: Path, tmp_path: Path) -> None:
    write_shards(prepared, tmp_path, 4, progress=False)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = (tmp_path / "train-000000.tar").stat().st_ino
    for name in ("preparation.json", "manifest.jsonl", "train-000002.tar"):
        (tmp_path / name).unlink()  # as after a kill
    (tmp_path / ".test-000000.tar.1.partial").write_text("half")
    write_shards(prepared, tmp_path, 4, progress=False)
    assert (tmp_path / "train-000000.tar").stat().st_ino == kept
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    assert write_shards(prepared, tmp_path, 2, progress=False) == 2 + 1 + 1
    assert len(list(tmp_path.glob("*.tar"))) == 4


def test_foreign_shards_are_not_removed(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.tar").write_bytes(b"")
    with pytest.raises(SeethroughError, match="holds shards that were not written from here"):
        write_shards(prepared, tmp_path, 2, progress=False)
    assert (tmp_path / "mine.tar").exists()


def test_damaged_shards_are_told_by_name(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"no shards \(\*\.tar\)"):
        module(shards=str(tmp_path)).dataset("train")
    source = (prepared / "shards" / "train-000000.tar").read_bytes()
    (tmp_path / "train-000000.tar").write_bytes(source[:5000])
    with pytest.raises(SeethroughError, match=r"train-000000.tar: .*write (it|the shards) again"):
        module(shards=str(tmp_path)).dataset("train")
    with tarfile.open(tmp_path / "train-000000.tar", "w") as archive:
        member = tarfile.TarInfo("0.jpg")
        buffer = io.BytesIO()
        Image.new("RGB", (32, 32)).save(buffer, "JPEG")
        member.size = buffer.tell()
        buffer.seek(0)
        archive.addfile(member, buffer)
    with pytest.raises(SeethroughError, match=r"train-000000.tar: 0 has no .json"):
        module(shards=str(tmp_path)).dataset("train")


def test_shard_that_was_cut_off_later_is_an_error_with_its_name(prepared: Path, tmp_path: Path) -> None:
    shutil.copytree(prepared / "shards", tmp_path / "shards")
    shard = tmp_path / "shards" / "test-000000.tar"
    shard.write_bytes(shard.read_bytes()[:1000])
    with pytest.raises(SeethroughError, match=r"test-000000.tar:\d+:\d+: cannot be read \(the shard is cut off\)"):
        list(module(shards=str(tmp_path / "shards")).test_dataloader())


def test_open_shards_do_not_travel_to_loader_processes(prepared: Path) -> None:
    files = ShardFiles(prepared / "shards", 32)
    row = next(read_manifest(prepared / "shards" / "manifest.jsonl"))
    crop = files.crop(row.crop)
    other = pickle.loads(pickle.dumps(files))
    assert not other._open
    np.testing.assert_array_equal(other.crop(row.crop), crop)
    assert ShardPlace.parse("crops/ab/x.jpg") is None
    assert ShardPlace.parse("../x.tar:1:2") is None


@pytest.fixture
def killed(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose writing was stopped after two of eight shards."""
    write, written = shard_writing._write_shard, []

    def dies(path: Path, *arguments) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        write(path, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(shard_writing, "_write_shard", dies)
        with pytest.raises(KeyboardInterrupt):
            write_shards(prepared, tmp_path, 4, progress=False)
    return tmp_path


def test_a_killed_writing_is_no_data_set_until_it_has_ended(prepared: Path, killed: Path) -> None:
    with pytest.raises(SeethroughError, match=r"6 of 8 shards are not there, the first is train-000000\.tar; run"):
        module(shards=str(killed)).prepare_data()
    assert not (killed / "preparation.json").exists()
    assert write_shards(prepared, killed, 4, progress=False) == 8
    assert len(module(shards=str(killed), test_split="all").dataset("test")) == COUNT


def test_a_shard_that_was_lost_is_told_and_written_again(prepared: Path, tmp_path: Path) -> None:
    write_shards(prepared, tmp_path, 4, progress=False)
    (tmp_path / "train-000001.tar").unlink()
    with pytest.raises(SeethroughError, match=r"1 of 8 shards are not there, the first is train-000001\.tar"):
        module(shards=str(tmp_path)).prepare_data()
    write_shards(prepared, tmp_path, 4, progress=False)
    assert len(module(shards=str(tmp_path), test_split="all").dataset("test")) == COUNT


def test_a_manifest_of_some_shards_alone_is_written_again(prepared: Path, killed: Path) -> None:
    plan = (killed / ".shards.json").read_bytes()
    (killed / ".shards.json").unlink()  # as if an older version had indexed what there was
    ensure_index(killed)
    (killed / ".shards.json").write_bytes(plan)
    write_shards(prepared, killed, 4, progress=False)
    assert len(module(shards=str(killed), test_split="all").dataset("test")) == COUNT
