from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from datamodules.photos.preparing.shard_writing import write_shards
from experiments import predict
from experiments.evaluation.bump import BumpRunEvaluation
from experiments.evaluation.recognition import RecognitionRunEvaluation
from experiments.prediction.files import PredictionFiles
from experiments.run_folder import open_run
from lightning_modules.focus.loading import load_focus
from seethrough.errors import SeethroughError
from seethrough.networks.bump_translator import Translation
from seethrough.photos.alignment import CropTransform
from tests.datamodules.photos.prepared import prepared_folder

COUNT = 7


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    rows = [{"id": f"face-{k}", "split": ("train", "validation", "test")[k % 3]} for k in range(COUNT)]
    prepared_folder(folder, rows, side=256)
    write_shards(folder, folder / "shards", 1, progress=False)
    return folder / "shards"


def words(shards: Path, out: Path, *more: str) -> list[str]:
    data = ["data/photos", f"data.shards={shards}", "data.workers=0", "data.batch_size=4"]
    return ["default", *data, "trainer.accelerator=cpu", "--out", str(out), *more]


def written(out: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(out.glob("faces/*/*.npz"))}


def test_every_face_gets_its_file_and_a_rerun_fills_what_is_missing(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # `default` writes its settings below
    out = tmp_path / "out"
    assert predict.main(words(shards, out, "--split", "validation")) == 0
    assert sorted(written(out)) == ["face-1", "face-4"]
    before = {name: path.stat().st_ino for name, path in written(out).items()}
    assert predict.main(words(shards, out)) == 0
    assert sorted(written(out)) == [f"face-{k}" for k in range(COUNT)]
    assert {name: written(out)[name].stat().st_ino for name in before} == before
    assert "7 pictures of photos, 5 without a prediction" in capsys.readouterr().out

    data = open_run("default").composition(["data/photos"], [f"data.shards={shards}", "data.test_split=all"])
    from experiments.building import build_data

    faces = build_data(data).dataset("test")  # type: ignore[attr-defined]
    place = next(k for k in range(COUNT) if faces.sample_id(k) == "face-4")
    said, sample = np.load(written(out)["face-4"]), faces[place]
    expected = load_focus("default").predict(sample["image"][None])
    np.testing.assert_allclose(said["identity"], expected.parameters.identity[0], atol=1e-5)
    np.testing.assert_allclose(said["landmarks"], expected.rendering.landmarks[0], atol=1e-3)
    np.testing.assert_allclose(said["mask"], expected.mask[0, 0] * 255, atol=1)
    scale, x, y = said["crop"]
    row = faces.row(place)
    in_photo = CropTransform(row.scale, row.centre, 256).to_photo(row.landmarks)
    crop = CropTransform(scale, (x, y), said["mask"].shape[0])
    np.testing.assert_allclose(crop.to_crop(in_photo), sample["landmarks"], atol=1e-3)

    with pytest.raises(SeethroughError, match=r"otherwise \(pictures: photos from raw"):
        predict.main(words(shards, out, "data.image_size=64"))
    assert predict.main(words(shards, out)) == 0
    assert capsys.readouterr().out.endswith("7 pictures of photos, 0 without a prediction\n")


def test_a_face_that_cannot_be_read_is_left_out_if_that_is_allowed(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "prepared"
    rows = prepared_folder(folder, [{"id": "good"}, {"id": "bad"}], side=256)
    (folder / rows[1].crop).write_bytes(b"no picture")
    said = ["default", "data/photos", f"data.prepared={folder}", "data.workers=0", "trainer.accelerator=cpu"]
    out = tmp_path / "out"
    with pytest.raises(SeethroughError, match=r"bad\.jpg: cannot be decoded"):
        predict.main([*said, "--out", str(out)])
    assert predict.main([*said, "data.skip_bad=true", "--out", str(out)]) == 1
    assert list(written(out)) == ["good"]
    assert "1 predicted" in (said_last := capsys.readouterr().out.splitlines()[-1]) and "1 left out" in said_last


def test_folders_of_something_else_are_refused(tmp_path: Path) -> None:
    files = PredictionFiles(tmp_path / "new")
    files.open({"checkpoint": "a", "pictures": "p"})
    files.write("one", {"x": np.arange(3)})
    assert files.missing(["zero", "one", "two"]).tolist() == [0, 2]
    files.open({"checkpoint": "a", "pictures": "p"})
    with pytest.raises(SeethroughError, match=r"otherwise \(checkpoint: a; now b\)"):
        files.open({"checkpoint": "b", "pictures": "p"})
    files.open({"checkpoint": "b", "pictures": "p"}, overwrite=True)
    assert files.missing(["zero", "one", "two"]).tolist() == [0, 1, 2]
    (tmp_path / "new" / "predictions.json").write_text("{")
    with pytest.raises(SeethroughError, match="damaged"):
        files.open({"checkpoint": "b", "pictures": "p"})
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "photo.jpg").touch()
    with pytest.raises(SeethroughError, match="holds other files"):
        PredictionFiles(tmp_path / "album").open({"checkpoint": "a"})


def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = PredictionFiles(tmp_path)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("experiments.prediction.files.write_bytes", full)
    with pytest.raises(SeethroughError, match="No space left on device"):
        files.write("one", {"x": np.arange(3)})
    assert files.missing(["one"]).tolist() == [0]


def test_what_translators_and_recognisers_say() -> None:
    module = SimpleNamespace(translate=lambda image: Translation(image[:, :1] - 0.5, 2 * image[:, 1:2] - 1))
    image = torch.rand(2, 3, 8, 8)
    said = BumpRunEvaluation().prediction(module, {"image": image})  # type: ignore[arg-type]
    assert torch.equal(said["bump"], image[:, 0] - 0.5)
    assert said["mask"].dtype == torch.uint8 and (said["mask"][image[:, 1] < 0.5] == 0).all()
    batch = {"bump": torch.rand(2, 1, 4, 4), "mask": torch.rand(2, 1, 4, 4)}
    described = RecognitionRunEvaluation().prediction(lambda bump, mask: (bump * mask).flatten(1), batch)  # type: ignore[arg-type]
    assert described["descriptor"].shape == (2, 16)


@pytest.mark.slow
def test_processes_share_what_is_missing(shards: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "experiments.predict", *words(shards, tmp_path / "out", "--devices", "2")]
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400)
    assert ended.returncode == 0, ended.stderr
    assert len(written(tmp_path / "out")) == COUNT
    assert f"{COUNT} predicted" in ended.stdout
    (one := written(tmp_path / "out")["face-3"]).unlink()
    before = {name: path.stat().st_ino for name, path in written(tmp_path / "out").items()}
    # One face for two processes: one of them has nothing to do.
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400)
    assert ended.returncode == 0, ended.stderr
    assert one.is_file()
    assert {name: written(tmp_path / "out")[name].stat().st_ino for name in before} == before
