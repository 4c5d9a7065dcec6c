"""The study from end to end at toy size, on rendered people and on a tree like LFW's; and its one-line errors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from datamodules.people.config import PeopleConfig
from datamodules.people.datamodule import PeopleDataModule
from experiments.command_line import run
from experiments.recognition_study.command import main
from experiments.recognition_study.subjects import rendered_subjects
from experiments.recognition_study.translating import translated
from lightning_modules.recognition.lightning_model import METHOD, RecognitionModule
from seethrough.errors import SeethroughError
from tests.datamodules.bump.targets import targets_folder
from tests.datamodules.detail.faces import scene_config, small_model
from tests.datamodules.lfw.trees import PEOPLE, write_pairs
from tests.lightning_modules.recognition.small_people import small_config
from tools.reference_index.command import main as reference_index

MODELS = ("datamodules.synthetic.datamodule", "tools.reference_index.rendered_faces")
TINY = (
    "data.scene.image_size=64", "data.scene.level=0", "data.scene.images_per_identity=4", "data.size=8",
    "data.validation_size=4", "data.test_size=16", "data.batch_size=4", "data.render_processes=1",
)  # fmt: skip
TRAINING = (
    "model.schedule.epochs=1", "model.network.image_size=36", "model.network.kernel=5", "trainer.limit_val_batches=0",
    "trainer.enable_progress_bar=false",
)  # fmt: skip


def recogniser(path: Path, seed: int) -> Path:
    """Write an untrained recogniser."""
    torch.manual_seed(seed)
    module = RecognitionModule(small_config())
    module.name_people(torch.arange(3))
    hyper = {"method": METHOD, "config": asdict(module.config)}
    torch.save({"hyper_parameters": hyper, "state_dict": module.state_dict()}, path)
    return path


@pytest.mark.slow
def test_rendered_people_from_end_to_end_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in MODELS:
        monkeypatch.setattr(f"{module}.load_generating_model", lambda scene: small_model())
    words = [*TINY, f"data.folder={tmp_path / 'pools'}", "--out", str(tmp_path / "out"), "--folds", "2", "--seeds", "0"]
    words += ["1", "--nearest", "4", "--squares", "2", "--feature", "none", "--training", *TRAINING]
    main(words)
    told = json.loads((tmp_path / "out/test/numbers.json").read_text())
    ways = told["squares"]["2"]["ways"]
    assert {"foundation", "whole", "black squares", "zero", "filled (default)", "same person (oracle)"} <= ways.keys()
    assert told["faces"] == 8 and told["pairs"] == 8 and told["references"] == 8
    assert len(ways["whole"]["seeds"]) == 2 and len(ways["foundation"]["seeds"]) == 1
    assert ways["whole"]["error_mm"] == 0 < ways["zero"]["error_mm"]
    assert ways["whole"]["seeds"][0]["pairs"] == 8
    text = (tmp_path / "out/test/table.md").read_text()
    assert "92.76 ± 1.22" in text and "filled (default) less random reference" in text
    for name in ("roc_bumps_2.png", "roc_foundation_2.png", "faces_2.png"):
        assert (tmp_path / "out/test" / name).stat().st_size > 2000
    # Everything is there: the same numbers without training, rendering or filling again.
    seconds = told["cpu_seconds"]["training"]
    pieces = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("pieces/*.npz")}
    main(words)
    again = json.loads((tmp_path / "out/test/numbers.json").read_text())
    assert again["squares"] == told["squares"] and again["cpu_seconds"]["training"] == seconds
    assert pieces and all(path.stat().st_mtime_ns == time for path, time in pieces.items())
    assert "accuracy" in capsys.readouterr().out


@pytest.fixture(scope="module")
def lfw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bump targets named as LFW's photos, a list of pairs, references, recognisers."""
    folder = tmp_path_factory.mktemp("lfw")
    photos = [(f"{person}_{number:04d}", person) for person, count in PEOPLE.items() for number in range(1, count + 1)]
    targets_folder(folder / "bump", [{"id": name, "identity": person, "split": "test"} for name, person in photos])
    write_pairs(folder / "pairs.txt")
    for seed in (0, 1):
        recogniser(folder / f"{seed}.ckpt", seed)
    return folder


@pytest.fixture(scope="module")
def references(lfw: Path) -> Path:
    others = targets_folder(lfw / "others", [{"identity": "ann"}, {"identity": None}, {}, {}])
    words = [str(others), "--out", str(lfw / "references"), "--checkpoint", "none", "--feature", "none"]
    reference_index(words)
    return lfw / "references"


def photo_words(lfw: Path, *more: str) -> list[str]:
    named = ["--pairs", str(lfw / "pairs.txt"), "--recognisers", str(lfw / "0.ckpt"), str(lfw / "1.ckpt")]
    return [str(lfw / "bump"), *named, "--out", str(lfw / "out"), *more]


