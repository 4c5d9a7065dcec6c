from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.bump.config import BumpTargetsConfig
from datamodules.bump.datamodule import BumpTargetsDataModule
from datamodules.photos.manifest import read_manifest
from datamodules.photos.preparing.journal import Journal
from datamodules.sample import check_sample
from seethrough.details import read_bump
from seethrough.errors import SeethroughError
from tests.tools.bump_targets.photos import prepared_photos
from tools.bump_targets.command import main

OPTIONS = ["--size", "128", "--refine", "0"]


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def targets(album: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("targets") / "bump"
    assert (
        main([str(album), "--out", str(out), "--jobs", "1", "--json", str(out.parent / "counts.json"), *OPTIONS]) == 1
    )
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_good_photo_has_crop_mask_and_bump(targets: Path) -> None:
    rows = list(read_manifest(targets / "manifest.jsonl"))
    assert [row.id for row in rows] == ["ada", "berta"]
    for row in rows:
        assert row.bump is not None
        assert row.mask is not None
        bump, _ = read_bump(targets / row.bump)
        with Image.open(targets / row.mask) as stored:
            mask = np.asarray(stored) > 127
        assert bump.shape == mask.shape == (128, 128)
        assert 0.05 < mask.mean() < 0.4
        assert np.abs(bump[mask]).max() > 0.01
        assert not bump[~mask].any()
        with Image.open(targets / row.crop) as crop:
            assert crop.size == (128, 128)


def test_others_are_counted_and_shown(targets: Path) -> None:
    skipped = {row["id"]: row for row in map(json.loads, (targets / "skipped.jsonl").read_text().splitlines())}
    assert set(skipped) == {"tiny", "beside", "gone"}
    assert "the face is too small" in skipped["tiny"]["why"]
    assert "beside the face" in skipped["beside"]["why"]
    assert "beside those of the photo" in skipped["beside"]["reason"]
    assert "the photo is not there" in skipped["gone"]["reason"]
    assert sorted(path.stem for path in targets.glob("rejected/*/*.jpg")) == ["beside", "tiny"]
    counts = json.loads((targets.parent / "counts.json").read_text())
    assert (counts["found"], counts["skipped"], counts["rejected"]) == (2, 3, 2)
    assert (targets / "bump_sheet.jpg").is_file()


def test_data_module_reads_them(targets: Path) -> None:
    config = BumpTargetsConfig(prepared=str(targets), image_size=64, workers=0, test_split="all")
    faces = BumpTargetsDataModule(config).dataset("test")
    assert [faces[k]["id"] for k in range(len(faces))] == ["ada", "berta"]
    for k in range(2):
        check_sample(faces[k])
        assert float(faces[k]["bump"].abs().max()) > 0.01


@pytest.mark.slow
def test_broken_off_work_goes_on_and_ends_with_the_same_bytes(
    album: Path, targets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, arguments = tmp_path / "bump", [str(album), "--jobs", "1", *OPTIONS]
    write = Journal.write
    done: list[str] = []

    def interrupted(journal: Journal, key: str, results) -> None:
        if done:
            raise KeyboardInterrupt
        write(journal, key, results)
        done.append(key)

    with monkeypatch.context() as patch:
        patch.setattr("datamodules.photos.preparing.chunks.MEAN_LENGTH", 1)  # each photo is a chunk of its own
        patch.setattr(Journal, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            main([*arguments, "--out", str(out)])
    assert not (out / "manifest.jsonl").exists()
    with monkeypatch.context() as patch:
        patch.setattr("datamodules.photos.preparing.chunks.MEAN_LENGTH", 1)
        assert main([*arguments, "--out", str(out)]) == 1
    expected, found = contents(targets), contents(out)
    for folder in (expected, found):
        folder.pop(".chunks.jsonl")  # of other lengths, on purpose
        folder.pop("manifest.index.npy", None)
        folder.pop("manifest.index.json", None)
    assert expected.keys() == found.keys()
    assert all(expected[name] == found[name] for name in expected)


def test_done_work_is_not_done_again_nor_with_other_settings(album: Path, targets: Path) -> None:
    before = contents(targets)
    assert main([str(album), "--out", str(targets), *OPTIONS]) == 1
    assert contents(targets) == before
    with pytest.raises(SeethroughError, match="holds a preparation with bits=16, now it is 8"):
        main([str(album), "--out", str(targets), "--bits", "8", *OPTIONS])


def test_mistakes_are_told_before_any_work(album: Path, targets: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    with pytest.raises(SeethroughError, match="foundation=paper: choose one of focus, release"):
        main([str(album), *out, "--foundation", "paper"])
    with pytest.raises(SeethroughError, match="unknown shading preset"):
        main([str(album), *out, "--shading", "best"])
    with pytest.raises(SeethroughError, match="these are bump targets already"):
        main([str(targets), *out])
    with pytest.raises(SeethroughError, match="not the manifest of a finished preparation"):
        main([str(tmp_path / "manifest.jsonl"), *out])
    with pytest.raises(SeethroughError, match="which is read: choose a folder beside it"):
        main([str(album), "--out", str(album / "bump")])
    with pytest.raises(SeethroughError, match="--jobs and --devices"):
        main([str(album), *out, "--jobs", "2", "--devices", "2"])
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("sharing", [["--jobs", "2"], ["--devices", "2"]])
def test_shared_work_gives_the_same_bytes(album: Path, targets: Path, tmp_path: Path, sharing: list[str]) -> None:
    from tests.tools.bump_targets.processes import run_command

    run_command([str(album), "--out", str(tmp_path / "bump"), *sharing, *OPTIONS])
    expected, found = contents(targets), contents(tmp_path / "bump")
    for folder in (expected, found):
        folder.pop("manifest.index.npy", None)
        folder.pop("manifest.index.json", None)
    assert expected.keys() == found.keys()
    assert all(expected[name] == found[name] for name in expected)