@pytest.mark.slow
def test_photos_with_lfws_pairs(lfw: Path, references: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = photo_words(lfw, "--references", str(references), "--nearest", "1", "--feature", "none", "--squares", "1")
    # Noise has no face: what its mask says is not what is tested here.
    monkeypatch.setattr(
        "experiments.recognition_study.describing.foundation",
        lambda estimator, face: (np.arange(3.0) + len(face.id), 0.3 if face.id.endswith("2") else 0.0),
    )
    main(words)
    told = json.loads((lfw / "out/photos/numbers.json").read_text())
    found = told["squares"]["1"]
    assert told["faces"] == 8 and told["pairs"] == 8
    assert "same person (oracle)" not in found["ways"]
    assert found["subsets"]["whole"]["all"][0]["pairs"] == 8
    assert found["occluded_photos"] == 3
    assert "foundation: all" in (lfw / "out/photos/table.md").read_text()


def test_mistakes_of_photos_are_one_line(lfw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bump = str(lfw / "bump")
    wrong = {
        (bump,): "photos also take --pairs",
        (bump, "--pairs", "p"): "photos also take --references DIR",
        (*photo_words(lfw)[:-2], "--references", str(tmp_path)): "no reference set there",
        ("--pairs", "p"): "--pairs is for photos",
        ("--references", "r"): "--references is for photos",
        ("a", "b"): "b: name one folder of bump targets",
        ("--folds", "1"): "--folds 1 must be at least 2",
        ("--squares", "0"): "--squares must be at least 1",
        ("--hidden-share", "1.5"): "must lie between 0 and 1",
        (*photo_words(lfw)[:-2], "--references", "r", "data.size=3"): "settings are of rendered people",
        ("data.sise=3",): "did you mean 'size'?",
        ("data.size=50",): "data.size=50 references are fewer than --nearest 100",
        ("--focus", "none"): "--focus none",
        ("--focus", "nowhere"): "no run folder or checkpoint at nowhere",
    }
    for words, message in wrong.items():
        with pytest.raises(SystemExit) as ended:
            run(main, [*words, "--out", str(tmp_path / "out")])
        assert ended.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line, line


@pytest.mark.slow
def test_another_face_model_and_other_photos(lfw: Path, references: Path, tmp_path: Path) -> None:
    named = ["--references", str(references), "--nearest", "1", "--feature", "none"]
    with pytest.raises(SeethroughError, match=r"references, fewer than --nearest 100; lower it or add references"):
        main(photo_words(lfw, "--references", str(references)))
    rows = ["2\t1", "Zoe\t1\t2", "Zoe\t1\tYan\t1", "Xi\t1\t2", "Xi\t1\tYan\t2"]
    strangers = write_pairs(tmp_path / "pairs.txt", rows)
    with pytest.raises(SeethroughError, match=r"has none of its 6 photos, such as Zoe_0001; make them of data/lfw"):
        main([*photo_words(lfw), *named, "--pairs", str(strangers)])
    single = write_pairs(tmp_path / "one.txt", ["1", *rows[1:3]])
    with pytest.raises(SeethroughError, match=r"has one fold, and a threshold is chosen on the others"):
        main([*photo_words(lfw), *named, "--pairs", str(single)])
    description = references / "references.json"
    text = description.read_text()
    description.write_text(json.dumps({**json.loads(text), "model_name": "another"}))
    try:
        with pytest.raises(
            SeethroughError, match=r"lie on foundations of the face model 'another', this face is one of 'open"
        ):
            main([*photo_words(lfw), *named])
    finally:
        description.write_text(text)


def people(folder: Path, **changes) -> PeopleDataModule:
    sizes = {"size": 8, "validation_size": 4, "test_size": 12, "batch_size": 2, "render_processes": 1}
    scene = scene_config(images_per_identity=changes.pop("each", 4))
    return PeopleDataModule(PeopleConfig(scene=scene, folder=str(folder), **{**sizes, **changes}))


def test_fewer_people_than_folds_and_too_few_pictures(tmp_path: Path) -> None:
    with pytest.raises(
        SeethroughError, match=r"3 people do not fill 2 folds, .*: raise data\.test_size=12, or lower --folds"
    ):
        rendered_subjects(people(tmp_path), "test", folds=2)
    with pytest.raises(SeethroughError, match=r"images_per_identity=3: .*give at least 4"):
        rendered_subjects(people(tmp_path, each=3), "test")
    assert not any(tmp_path.iterdir()), "nothing is rendered for a mistake"


def test_bump_maps_of_other_faces_are_not_taken_for_these(tmp_path: Path) -> None:
    class Two:
        crop_size = 8

        def __len__(self) -> int:
            return 2

    (tmp_path / "x.done").write_text("default (3, 8, 8) 3")
    with pytest.raises(SeethroughError, match="of other faces or another translator"):
        translated(Two(), "default", tmp_path / "x.npy")  # pyright: ignore
